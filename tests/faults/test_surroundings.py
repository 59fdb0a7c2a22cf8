"""What goes wrong with the machine: its disk, its resolver."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import role
from tests.faults import surroundings
from tests.faults.running import Baseward, eventually
from tests.faults.serving import (
    assert_serves,
    leftovers,
    wait_for_error,
    wait_for_log,
    wait_until_in_sync,
)
from tests.faults.team import Team, manifest
from tests.unit.baseline.origin import HttpServer
from webhook.baseline.refusal import Trouble

HOST = "git.example.invalid"


def many_roles(team: Team) -> dict[str, str]:
    """Return files whose snapshot takes more room than what git fetches."""
    return {
        f"{number:03}.yaml": manifest(role(f"r{number}", {"namespace": team.name})) for number in range(300)
    }


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path / "team", "platform")


# Where no file may grow: git, which writes less, goes on


def test_a_snapshot_that_cannot_be_written_leaves_the_one_before_until_there_is_room(
    team: Team, tmp_path: Path
) -> None:
    baseward, served = Baseward(tmp_path, [team.source]), team.head
    with baseward.ending():
        sync = baseward.start("sync")
        baseward.start("serve")
        wait_until_in_sync(baseward, team)
        _, most = resource.prlimit(sync.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(sync.pid, resource.RLIMIT_FSIZE, (65_536, most))
        team.change(many_roles(team))
        wait_for_error(baseward, team, f"cannot write a snapshot to {baseward.state}: ", "and free space")
        assert baseward.metrics()["baseward_source_trouble", team.name, Trouble.UNWRITABLE] == 1
        assert_serves(baseward, team, served, changed=False)
        resource.prlimit(sync.pid, resource.RLIMIT_FSIZE, (most, most))
        wait_until_in_sync(baseward, team)
        assert_serves(baseward, team, team.head, changed=True)
        assert leftovers(baseward.state) == []


# On a disk of 16 MiB, with a file of ours for a resolver


@dataclass(frozen=True)
class Small:
    """Baseward with surroundings of its own: the ``disk`` that its state is on, and the names of ``hosts``.

    Each test has a team of its own, by its name.
    """

    baseward: Baseward
    teams: Mapping[str, Team]
    pid: int
    disk: Path
    hosts: Path

    def assert_recovers(self, team: Team) -> None:
        wait_until_in_sync(self.baseward, team)
        assert_serves(self.baseward, team, team.head, changed=True)
        assert leftovers(self.disk) == []

    @property
    def age(self) -> float:
        return self.baseward.metrics()["baseward_snapshot_age_seconds",]

    def synced_at(self, team: Team) -> float:
        return self.baseward.metrics()["baseward_source_last_sync_timestamp_seconds", team.name]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    surroundings.needs_namespaces()
    folder = tmp_path_factory.mktemp("small")
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 {HOST}\n")
    teams = {name: Team(folder / name, name) for name in ("nameless", "full", "read-only")}
    with HttpServer() as server:
        url = server.url("v2", teams["nameless"].origin.folder / ".git")
        teams["nameless"].settings["repository"] = url.replace("127.0.0.1", HOST)
        baseward = Baseward(folder, [team.source for team in teams.values()])
        baseward.state.mkdir()
        with baseward.ending():
            within = surroundings.disk_and_hosts(baseward.state, hosts)
            pid = baseward.start("run", within=within).pid
            wait_until_in_sync(baseward, *teams.values())
            yield Small(baseward, teams, pid, surroundings.seen_by(pid, baseward.state), hosts)


def test_a_name_that_has_no_address_any_more(small: Small) -> None:
    team, baseward = small.teams["nameless"], small.baseward
    served, names = team.head, small.hosts.read_text()
    team.change()
    small.hosts.write_text("")
    wait_for_error(baseward, team, f"{team.name}: the name of {HOST}", "has no address (DNS): correct it")
    assert baseward.metrics()["baseward_source_trouble", team.name, Trouble.UNREACHABLE] == 1
    assert_serves(baseward, team, served, changed=False)
    small.hosts.write_text(names)
    small.assert_recovers(team)


def test_a_disk_that_is_full(small: Small) -> None:
    team, served = small.teams["full"], small.teams["full"].head
    fill(small.disk / "filler")
    team.change()
    assert_it_is_told_by_log_and_age(small, team, "No space left on device; check who may write there, and")
    assert_serves(small.baseward, team, served, changed=False)
    (small.disk / "filler").unlink()
    small.assert_recovers(team)


def fill(path: Path) -> None:
    """Write to a file until the disk has no room for another byte."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 65_536)


def test_a_disk_that_becomes_read_only(small: Small) -> None:
    team, served = small.teams["read-only"], small.teams["read-only"].head
    surroundings.make_read_only(small.pid, small.baseward.state)
    team.change()
    assert_it_is_told_by_log_and_age(
        small, team, "Read-only file system; check who may write there, and free"
    )
    assert_serves(small.baseward, team, served, changed=False)
    surroundings.make_writable_again(small.pid, small.baseward.state)
    small.assert_recovers(team)


def assert_it_is_told_by_log_and_age(small: Small, team: Team, text: str) -> None:
    """Expect what is left to tell of a fault where the status cannot be written either."""
    wait_for_log(small.baseward, text)
    synced_at, age = small.synced_at(team), small.age
    eventually(lambda: small.age > age + 2, lambda: f"an age above {age + 2}, of {small.age}")
    assert small.synced_at(team) == synced_at
