"""When requests are due."""

from __future__ import annotations

from itertools import pairwise

from benchmarks.latency import arrivals


def test_requests_are_due_in_order_and_at_the_same_times_in_every_run() -> None:
    due = arrivals(1_000, 500.0)
    assert due == arrivals(1_000, 500.0)
    assert all(before < after for before, after in pairwise(due))


def test_as_many_are_due_in_a_second_as_the_rate_says() -> None:
    assert 4_500 < 5_000 / arrivals(5_000, 5_000.0)[-1] < 5_500
