"""CPU per request, as ratios: a decision against the floor, a large baseline against a small one."""

from __future__ import annotations

import itertools
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.cores import CLIENT, on_cores
from benchmarks.objects import typical_numbers
from benchmarks.progress import Progress
from benchmarks.report import Finding, ratio_finding
from benchmarks.reviews import DENIED, NOTHING, RESTORES, Case
from benchmarks.scale import Scale
from benchmarks.server import Server
from benchmarks.world import World

BOUNDS = {NOTHING: 1.8, RESTORES: 2.2, DENIED: 4.0}
SCALE_BOUND = 1.1

ALLOWED = b'"allowed":true'


@dataclass(slots=True)
class Stream:
    """A server, what it is asked, and what must stand in each answer."""

    server: Server
    requests: Iterator[bytes]
    expected: bytes
    spent: list[int] = field(default_factory=list)
    """CPU (ns) of each round."""

    def run(self, count: int) -> None:
        """Ask so many requests, and add what they cost to the round's CPU."""
        requests = list(itertools.islice(self.requests, count))
        before = self.server.cpu_ns()
        self.server.client.closed_loop(requests, self.expected)
        self.spent[-1] += self.server.cpu_ns() - before


@dataclass(frozen=True, slots=True)
class Pair:
    """Two streams, and how much more than the base the other one may cost."""

    name: str
    bound: float
    base: Stream
    other: Stream


def requests_of(case: Case, objects: int) -> list[bytes]:
    """Write a request about each typical object of a baseline, in a random order that is always the same."""
    numbers = list(typical_numbers(objects))
    random.Random(objects).shuffle(numbers)  # noqa: S311  # no secret
    return [case.request(number) for number in numbers]


def decision(few: World, scale: Scale) -> list[Finding]:
    """Compare each kind of decision with the floor."""
    with few.floor() as floor, few.product() as product:
        pairs = []
        for case, bound in BOUNDS.items():
            requests = requests_of(case, few.objects)
            base = Stream(floor, itertools.cycle(requests), ALLOWED)
            pairs.append(
                Pair(case.name, bound, base, Stream(product, itertools.cycle(requests), case.expected))
            )
        return compare("decision", pairs, scale)


def size(few: World, many: World, scale: Scale) -> list[Finding]:
    """Compare decisions on a large baseline with the same on a small one."""
    # The large one first: making it takes longer than a server keeps a connection that asks nothing.
    with many.product() as large, few.product() as small:
        pairs = []
        for case in (RESTORES, DENIED):
            base, other = (
                Stream(server, itertools.cycle(requests_of(case, objects)), case.expected)
                for server, objects in ((small, few.objects), (large, many.objects))
            )
            name = f"{case.name}, {many.objects:,} objects to {few.objects:,}"
            pairs.append(Pair(name, SCALE_BOUND, base, other))
        return compare("size", pairs, scale)


def compare(name: str, pairs: Sequence[Pair], scale: Scale) -> list[Finding]:
    """Measure pairs in interleaved rounds."""
    with on_cores(CLIENT), Progress(f"{name}: rounds", scale.rounds) as progress:
        _round(pairs, scale)  # warms everything up, and is forgotten
        for stream in _streams(pairs):
            stream.spent.clear()
        for number in range(scale.rounds):
            progress.report(number)
            _round(pairs, scale)
    return [_finding(pair, scale) for pair in pairs]


def _streams(pairs: Sequence[Pair]) -> list[Stream]:
    return [stream for pair in pairs for stream in (pair.base, pair.other)]


def _round(pairs: Sequence[Pair], scale: Scale) -> None:
    streams = _streams(pairs)
    for stream in streams:
        stream.spent.append(0)
    for _ in range(scale.slices):
        for stream in streams:
            stream.run(scale.requests_in_slice)
        streams.reverse()


def _finding(pair: Pair, scale: Scale) -> Finding:
    ratios = [other / base for base, other in zip(pair.base.spent, pair.other.spent, strict=True)]
    base, other = (_microseconds(stream, scale) for stream in (pair.base, pair.other))
    return ratio_finding(pair.name, ratios, pair.bound, f"{other:.0f} µs to {base:.0f} µs of CPU a request")


def _microseconds(stream: Stream, scale: Scale) -> float:
    return statistics.median(stream.spent) / 1_000 / (scale.slices * scale.requests_in_slice)
