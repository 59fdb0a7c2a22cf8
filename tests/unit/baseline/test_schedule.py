from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.baseline.origin import Origin
from tests.unit.baseline.world import PATIENCE, Log, names, role, synchronizer
from webhook.baseline.errors import SnapshotError
from webhook.baseline.schedule import Schedule
from webhook.baseline.snapshot import open_current
from webhook.config import Source

HOUR = 3600.0


@contextmanager
def running(schedule: Schedule) -> Iterator[None]:
    thread = threading.Thread(target=schedule.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        schedule.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def hanging() -> Iterator[Source]:
    """Provide a source on a server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        yield Source("hanging", f"http://127.0.0.1:{port}/x.git", timeout=timedelta(seconds=30))


def test_the_loop_follows_the_revision_through_failures_until_it_is_stopped(
    origin: Origin, folder: Path, source: Source, log: Log
) -> None:
    with running(Schedule(synchronizer(folder, source), 0.01)):
        log.wait_for("revision main in")
        commit = origin.commit({"a.yaml": role("a")})
        log.wait_for(f"platform@{commit[:7]}: 1 object from 1 file")
        log.wait_for("all sources are in sync again")
        bad = origin.commit({"a.yaml": "a: b: c\n"})
        log.wait_for(f"platform@{bad[:7]} a.yaml:1: ")
        assert names(folder) == ["a"]
        good = origin.commit({"a.yaml": role("a"), "b.yaml": role("b") + "spec: {}\n"})
        log.wait_for(f"platform@{good[:7]}: 2 objects from 2 files")
        log.wait_for(f"platform@{good[:7]} b.yaml:1: Role shop/b can never be in sync")
    assert log.count(f"platform@{bad[:7]} a.yaml:1: ") == 1


@pytest.mark.parametrize("error", [SnapshotError("no room"), ValueError("a bug")])
def test_the_loop_outlives_what_fails(
    folder: Path, source: Source, monkeypatch: pytest.MonkeyPatch, log: Log, error: Exception
) -> None:
    sync = synchronizer(folder, source)
    times = threading.Semaphore(0)

    def fail(*_: object) -> None:
        times.release()
        raise error

    monkeypatch.setattr(sync, "settle", fail)
    with running(Schedule(sync, 0.01)):
        for _ in range(3):
            assert times.acquire(timeout=PATIENCE)
    assert log.count("sync failed") >= 1


def test_each_source_has_its_own_interval(
    origin: Origin, team: Origin, folder: Path, source: Source, log: Log
) -> None:
    origin.commit({"a.yaml": role("a")})
    team.commit({"b.yaml": role("b")})
    often = Source("team", str(team.folder), "main", interval=timedelta(milliseconds=10))
    with running(Schedule(synchronizer(folder, source, often), HOUR)):
        log.wait_for("team@")
        origin.commit({"a.yaml": role("later")})
        second = team.commit({"b.yaml": role("c")})
        log.wait_for(f"team@{second[:7]}")
        third = team.commit({"b.yaml": role("d")})
        log.wait_for(f"team@{third[:7]}")
    assert names(folder) == ["a", "d"]


def test_a_source_that_hangs_does_not_hold_up_the_others(
    origin: Origin, folder: Path, source: Source, hanging: Source, log: Log
) -> None:
    first = origin.commit({"a.yaml": role("a")})
    with running(Schedule(synchronizer(folder, hanging, source), 0.01, first_looks=0.1)):
        log.wait_for(f"platform@{first[:7]}")
        second = origin.commit({"a.yaml": role("b")})
        log.wait_for(f"platform@{second[:7]}")
        snapshot = open_current(folder)
        assert snapshot is not None
        assert [source.name for source in snapshot.unread] == ["hanging"]
        snapshot.close()


def test_the_first_snapshot_waits_for_all_sources(
    origin: Origin, folder: Path, source: Source, hanging: Source
) -> None:
    origin.commit({"a.yaml": role("a")})
    schedule = Schedule(synchronizer(folder, hanging, source), 0.01)
    with running(schedule):
        assert not schedule.look_now(0.5)
        assert open_current(folder) is None


def test_what_is_requested_is_looked_at_at_once(
    origin: Origin, folder: Path, source: Source, log: Log
) -> None:
    origin.commit({"a.yaml": role("a")})
    schedule = Schedule(synchronizer(folder, source), HOUR)
    with running(schedule):
        log.wait_for("platform@")
        commit = origin.commit({"a.yaml": role("b")})
        schedule.request(["platform", "unknown"])
        log.wait_for(f"platform@{commit[:7]}")


def test_a_look_now_is_done_when_its_snapshot_is_served(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({"a.yaml": role("a")})
    schedule = Schedule(synchronizer(folder, source), HOUR)
    with running(schedule):
        for name in ("b", "c", "d"):
            origin.commit({"a.yaml": role(name)})
            assert schedule.look_now(PATIENCE)
            assert names(folder) == [name]


def test_a_look_now_that_comes_to_nothing_is_late(
    origin: Origin, folder: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.commit({"a.yaml": role("a")})
    sync = synchronizer(folder, source)
    schedule = Schedule(sync, HOUR)

    def fail(*_: object) -> None:
        raise SnapshotError("no room")

    with running(schedule):
        assert schedule.look_now(PATIENCE)
        monkeypatch.setattr(sync, "settle", fail)
        assert not schedule.look_now(0.5)


def test_a_look_now_does_not_wait_for_a_source_that_is_known_to_hang(
    origin: Origin, folder: Path, source: Source, hanging: Source, log: Log
) -> None:
    origin.commit({"a.yaml": role("a")})
    hanging = replace(hanging, timeout=timedelta(seconds=1), interval=timedelta(milliseconds=10))
    schedule = Schedule(synchronizer(folder, hanging, source), HOUR)
    with running(schedule):
        log.wait_for("hanging: ")
        commit = origin.commit({"a.yaml": role("b")})
        schedule.look_now(PATIENCE)
        log.wait_for(f"platform@{commit[:7]}")
        assert schedule.look_now(PATIENCE)


def test_a_look_now_at_a_source_that_hangs_is_late(folder: Path, hanging: Source) -> None:
    schedule = Schedule(synchronizer(folder, replace(hanging, interval=None)), HOUR)
    with running(schedule):
        assert not schedule.look_now(0.2)
