"""What /proc says of processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from benchmarks.processes import children_of, cpu_ns, family_memory, family_of, private_memory

_GRANDPARENT = "import subprocess, sys; subprocess.run(['cat']); sys.exit()"


@pytest.fixture
def grandparent() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process with a child; both end with its standard input."""
    with subprocess.Popen([sys.executable, "-c", _GRANDPARENT], stdin=subprocess.PIPE) as process:
        while not children_of(process.pid):
            time.sleep(0.01)
        yield process


def test_a_family_is_a_process_and_all_below_it(grandparent: subprocess.Popen[bytes]) -> None:
    (child,) = children_of(grandparent.pid)
    assert grandparent.pid in children_of(os.getpid())
    assert family_of(grandparent.pid) == [grandparent.pid, child]


def test_the_memory_of_a_family_is_more_than_that_of_its_head(grandparent: subprocess.Popen[bytes]) -> None:
    assert 0 < family_memory(children_of(grandparent.pid)[0]) < family_memory(grandparent.pid)


def test_memory_that_is_written_to_becomes_private() -> None:
    before = private_memory(os.getpid())
    taken = bytearray(os.urandom(32 << 20))
    assert private_memory(os.getpid()) - before > len(taken) // 2


def test_work_is_counted_as_cpu() -> None:
    before, until = cpu_ns(os.getpid()), time.thread_time_ns() + 50_000_000
    while time.thread_time_ns() < until:
        pass
    assert cpu_ns(os.getpid()) - before > 25_000_000
