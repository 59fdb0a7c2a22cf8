"""What traffic a change opens or closes, next to the other policies of the namespace.

Policies add up: traffic is allowed where some policy that selects the pod has a rule for it, and all of it
where no policy selects the pod. Closing is opening seen from the other side, so only that is worked out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.naming import name_of
from webhook.core.impact.networkpolicy.contrast import contrast, part
from webhook.core.impact.networkpolicy.cubes import (
    Cube,
    contains,
    hull,
    intersection,
    is_within,
    merged,
    overlap,
    remainder,
)
from webhook.core.impact.networkpolicy.plain import told
from webhook.core.impact.networkpolicy.traffic import (
    Direction,
    read_policy,
    read_rules,
)
from webhook.core.impact.surroundings import Policies

_STEPS = 4
"""What it takes to look at another policy; to read it takes more."""

_MOST_PARTS = 16
"""Parts of a remainder past which it is told by what brought it."""


@dataclass(frozen=True, slots=True)
class Region:
    """Traffic that is opened: all of a cube but what is in ``allowed``, which is not all of it.

    ``box`` is a cube around that traffic and in ``cube``, the smallest that words can tell plainly.
    """

    cube: Cube
    allowed: tuple[Cube, ...]
    box: Cube

    def contains(self, point: Mapping[Any, Any]) -> bool:
        """Tell whether a connection is opened."""
        return contains(self.cube, point) and not any(contains(other, point) for other in self.allowed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a change does to the traffic of one direction."""

    direction: Direction
    opens: tuple[Region, ...]
    closes: tuple[Region, ...]


def compare(change: Change, direction: Direction, surroundings: Policies, budget: Budget) -> Comparison:
    """Return what a change opens and closes in one direction. Raises ImpactError where that can't be told."""
    before, after = (
        read_policy(form, direction, change.key.namespace, budget) for form in (change.before, change.after)
    )
    parted = part(before, after, budget)
    if before.targets == after.targets and not parted.first and not parted.second:
        return Comparison(direction, (), ())
    selected = [policy.targets for policy in (before, after) if policy.targets is not None]
    around = _read_around(change, direction, selected, surroundings, budget)
    only_before, only_after, both = contrast(parted, before, budget)
    was = _Version(before.targets, only_before, both)
    is_now = _Version(after.targets, only_after, both)
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
        return [] if self.targets is None else _to(self.targets, self.own + self.shared, budget)


@dataclass(frozen=True, slots=True)
class _Around:
    """The other policies: whom they select, and what they allow to whom."""

    targets: list[Cube]
    traffic: list[Cube]


def _to(targets: Cube, rules: Sequence[Cube], budget: Budget) -> list[Cube]:
    budget.spend(len(rules) * (1 + len(targets) // 8))
    return [{**targets, **rule} for rule in rules]


def _read_around(
    change: Change,
    direction: Direction,
    selected: Sequence[Cube],
    surroundings: Policies,
    budget: Budget,
) -> _Around:
    """Read the other policies, as far as they select pods that the one that changes selects."""
    targets: list[Cube] = []
    traffic: list[Cube] = []
    for form in surroundings.network_policies(change.key.namespace):
        name = form.get("metadata", {}).get("name")
        if name == change.key.name:
            continue
        budget.spend(_STEPS)
        try:
            policy = read_policy(form, direction, change.key.namespace, budget)
            if policy.targets is not None and any(overlap(policy.targets, each, budget) for each in selected):
                budget.spend(2 * _STEPS)
                targets.append(policy.targets)
                rules = read_rules(policy.rules, policy, budget).cubes(policy.namespace, budget)
                traffic.extend(_to(policy.targets, rules, budget))
        except UnreadableError as error:
            raise UnreadableError(f"NetworkPolicy {name_of(str(name))} beside it: {error}") from None
    return _Around(merged(targets, budget), merged(traffic, budget))


def _opened(was: _Version, is_now: _Version, around: _Around, budget: Budget) -> Iterator[Region]:
    """Yield what is allowed now and was not."""
    allowed = [*was.traffic(budget), *around.traffic]
    for cube in merged(_allowed_by_rules(was, is_now, around, budget), budget):
        yield from _region(cube, allowed, budget)
    if was.targets is not None:
        # Where no policy selects a pod any more, all is allowed.
        selected = [*around.targets] if is_now.targets is None else [is_now.targets, *around.targets]
        yield from _region(was.targets, [*selected, *was.traffic(budget)], budget)


def _allowed_by_rules(was: _Version, is_now: _Version, around: _Around, budget: Budget) -> Iterator[Cube]:
    """Yield what rules allow now to pods that some policy selected before: elsewhere all was allowed."""
    if is_now.targets is None:
        return
    if was.targets is not None:
        if (both := intersection(is_now.targets, was.targets)) is not None:
            yield from _to(both, is_now.own, budget)
        if is_within(is_now.targets, [was.targets], budget):
            return
    for targets in around.targets:
        if (both := intersection(is_now.targets, targets)) is not None:
            yield from _to(both, is_now.own + is_now.shared, budget)


def _region(cube: Cube, allowed: Sequence[Cube], budget: Budget) -> Iterator[Region]:
    """Yield what of a cube is in none of those that were allowed, if there is any."""
    budget.spend(len(allowed))
    near = sorted((other for other in allowed if overlap(cube, other, budget)), key=len)
    around: Cube | None = None
    for count, left in enumerate(remainder(cube, near, budget)):
        around = left if around is None else hull(around, left, budget)
        box = told(around, cube)
        if box == cube or count == _MOST_PARTS:
            yield Region(cube, tuple(near), cube)
            return
    if around is not None:
        yield Region(cube, tuple(near), told(around, cube))
