"""Many faults at once, in one `baseward run`: each source has one of its own, and none the others'."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.running import PATIENCE, Baseward, Sources, eventually
from tests.faults.serving import Verdicts
from tests.faults.team import Story, Team, Told, followed, title


@dataclass(frozen=True)
class Seen:
    """What is seen of a source from outside: its status, metrics, readiness, and verdicts."""

    commit: str | None
    error: str | None
    trouble: str | None
    failing: float
    troubles: list[str]
    ready: tuple[int, str]
    verdicts: Verdicts


class Act:
    """One story, with what was seen while it was told: with the fault, and when that had ended."""

    def __init__(self, folder: Path, story: Story) -> None:
        self.team = Team(folder / story.__name__, story.__name__.replace("_", "-"))
        self._parts = story(self.team)
        next(self._parts)
        self.good = self.team.head
        self.told: Told = followed()
        self.meanwhile: Seen
        self.afterwards: Seen

    @property
    def teams(self) -> list[Team]:
        return [self.team, *self.team.beside]

    def begin_fault(self) -> None:
        self.told = next(self._parts) or self.told

    def end_fault(self) -> None:
        next(self._parts, None)

    def close(self) -> None:
        self._parts.close()

    def is_in_sync(self, sources: Sources) -> bool:
        return self.team.is_in_sync(sources)

    def is_as_told(self, sources: Sources) -> bool:
        if self.told.trouble is None:
            return self.is_in_sync(sources)
        error = sources[self.team.name]["error"] or ""
        return all(text in error for text in self.told.texts)


class Table:
    """The acts of all stories, by their titles, and the Baseward that plays in all of them."""

    def __init__(self, folder: Path, acts: Mapping[str, Act], more: Iterable[dict[str, Any]]) -> None:
        """Configure the sources of all acts, and ``more`` that have none."""
        self.acts = acts
        teams = [team for act in self.acts.values() for team in act.teams]
        self.baseward = Baseward(folder, [*(team.source for team in teams), *more])
        for team in teams:
            team.baseward = self.baseward

    def play(self) -> None:
        acts = self.acts.values()
        self.baseward.start("run")
        eventually(lambda: self._all(Act.is_in_sync), lambda: self.baseward.log)
        for act in acts:
            act.begin_fault()
        self._wait(Act.is_as_told)
        for act in acts:
            act.meanwhile = self._seen(act.team)
        for act in acts:
            act.end_fault()
        self._wait(Act.is_in_sync)
        for act in acts:
            act.afterwards = self._seen(act.team)

    def written(self) -> bytes:
        """Return all that was written: the log, the snapshots, the status, and what was fetched."""
        files = [path for path in self.baseward.state.rglob("*") if path.is_file()]
        return b"".join([self.baseward.log.encode(), *(path.read_bytes() for path in files)])

    def _wait(self, is_so: Callable[[Act, Sources], bool]) -> None:
        """Wait until something holds for all acts; where it does not come, the act's own test will say so."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self._all(is_so):
            time.sleep(0.1)

    def _all(self, is_so: Callable[[Act, Sources], bool]) -> bool:
        sources = self.baseward.sources()
        return bool(sources) and all(is_so(act, sources) for act in self.acts.values())

    def _seen(self, team: Team) -> Seen:
        status, metrics = self.baseward.sources()[team.name], self.baseward.metrics()
        troubles = [
            labels[1]
            for (name, *labels), value in metrics.items()
            if name == "baseward_source_trouble" and labels[0] == team.name and value
        ]
        return Seen(
            commit=status["commit"],
            error=status["error"],
            trouble=status["trouble"],
            failing=metrics["baseward_source_failing", team.name],
            troubles=troubles,
            ready=self.baseward.ask("/readyz"),
            verdicts=Verdicts.of(self.baseward, team),
        )


@contextlib.contextmanager
def played(folder: Path, stories: Iterable[Story], *more: dict[str, Any]) -> Iterator[Table]:
    """Play all stories, and have the processes at work until the block ends; ``more`` are more sources."""
    with contextlib.ExitStack() as stack:
        acts = {title(story): stack.enter_context(closing(Act(folder, story))) for story in stories}
        table = Table(folder, acts, more)
        stack.enter_context(table.baseward.ending())
        table.play()
        yield table
