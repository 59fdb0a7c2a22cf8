"""How long an answer takes while the server is half as busy as the floor can be. No bound."""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections.abc import Sequence

from benchmarks.cores import CLIENT, on_cores
from benchmarks.progress import Progress
from benchmarks.report import Finding
from benchmarks.reviews import DENIED, NOTHING, RESTORES
from benchmarks.scale import Scale
from benchmarks.server import Server
from benchmarks.speed import ALLOWED, requests_of
from benchmarks.world import World

_TRIES = 3
_KEPT_UP = 0.95


def latency(few: World, scale: Scale) -> list[Finding]:
    """Ask at half the floor's throughput, at random times."""
    requests = requests_of(NOTHING, few.objects)
    with few.floor() as floor, few.product() as product, on_cores(CLIENT):
        rate = _throughput(floor, requests) / 2
        streams = [("floor", floor, requests, ALLOWED)]
        streams += [
            (case.name, product, requests_of(case, few.objects), case.expected)
            for case in (NOTHING, RESTORES, DENIED)
        ]
        findings = []
        with Progress("latency: rates", len(streams)) as progress:
            for number, stream in enumerate(streams):
                progress.report(number)
                findings.append(_at(rate, *stream, scale))
        return findings


def _throughput(server: Server, requests: Sequence[bytes]) -> float:
    """Return how many requests a second a server answers that is always asked; the best of some tries."""
    many = list(itertools.islice(itertools.cycle(requests), 2_000))
    server.client.closed_loop(many, ALLOWED)
    return max(_rate(server, many) for _ in range(_TRIES))


def _rate(server: Server, requests: Sequence[bytes]) -> float:
    began = time.perf_counter()
    server.client.closed_loop(requests, ALLOWED)
    return len(requests) / (time.perf_counter() - began)


def _at(
    rate: float, name: str, server: Server, requests: Sequence[bytes], expected: bytes, scale: Scale
) -> Finding:
    count = round(rate * scale.seconds_at_a_rate)
    asked = list(itertools.islice(itertools.cycle(requests), count))
    server.client.closed_loop(asked[:500], expected)
    due = arrivals(count, rate)
    began = time.perf_counter()
    latencies = server.client.open_loop(asked, expected, due)
    kept_up = due[-1] / (time.perf_counter() - began) > _KEPT_UP
    p50, p99 = statistics.median(latencies), statistics.quantiles(latencies, n=100)[-1]
    more = f"at {rate:,.0f} requests/s" + ("" if kept_up else "; the worker did not keep up")
    return Finding(f"latency: {name}", f"p50 {p50 * 1_000:.2f} ms, p99 {p99 * 1_000:.2f} ms", more=more)


def arrivals(count: int, rate: float) -> list[float]:
    """Return when requests are due (s), as if from many independent clients: the same in every run."""
    chance = random.Random(count)  # noqa: S311  # no secret
    return list(itertools.accumulate(chance.expovariate(rate) for _ in range(count)))
