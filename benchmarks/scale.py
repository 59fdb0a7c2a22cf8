"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of baselines (objects), rounds, and requests.

    A round gives one ratio. It is made of slices, in which all that is compared takes its turn, so
    that a machine that is slower for a while is so for all alike.
    """

    few: int = 100
    many: int = 100_000
    rounds: int = 5
    slices: int = 8
    requests_in_slice: int = 250
    reviews_before_memory: int = 5_000
    seconds_at_a_rate: float = 5.0


FULL = Scale()
QUICK = Scale(many=10_000, rounds=3, slices=4, requests_in_slice=100, seconds_at_a_rate=2.0)
