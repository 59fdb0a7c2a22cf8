"""Which cores the server and its client run on: different ones, where the machine has more than one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_ALL = sorted(os.sched_getaffinity(0))
SERVER = {_ALL[0]}
CLIENT = {_ALL[1]} if len(_ALL) > 1 else SERVER


@contextlib.contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """Keep this process, and the processes that it starts meanwhile for good, on some cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
