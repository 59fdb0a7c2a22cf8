"""`baseward run`: two processes that begin and end as one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.builders import network_policy
from tests.unit.admission.serving import eventually, issue
from tests.unit.baseline.origin import Origin
from tests.unit.cli.calling import Place, process

WEB = network_policy()
PATIENCE = 20  # seconds until a test gives up waiting for processes to end


class Running:
    """A running `baseward run`, the leader of a group of its own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        scratch = {"TMPDIR": str(place.folder)}
        self.process = process("--config", place.config, "run", environment=scratch, start_new_session=True)

    def ask(self, path: str) -> str:
        """Return what a page says, or nothing while it is not there, or not well."""
        assert self.process.poll() is None
        host, port = self.place.address
        context = ssl.create_default_context(cafile=str(self.place.folder / "tls" / "ca.crt"))
        try:
            with urllib.request.urlopen(f"https://{host}:{port}{path}", context=context, timeout=5) as answer:
                text: bytes = answer.read()
        except OSError:
            return ""
        return text.decode()

    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def rest(self) -> tuple[str, str]:
        """Return all that it still writes. Fails unless all processes that could write have ended."""
        try:
            return self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            pytest.fail("a process was left behind")

    def clear_away(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """`baseward run` for a Git repository that declares one NetworkPolicy, just started."""
    place = Place(tmp_path)
    Origin(tmp_path / "platform").commit({"clusters/prod/web.yaml": yaml.safe_dump(WEB)})
    issue(tmp_path / "tls")
    started = Running(place)
    yield started
    started.clear_away()


def test_it_syncs_and_serves_until_sigterm_and_leaves_nothing_behind(running: Running) -> None:
    eventually(lambda: running.ask("/readyz"))
    status = json.loads(running.ask("/status"))
    assert status["snapshot"]["objects"] == 1
    assert [source["name"] for source in status["sources"]] == ["platform"]
    assert len(running.children()) == 2
    running.process.terminate()
    output, errors = running.rest()
    assert running.process.returncode == 0
    assert output == ""
    assert "Traceback" not in errors


def test_when_the_terminal_is_closed_nothing_is_left_behind(running: Running) -> None:
    eventually(lambda: running.ask("/livez"))
    os.killpg(running.process.pid, signal.SIGHUP)  # what the kernel sends to all of them
    _, errors = running.rest()
    assert running.process.returncode == 0
    assert "Traceback" not in errors


def test_ctrl_c_ends_all_quietly(running: Running) -> None:
    eventually(lambda: running.ask("/livez"))
    os.killpg(running.process.pid, signal.SIGINT)  # what a terminal sends to all of them
    _, errors = running.rest()
    assert running.process.returncode == 0
    assert "Traceback" not in errors


def test_when_it_is_killed_nothing_is_left_behind(running: Running) -> None:
    eventually(lambda: running.ask("/livez"))
    running.process.kill()
    running.rest()


def test_however_early_sigterm_comes_nothing_is_left_behind(running: Running) -> None:
    while not running.children():
        assert running.process.poll() is None
    running.process.terminate()
    running.rest()


def test_where_one_of_the_two_ends_the_other_does_and_it_is_2(tmp_path: Path) -> None:
    place = Place(tmp_path)  # without certificates: serve cannot begin
    Origin(tmp_path / "platform").commit({"clusters/prod/web.yaml": yaml.safe_dump(WEB)})
    started = Running(place)
    try:
        _, errors = started.rest()
    finally:
        started.clear_away()
    assert started.process.returncode == 2
    assert "baseward certs issue" in errors
    assert "baseward serve ended with exit code 2" in errors


def test_a_faulty_configuration_is_told_once_not_by_each(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.configure(mode="strict")
    result = place.baseward("run")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("mode: ") == 1
