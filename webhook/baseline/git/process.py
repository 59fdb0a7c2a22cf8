"""Processes of ours: none is left behind, and none takes all memory, whatever a repository has it read."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

MAX_MEMORY = 2**30  # bytes, for each process; large files take none, see core.bigFileThreshold

_CONTAINER_MEMORY = Path("/sys/fs/cgroup/memory.max")
_CHUNK = 2**16
_GRACE = 5.0
_LOOK = 0.2  # seconds between two looks at what a process has done so far

_running: set[subprocess.Popen[bytes]] = set()


@functools.cache
def memory() -> int:
    """Return how many bytes of memory a process may take: half of the container's at most."""
    try:
        return min(MAX_MEMORY, int(_CONTAINER_MEMORY.read_text()) // 2)
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return MAX_MEMORY


def start(
    command: Sequence[str], stdin: int | IO[bytes], stderr: int | IO[bytes], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a program whose stdout is read from a pipe; ``end`` must be called for it. Raises OSError."""
    # A session of its own: no terminal to prompt on, and its helpers can be ended with it.
    process = subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment,
        start_new_session=True,
    )
    _running.add(process)
    # What it starts later inherits the limit: git unpacks only what a server, which it asks first, has sent.
    with contextlib.suppress(OSError):  # it has ended, or a sandbox that bounds it forbids this
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory(), memory()))
    return process


def talk(
    process: subprocess.Popen[bytes], given: bytes | None, timeout: float, watch: Callable[[], None] | None
) -> tuple[bytes, bytes]:
    """Give and take until the process ends, with a look at what it does. Raises TimeoutExpired."""
    deadline = time.monotonic() + timeout
    while True:
        left = deadline - time.monotonic()
        try:
            return process.communicate(given, timeout=left if watch is None else min(left, _LOOK))
        except subprocess.TimeoutExpired:
            if watch is None or time.monotonic() >= deadline:
                raise
            given = None  # it is on its way
            watch()


def arriving(output: IO[bytes], timeout: float) -> Iterator[bytes]:
    """Yield what a process writes, in pieces, as it comes. Raises TimeoutError, after so many seconds."""
    deadline = time.monotonic() + timeout
    ready = select.poll()
    ready.register(output, select.POLLIN)
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            raise TimeoutError
        piece = os.read(output.fileno(), _CHUNK)
        if not piece:
            return
        yield piece


def wait(process: subprocess.Popen[bytes]) -> None:
    """Wait a moment for a process that has said all to end."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, and the helpers it started, so that none is left behind."""
    _running.discard(process)
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):  # first a chance to remove its lock files
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            return


@atexit.register
def _end_all() -> None:
    """End what runs in threads that nobody waits for when the process ends."""
    for process in list(_running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
