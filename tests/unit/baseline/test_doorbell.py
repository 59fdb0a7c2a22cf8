"""`serve` rings, `sync` looks at Git: over a Unix socket in the folder that they share."""

from __future__ import annotations

import contextlib
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webhook.baseline.doorbell import SOCKET, Doorbell, ring

PATIENCE = 30.0  # seconds until a test gives up waiting; never how long it takes


def at_once(_seconds: float) -> bool:
    return True


def too_late(_seconds: float) -> bool:
    return False


class Looking:
    """Looks at Git at once; notes how long that could have taken."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, seconds: float) -> bool:
        self.times.append(seconds)
        return True


@contextlib.contextmanager
def visiting(folder: Path, words: bytes = b"") -> Iterator[socket.socket]:
    """Speak to the bell as a stranger may."""
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as visitor:
        visitor.settimeout(PATIENCE)
        visitor.connect(SOCKET)
        visitor.sendall(words)
        yield visitor


# Ringing


def test_who_rings_learns_whether_git_was_looked_at_in_time(tmp_path: Path) -> None:
    with Doorbell(tmp_path, at_once):
        assert ring(tmp_path, PATIENCE)
    with Doorbell(tmp_path, too_late):
        assert not ring(tmp_path, PATIENCE)


def test_it_is_told_how_long_that_may_take(tmp_path: Path) -> None:
    looking = Looking()
    with Doorbell(tmp_path, looking):
        assert ring(tmp_path, 1.5)
        assert ring(tmp_path, PATIENCE)
    assert looking.times == [1.5, PATIENCE]


def test_many_may_ring_at_the_same_time(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=PATIENCE)
    with (
        Doorbell(tmp_path, lambda _: both.wait() >= 0),
        ThreadPoolExecutor(20) as visitors,  # more than are waited upon at once
    ):
        assert all(visitors.map(lambda _: ring(tmp_path, PATIENCE), range(20)))


def test_the_folder_may_have_a_long_path(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / "state"
    with Doorbell(folder, at_once):  # makes the folder, as `sync` does
        assert ring(folder, PATIENCE)


def test_whoever_may_enter_the_folder_may_ring(tmp_path: Path) -> None:
    with Doorbell(tmp_path, at_once):
        assert stat.S_IMODE((tmp_path / SOCKET).stat().st_mode) == 0o666


# Nobody answers


def test_where_there_is_no_bell_nothing_is_looked_at(tmp_path: Path) -> None:
    assert not ring(tmp_path, PATIENCE)
    assert not ring(tmp_path / "nowhere", PATIENCE)
    (tmp_path / SOCKET).write_text("no socket")
    assert not ring(tmp_path, PATIENCE)


def test_a_bell_that_was_taken_down_leaves_nothing_behind(tmp_path: Path) -> None:
    with Doorbell(tmp_path, at_once):
        pass
    assert not ring(tmp_path, PATIENCE)
    assert list(tmp_path.iterdir()) == []


def test_the_bell_of_a_killed_process_answers_nobody_and_is_replaced(tmp_path: Path) -> None:
    hang_up = f"""
import sys, time
from pathlib import Path
from webhook.baseline.doorbell import Doorbell
with Doorbell(Path({str(tmp_path)!r}), lambda seconds: True):
    print("up", flush=True)
    time.sleep({PATIENCE})
"""
    with subprocess.Popen([sys.executable, "-c", hang_up], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert ring(tmp_path, PATIENCE)
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / SOCKET).is_socket()
    assert not ring(tmp_path, PATIENCE)
    with Doorbell(tmp_path, at_once):
        assert ring(tmp_path, PATIENCE)


def test_one_that_takes_too_long_is_not_waited_for(tmp_path: Path) -> None:
    over = threading.Event()
    with Doorbell(tmp_path, lambda _: over.wait(PATIENCE)):
        assert not ring(tmp_path, 0.05)
        over.set()


# What must not end it


def fails(_seconds: float) -> bool:
    raise RuntimeError("a fault of ours")


def test_a_look_that_fails_is_none_and_the_next_one_is_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Doorbell(tmp_path, fails):
        assert [ring(tmp_path, PATIENCE) for _ in range(20)] == [False] * 20
    assert "looking at Git at once failed" in caplog.text


@pytest.mark.parametrize(
    "words",
    [b"\n", b"fetch\n", b"fetch nan\n", b"fetch -1.000\n", b"fetch 100.000\n", b"x" * 10_000, b"fetch 1.000"],
)
def test_who_says_anything_else_is_not_answered(tmp_path: Path, words: bytes) -> None:
    looking = Looking()
    with Doorbell(tmp_path, looking):
        with visiting(tmp_path, words) as visitor, contextlib.suppress(ConnectionResetError):
            assert visitor.recv(64) == b""
        assert looking.times == []
        assert ring(tmp_path, PATIENCE)


def test_who_says_nothing_holds_up_nobody_for_long(tmp_path: Path) -> None:
    with Doorbell(tmp_path, at_once), contextlib.ExitStack() as silent:
        for _ in range(10):  # more than are waited upon at once
            silent.enter_context(visiting(tmp_path))
        assert ring(tmp_path, PATIENCE)


def test_who_goes_away_is_missed_by_nobody(tmp_path: Path) -> None:
    for _ in range(20):
        with Doorbell(tmp_path, at_once), visiting(tmp_path, b"fetch 1.000\n"):
            pass
    with Doorbell(tmp_path, at_once):
        assert ring(tmp_path, PATIENCE)


def test_a_folder_that_has_no_room_for_it_is_told_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / SOCKET).mkdir()
    with Doorbell(tmp_path, at_once):
        assert not ring(tmp_path, PATIENCE)
    assert f"cannot listen at {tmp_path}/{SOCKET}: Is a directory" in caplog.text
