"""Bound this process, then become a renderer's program: what a child does between fork and exec.

Run as a script, with nothing but the standard library: Python's own hook for this (``preexec_fn``) is
unsafe in a process with threads, and the one that syncs has some.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_FIRST_TO_END = "1000"
_NOT_STARTED = 127  # as a shell says it


def main(parent: int, max_file: int, max_memory: int, *command: str) -> None:
    """Become a command that ends with ``parent``.

    It writes no file of more than ``max_file`` bytes, and has no more than ``max_memory`` of data.
    """
    if sys.platform == "linux":
        # Strictly with the thread that started this one; it waits.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        with contextlib.suppress(OSError):  # want of memory ends this one first, and not the one that syncs
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_END)
    if os.getppid() != parent:  # it ended before it could take us with it
        sys.exit(1)
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, max_file),
        (resource.RLIMIT_DATA, max_memory),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit is already set
            resource.setrlimit(limit, (most, most))
    try:
        os.execv(command[0], command)  # noqa: S606  # no shell is the point
    except OSError as error:
        sys.stderr.write(f"Error: {command[0]} cannot be started: {error.strerror}\n")
        sys.exit(_NOT_STARTED)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
