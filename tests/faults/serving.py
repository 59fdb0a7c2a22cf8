"""What tests of one fault at a time wait for, and what they expect to be served."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.faults.running import Baseward, eventually
from tests.faults.team import Team


@dataclass(frozen=True)
class Verdicts:
    """Whether a team's Role may be created, as before and as after the change, and the message if not."""

    before: tuple[bool, str]
    after: tuple[bool, str]

    @classmethod
    def of(cls, baseward: Baseward, team: Team) -> Self:
        return cls(baseward.verdict_on(team.before), baseward.verdict_on(team.after))

    def assert_judged_by(self, commit: str, team: Team, *, changed: bool) -> None:
        """Expect that the Role is allowed as it is in a commit; and else denied, naming that commit."""
        restored, drift = (self.after, self.before) if changed else (self.before, self.after)
        assert restored == (True, "")
        allowed, message = drift
        assert not allowed
        assert f"Role {team.name}/reader is declared in Git" in message
        assert f"{team.at(commit)} {team.file}:1" in message


@contextlib.contextmanager
def serving(folder: Path, *teams: Team) -> Iterator[Baseward]:
    """Serve what the teams declare now, without a sync that is at work."""
    baseward = Baseward(folder, [team.source for team in teams])
    first = baseward.call("sync", "--once")
    assert first.returncode == 0, first.stderr
    with baseward.ending():
        baseward.start("serve")
        eventually(baseward.is_ready, lambda: baseward.log)
        yield baseward


def wait_until_in_sync(baseward: Baseward, *teams: Team) -> None:
    def are_in_sync() -> bool:
        sources = baseward.sources()
        return bool(sources) and all(team.is_in_sync(sources) for team in teams)

    eventually(are_in_sync, lambda: f"{baseward.sources()}\n{baseward.log}")


def wait_for_error(baseward: Baseward, team: Team, *texts: str) -> None:
    def is_told() -> bool:
        error = baseward.sources()[team.name]["error"] or ""
        return all(text in error for text in texts)

    eventually(is_told, lambda: f"{texts} in {baseward.sources()}\n{baseward.log}")


def wait_for_log(baseward: Baseward, text: str, times: int = 1) -> None:
    eventually(lambda: baseward.log.count(text) >= times, lambda: f"{text} in {baseward.log}")


def assert_serves(baseward: Baseward, team: Team, commit: str, *, changed: bool) -> None:
    """Expect that a commit, before or after the change, is what the next Roles are judged by."""
    assert baseward.is_ready()
    verdicts = Verdicts.of(baseward, team)
    verdicts.assert_judged_by(commit, team, changed=changed)


def leftovers(state: Path) -> list[Path]:
    """Return what a writer that was killed, or had no room, may leave and the next one removes."""
    patterns = ("*.tmp", "git/**/tmp_*", "git/**/*.lock", "git/*/render-*", "git/*/anew.git")
    return [path for pattern in patterns for path in state.glob(pattern)]
