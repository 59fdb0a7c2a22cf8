"""`baseward sync` ended by SIGKILL, wherever that meets it, while `baseward serve` goes on beside it."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import Object, key_of, role, rule
from tests.faults.endless import EndlessKustomize
from tests.faults.relay import Relay
from tests.faults.running import PATIENCE, Baseward, eventually
from tests.faults.serving import assert_serves, leftovers, serving, wait_until_in_sync
from tests.faults.team import Team, manifest
from tests.unit.baseline.origin import HttpServer
from webhook.baseline.snapshot import open_current

MIB = 1024 * 1024


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path / "team", "platform")


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(PATIENCE)


def at_work_in(folder: Path) -> list[str]:
    """Return the processes whose command or environment names a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            command, surroundings = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            if str(folder).encode() in command + surroundings:
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def assert_nobody_is_at_work_in(state: Path) -> None:
    """Expect that soon no git and no renderer is left behind."""
    eventually(lambda: not at_work_in(state / "git"), lambda: f"{at_work_in(state / 'git')}")


def assert_recovers(baseward: Baseward, team: Team) -> subprocess.Popen[bytes]:
    """Expect that a new sync goes on where the killed one was, and leaves nothing of it behind."""
    sync = baseward.start("sync")
    wait_until_in_sync(baseward, team)
    assert_serves(baseward, team, team.head, changed=True)
    assert leftovers(baseward.state) == []
    return sync


# At a known point


@pytest.fixture
def relay(team: Team) -> Iterator[Relay]:
    """Provide what stands between the team's repository and its source."""
    with HttpServer() as server, Relay(server.address) as relay:
        url = server.url("v2", team.origin.folder / ".git")
        team.settings["repository"] = url.replace(server.address, relay.address)
        yield relay


def test_killed_in_the_middle_of_a_fetch(team: Team, relay: Relay, tmp_path: Path) -> None:
    with serving(tmp_path, team) as baseward:
        served = team.head
        relay.limit = MIB // 2
        team.change({"noise": random.Random(1).randbytes(MIB)})  # noqa: S311  # no secret
        sync = baseward.start("sync")
        assert relay.stalled.wait(PATIENCE)
        eventually(lambda: leftovers(baseward.state), lambda: "half a pack")
        kill(sync)
        assert_serves(baseward, team, served, changed=False)
        relay.limit = None
        recovering = assert_recovers(baseward, team)
        # Of a killed sync, git goes on until the server hangs up.
        kill(recovering)
        relay.stop()
        assert_nobody_is_at_work_in(baseward.state)


@pytest.fixture
def endless(kustomize: str, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EndlessKustomize:
    """Provide the kustomize that the team's source is rendered by."""
    return EndlessKustomize(kustomize, team, tmp_path, monkeypatch)


def test_killed_in_the_middle_of_a_render(team: Team, endless: EndlessKustomize, tmp_path: Path) -> None:
    with serving(tmp_path, team) as baseward:
        served = team.head
        endless.stop()
        team.change()
        sync = baseward.start("sync")
        eventually(endless.is_stopped, lambda: baseward.log)
        kill(sync)
        assert_serves(baseward, team, served, changed=False)
        assert_nobody_is_at_work_in(baseward.state)
        endless.go_on()
        assert_recovers(baseward, team)


# At every point


DYING = """
import os, signal, sys
from webhook.cli import main

state, left = sys.argv[1], int(sys.argv[2])
CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "sqlite3.connect"}

def is_change(event, arguments):
    if event == "open":
        return bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return event in CHANGES

def is_of_snapshots(name):
    return f"{state}/" in str(name) and f"{state}/git/" not in str(name)

def look(event, arguments):
    global left
    if is_change(event, arguments) and any(map(is_of_snapshots, arguments[:2])):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(look)
main(sys.argv[3:])
"""


class Revisions:
    """Commits of a repository, each with the same Roles and a verb of its own in all of them."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._verbs: dict[str, str] = {}

    def commit(self) -> str:
        verb = f"verb{len(self._verbs)}"
        files = {f"{number}.yaml": manifest(obj) for number, obj in enumerate(self._roles(verb))}
        commit = self._team.commit(files)
        self._verbs[commit] = verb
        return commit

    def _roles(self, verb: str) -> list[Object]:
        namespace = {"namespace": self._team.name}
        return [role(f"r{number}", namespace, rules=[rule(verb, "pods")]) for number in range(5)]

    def assert_one_is_whole(self, state: Path) -> str:
        """Expect that the snapshot has one revision, and nothing of another; return its commit."""
        snapshot = open_current(state)
        assert snapshot is not None
        with closing(snapshot):
            commit = snapshot.commits["platform"]
            for obj in self._roles(self._verbs[commit]):
                declared = snapshot.declared(key_of(obj))
                assert declared is not None
                assert json.loads(declared.content_json)["rules"] == obj["rules"]
                assert declared.provenance.commit == commit
        return commit


def test_killed_at_each_change_of_the_folder(team: Team, tmp_path: Path) -> None:
    revisions, points = Revisions(team), 0
    served = {revisions.commit()}
    with serving(tmp_path, team) as baseward:
        while was_killed(baseward, at=points):
            served.add(revisions.assert_one_is_whole(baseward.state))
            revisions.commit()
            points += 1
        # Before the swap the revision before stayed, and after it the new one was there.
        assert 1 < len(served) < points
        team.change()
        assert_recovers(baseward, team)


def was_killed(baseward: Baseward, at: int) -> bool:
    """Sync once, and be killed at the change of a number; tell whether there was one of that number."""
    arguments = baseward.line("sync", "--once")[3:]
    command = [sys.executable, "-c", DYING, str(baseward.state), str(at), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


def test_killed_at_any_moment(team: Team, tmp_path: Path) -> None:
    revisions = Revisions(team)
    revisions.commit()
    with serving(tmp_path, team) as baseward:
        for _ in range(4):
            sync = baseward.start("sync")
            revisions.commit()
            time.sleep(random.uniform(0.3, 1.3))  # noqa: S311  # no secret
            kill(sync)
            revisions.assert_one_is_whole(baseward.state)
        team.change()
        assert_recovers(baseward, team)
