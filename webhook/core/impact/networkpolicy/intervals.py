"""Sets of whole numbers as intervals: what addresses and ports are made of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
"""The first and the last number of it."""


@dataclass(frozen=True, slots=True)
class IntervalSet:
    """A set of numbers. Its intervals are sorted and neither overlap nor touch, so equal sets are equal.

    First and last numbers stand apart: one tuple less for each of 20,000 blocks of addresses.
    """

    firsts: tuple[int, ...] = ()
    lasts: tuple[int, ...] = ()

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> IntervalSet:
        """Join intervals that may overlap, in any order."""
        return joined(sorted(intervals))

    @property
    def intervals(self) -> Iterator[Interval]:
        """Return the intervals, in order."""
        return zip(self.firsts, self.lasts, strict=True)

    @property
    def weight(self) -> int:
        """Return the steps that it takes to go through all of it."""
        return len(self.firsts) // 3

    def __len__(self) -> int:
        return len(self.firsts)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and bool(self._within(number, number))

    def __and__(self, other: IntervalSet) -> IntervalSet:
        few, many = sorted((self, other), key=len)
        firsts: list[int] = []
        lasts: list[int] = []
        for low, high in few.intervals:
            if found := many._within(low, high):
                at = len(firsts)
                firsts += many.firsts[found.start : found.stop]
                lasts += many.lasts[found.start : found.stop]
                firsts[at], lasts[-1] = max(low, firsts[at]), min(high, lasts[-1])
        return IntervalSet(tuple(firsts), tuple(lasts))

    def __sub__(self, other: IntervalSet) -> IntervalSet:
        firsts: list[int] = []
        lasts: list[int] = []
        for first, last in self.intervals:
            low = first
            for at in other._within(first, last):
                if other.firsts[at] > low:
                    firsts.append(low)
                    lasts.append(other.firsts[at] - 1)
                low = other.lasts[at] + 1
            if low <= last:
                firsts.append(low)
                lasts.append(last)
        return IntervalSet(tuple(firsts), tuple(lasts))

    def __or__(self, other: IntervalSet) -> IntervalSet:
        return IntervalSet.of((*self.intervals, *other.intervals))

    def isdisjoint(self, other: IntervalSet) -> bool:
        """Tell whether no number is in both."""
        few, many = sorted((self, other), key=len)
        return not any(many._within(low, high) for low, high in few.intervals)  # noqa: SLF001  # as above

    def size(self) -> int:
        """Count the numbers."""
        return sum(self.lasts) - sum(self.firsts) + len(self)

    def _within(self, low: int, high: int) -> range:
        """Return where the intervals stand that share a number with one."""
        return range(bisect_left(self.lasts, low), bisect_right(self.firsts, high))


def joined(intervals: Iterable[Interval]) -> IntervalSet:
    """Join intervals that are sorted, but may overlap."""
    firsts: list[int] = []
    lasts: list[int] = []
    end = 0
    for first, last in intervals:
        if not firsts or first > end + 1:
            if firsts:
                lasts.append(end)
            firsts.append(first)
            end = last
        elif last > end:
            end = last
    return IntervalSet(tuple(firsts), (*lasts, end) if firsts else ())
