"""What traffic a change opens or closes, next to the other policies of the namespace.

Policies add up: traffic is allowed where some policy that selects the pod has a rule for it, and all of it
where no policy selects the pod. Closing is opening seen from the other side, so only that is worked out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy.contrast import contrast
from webhook.core.impact.networkpolicy.cubes import (
    Cube,
    contains,
    hull,
    intersection,
    is_within,
    merged,
    overlap,
    remainder,
    within,
)
from webhook.core.impact.networkpolicy.neighbours import Around, Neighbours
from webhook.core.impact.networkpolicy.plain import End, overstated, told
from webhook.core.impact.networkpolicy.traffic import Direction, Policy

_MOST_PARTS = 16
"""Parts of a remainder past which it is told by what brought it."""


@dataclass(frozen=True, slots=True)
class Region:
    """Traffic that is opened: all of a cube but what is in ``allowed``, which is not all of it.

    ``box`` is a cube around that traffic and in ``cube``, the smallest that words can tell plainly, and
    ``partly`` the end of which it says more than is opened, if that is worth a word.
    """

    cube: Cube
    allowed: tuple[Cube, ...]
    box: Cube
    partly: End | None

    def contains(self, point: Mapping[Any, Any]) -> bool:
        """Tell whether a connection is opened."""
        return contains(self.cube, point) and not any(contains(other, point) for other in self.allowed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a change does to the traffic of one direction."""

    direction: Direction
    opens: tuple[Region, ...] = ()
    closes: tuple[Region, ...] = ()


def compare(before: Policy, after: Policy, neighbours: Neighbours, budget: Budget) -> Comparison:
    """Return what a change opens and closes in one direction. Raises ImpactError where that can't be told."""
    direction = before.direction
    parted = contrast(before, after, budget)
    if not parted.reach:
        return Comparison(direction)
    selected = [policy.targets for policy in (before, after) if policy.targets is not None]
    around = neighbours.around(direction, selected, parted.reach)
    was = _Version(before.targets, parted.first, parted.both)
    is_now = _Version(after.targets, parted.second, parted.both)
    return Comparison(
        direction,
        tuple(_opened(was, is_now, around, budget)),
        tuple(_opened(is_now, was, around, budget)),
    )


@dataclass(frozen=True, slots=True)
class _Version:
    """The policy that changes, before or after: whom it selects, its own rules, and those in both."""

    targets: Cube | None
    own: list[Cube]
    shared: list[Cube]

    def traffic(self, budget: Budget) -> list[Cube]:
        """Return what it allows to those whom it selects."""
        return [] if self.targets is None else within(self.targets, self.own + self.shared, budget)


def _opened(was: _Version, is_now: _Version, around: Around, budget: Budget) -> Iterator[Region]:
    """Yield what is allowed now and was not."""
    allowed = [*was.traffic(budget), *around.traffic]
    for cube in merged(_allowed_by_rules(was, is_now, around, budget), budget):
        yield from _region(cube, allowed, budget)
    if was.targets is not None:
        # Where no policy selects a pod any more, all is allowed.
        selected = [*around.targets] if is_now.targets is None else [is_now.targets, *around.targets]
        yield from _region(was.targets, [*selected, *was.traffic(budget)], budget)


def _allowed_by_rules(was: _Version, is_now: _Version, around: Around, budget: Budget) -> Iterator[Cube]:
    """Yield what rules allow now to pods that some policy selected before: elsewhere all was allowed."""
    if is_now.targets is None:
        return
    if was.targets is not None:
        if (both := intersection(is_now.targets, was.targets)) is not None:
            yield from within(both, is_now.own, budget)
        if is_within(is_now.targets, [was.targets], budget):
            return
    for targets in around.targets:
        if (both := intersection(is_now.targets, targets)) is not None:
            yield from within(both, is_now.own + is_now.shared, budget)


def _region(cube: Cube, allowed: Sequence[Cube], budget: Budget) -> Iterator[Region]:
    """Yield what of a cube is in none of those that were allowed, if there is any."""
    budget.spend(len(allowed))
    near = sorted((other for other in allowed if overlap(cube, other, budget)), key=len)
    box = _box(cube, near, budget)
    if box is not None:
        yield Region(cube, tuple(near), box, overstated(box, near, budget))


def _box(cube: Cube, near: Sequence[Cube], budget: Budget) -> Cube | None:
    """Return what words can tell of what is left of a cube, None where nothing is."""
    box = around = None
    for count, left in enumerate(remainder(cube, near, budget)):
        around = left if around is None else hull(around, left, budget)
        box = told(around, cube)
        if box == cube or count == _MOST_PARTS:
            return cube
    return box
