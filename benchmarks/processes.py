"""What the kernel knows of processes: children, CPU, memory. Linux only: it reads /proc (man 5 proc)."""

from __future__ import annotations

import contextlib
from pathlib import Path

_PRIVATE = ("Private_Clean", "Private_Dirty")
_PROPORTIONAL = ("Pss",)


def children_of(pid: int) -> list[int]:
    """Return the pids of the children that a process has now."""
    found: list[int] = []
    for thread in _threads(pid):
        with contextlib.suppress(OSError):
            found += map(int, (thread / "children").read_text().split())
    return found


def family_of(pid: int) -> list[int]:
    """Return a process's pid and those of its children, their children, ..."""
    family = [pid]
    for member in family:  # grows while it is walked
        family += children_of(member)
    return family


def cpu_ns(pid: int) -> int:
    """Return the CPU time (ns, user and system) of a process's threads, to the last time they slept."""
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in _threads(pid))


def private_memory(pid: int) -> int:
    """Return the bytes that a process shares with no other."""
    return _memory(pid, _PRIVATE)


def family_memory(pid: int) -> int:
    """Return the bytes of a process and all below it; what some of them share is counted once."""
    total = 0
    for member in family_of(pid):
        with contextlib.suppress(OSError):  # it ended meanwhile
            total += _memory(member, _PROPORTIONAL)
    return total


def _threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _memory(pid: int, names: tuple[str, ...]) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    fields = (line.split() for line in lines[1:])
    return sum(int(field[1]) * 1024 for field in fields if field[0].rstrip(":") in names)
