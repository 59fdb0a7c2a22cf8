from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane import processes
from tests.controlplane.errors import ControlPlaneError
from tests.controlplane.processes import Daemon, wait_until

SLEEP = ["sleep", "600"]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, "sleeper")
    yield daemon
    daemon.stop()


def test_a_daemon_is_known_again_and_ended(daemon: Daemon) -> None:
    daemon.start(SLEEP)
    again = Daemon(daemon.folder, daemon.name)
    assert again.is_running()
    assert again.stop()
    assert not again.is_running()
    assert not again.stop()


def test_a_daemon_that_ignores_sigterm_is_killed(daemon: Daemon) -> None:
    daemon.start(["sh", "-c", "trap '' TERM; echo trapped; while :; do sleep 1; done"])
    wait_until(lambda: "trapped" in daemon.log_tail(), "the trap", [daemon], time.monotonic() + 30)
    assert daemon.stop(grace=0.1)
    assert not daemon.is_running()


@pytest.mark.parametrize("differs", ["started", "argv"])
def test_a_stranger_who_was_given_the_process_id_is_not_hit(daemon: Daemon, differs: str) -> None:
    daemon.start(SLEEP)
    record_file = daemon.folder / "sleeper.json"
    true_record = record_file.read_text()
    record_file.write_text(json.dumps({**json.loads(true_record), differs: ["other"]}))
    assert not daemon.is_running()
    assert not daemon.stop()
    record_file.write_text(true_record)
    assert daemon.is_running()


def test_a_program_that_is_still_being_loaded_is_running(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.start(SLEEP)
    monkeypatch.setattr(processes, "_command_line", lambda _: [])
    assert daemon.is_running()


def test_nothing_is_started_nothing_is_ended(daemon: Daemon) -> None:
    assert not daemon.is_running()
    assert not daemon.stop()
    assert daemon.argv() == []


def test_waiting_for_a_daemon_that_dies_shows_the_end_of_its_log(daemon: Daemon) -> None:
    daemon.start(["sh", "-c", "echo unknown flag >&2; exit 1"])
    with pytest.raises(
        ControlPlaneError, match=r"(?s)sleeper ended with exit code 1 while waiting for light.*unknown flag"
    ):
        wait_until(lambda: False, "light", [daemon], time.monotonic() + 30)


def test_waiting_ends_at_the_deadline(daemon: Daemon) -> None:
    daemon.start(SLEEP)
    with pytest.raises(ControlPlaneError, match="light: not in time"):
        wait_until(lambda: False, "light", [daemon], time.monotonic())


def test_a_process_that_ended_but_is_not_yet_waited_for_is_not_running(daemon: Daemon) -> None:
    daemon.start(["true"])
    pid = json.loads((daemon.folder / "sleeper.json").read_text())["pid"]
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not daemon.is_running()
