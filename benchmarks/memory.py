"""Private memory of a worker that has looked up many objects, and what building a snapshot takes."""

from __future__ import annotations

import itertools

from benchmarks.cores import CLIENT, on_cores
from benchmarks.report import Finding
from benchmarks.reviews import DENIED
from benchmarks.scale import Scale
from benchmarks.speed import requests_of
from benchmarks.world import World

BOUND = 20 * 1024 * 1024
SYNC_BOUND = 300 * 1024 * 1024

_MIB = 1024 * 1024


def memory(few: World, many: World, scale: Scale) -> list[Finding]:
    """Compare workers that have answered as many reviews, on a large baseline and on a small one."""
    small, large = (_after_reviews(world, scale) for world in (few, many))
    name = f"private memory of a worker, {many.objects:,} objects above {few.objects:,}"
    return [
        Finding(
            name,
            f"{(large - small) / _MIB:.1f} MiB",
            f"{BOUND / _MIB:.0f} MiB",
            large - small <= BOUND,
            f"{large / _MIB:.1f} MiB to {small / _MIB:.1f} MiB after {scale.reviews_before_memory:,} reviews",
        )
    ]


def _after_reviews(world: World, scale: Scale) -> int:
    requests = itertools.cycle(requests_of(DENIED, world.objects))
    with world.product() as server, on_cores(CLIENT):
        server.client.closed_loop(
            list(itertools.islice(requests, scale.reviews_before_memory)), DENIED.expected
        )
        return server.private_memory()


def build(many: World) -> list[Finding]:
    """Report what `baseward sync --once` took."""
    took = many.build
    measured = f"{took.seconds:.1f} s, {took.peak_bytes / _MIB:.0f} MiB at most"
    more = "all its processes together, git too"
    name = f"snapshot of {many.objects:,} objects, one a file"
    bound = f"{SYNC_BOUND / _MIB:.0f} MiB"
    return [Finding(name, measured, bound, took.peak_bytes <= SYNC_BOUND, more)]
