"""How much memory a renderer's program may take.

In a container all processes share one limit, and where they exceed it the kernel may end all of them: the
kubelet asks for that since Kubernetes 1.28 (``memory.oom.group``, on cgroup v2). So a program is to run out
of its own memory before, and half of the container's is left to the process that syncs.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")  # of a container: its own
MOST = 4 * 1024**3  # bytes
LEAST = 128 * 1024**2  # helm and kustomize start with 96 MiB

_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")  # cgroup v2, and v1


def for_a_program() -> int:
    """Return the bytes that a program may have: half of what the container may, within fixed bounds."""
    limits = [MOST]
    for name in _LIMITS:
        with contextlib.suppress(OSError, ValueError):  # no such cgroup, or "max"
            limits.append(max(int((CGROUPS / name).read_text()) // 2, LEAST))
    return min(limits)
