"""Sets of connections as cubes, and what is left of one when others are taken away.

A connection is a point: the labels of the target, of the peer and of its namespace, where the peer is,
the port and the port's name. A cube holds for each of these dimensions the values that it may have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple, TypeAlias

from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy.addresses import EVERYWHERE
from webhook.core.impact.networkpolicy.intervals import IntervalSet
from webhook.core.impact.networkpolicy.labels import ANY, PRESENT, ValueSet
from webhook.core.impact.networkpolicy.ports import ALL_PORTS


class Dimension(NamedTuple):
    """What is told of a connection: one of the numbers below, and for a label its key.

    Cubes are taken apart in this order, so that what has no address has lost that before its labels.
    """

    place: int
    key: str = ""


TARGET, _PORT, _PORT_NAME, _ADDRESS, PEER_NAMESPACE, PEER_POD = range(6)
PORT = Dimension(_PORT)
PORT_NAME = Dimension(_PORT_NAME)
ADDRESS = Dimension(_ADDRESS)
NAMESPACE_NAME = Dimension(PEER_NAMESPACE, "kubernetes.io/metadata.name")

Values: TypeAlias = IntervalSet | ValueSet
Cube: TypeAlias = Mapping[Dimension, Any]
"""The values in each dimension, of the type that its universe has; one that is not there is free."""


def universe(dimension: Dimension) -> Any:
    """Return all values of a dimension. A namespace always has its name as a label."""
    if dimension == PORT:
        return ALL_PORTS
    if dimension == ADDRESS:
        return EVERYWHERE
    return PRESENT if dimension == NAMESPACE_NAME else ANY


def cube_of(values: Mapping[Dimension, Any]) -> Cube | None:
    """Return the cube with some values in each dimension, None where that is empty."""
    if not all(values.values()):
        return None
    return {at: values[at] for at in sorted(values) if values[at] != universe(at)}


def contains(cube: Cube, point: Mapping[Dimension, Any]) -> bool:
    """Tell whether a connection is in a cube; a label that the point does not name is absent."""
    return all(point.get(dimension) in values for dimension, values in cube.items())


def intersection(one: Cube, other: Cube) -> Cube | None:
    """Return what is in both, None for nothing."""
    both = {**one, **other}
    return cube_of({at: one[at] & other[at] if at in one and at in other else both[at] for at in both})


def overlap(one: Cube, other: Cube, budget: Budget) -> bool:
    """Tell whether something is in both."""
    budget.spend(len(other) // 4)
    for dimension, values in other.items():
        mine = one.get(dimension)
        if mine is not None:
            budget.spend(min(mine.weight, values.weight))
            if mine.isdisjoint(values):
                return False
    return True


def hull(one: Cube, other: Cube, budget: Budget) -> Cube:
    """Return the smallest cube around two."""
    around: dict[Dimension, Any] = {}
    for at in one.keys() & other.keys():
        budget.spend(1 + 2 * one[at].weight + 2 * other[at].weight)
        joined = one[at] if one[at] is other[at] else one[at] | other[at]
        if joined != universe(at):
            around[at] = joined
    return _ordered(around)


def outside(cube: Cube, other: Cube, budget: Budget) -> Iterator[Cube]:
    """Yield disjoint parts of a cube that together are all of it outside another, which it overlaps."""
    inside = dict(cube)
    for dimension, values in other.items():
        mine = inside.get(dimension, universe(dimension))
        budget.spend(2 + len(inside) // 8 + mine.weight + values.weight // 8)
        if left := mine - values:
            budget.spend(left.weight)
            yield {**inside, dimension: left}
        inside[dimension] = mine & values


def remainder(cube: Cube, others: Sequence[Cube], budget: Budget) -> Iterator[Cube]:
    """Yield disjoint parts of a cube that together are all of it that is in none of the others.

    Only as much is worked out as is asked for. Raises TooLargeError.
    """
    open_parts: list[tuple[Iterator[Cube], int]] = [(iter([cube]), 0)]
    while open_parts:
        parts, start = open_parts[-1]
        part = next(parts, None)
        if part is None:
            open_parts.pop()
            continue
        at = _first_overlap(part, others, start, budget)
        if at is None:
            yield part
        else:
            open_parts.append((outside(part, others[at], budget), at + 1))


def _first_overlap(cube: Cube, others: Sequence[Cube], start: int, budget: Budget) -> int | None:
    for at in range(start, len(others)):
        budget.spend()
        if overlap(cube, others[at], budget):
            return at
    return None


def within(targets: Cube, rules: Sequence[Cube], budget: Budget) -> list[Cube]:
    """Return what rules, which tell nothing of targets, let through to some."""
    budget.spend(len(rules) * (1 + len(targets) // 8))
    return [{**targets, **rule} for rule in rules]


def is_within(cube: Cube, others: Sequence[Cube], budget: Budget) -> bool:
    """Tell whether all of a cube is in others taken together."""
    return next(remainder(cube, others, budget), None) is None


def merged(cubes: Iterable[Cube], budget: Budget) -> list[Cube]:
    """Join cubes that differ in one dimension only, as far as that goes."""
    left = list(cubes)
    for dimension in sorted({dimension for cube in left for dimension in cube}):
        if len(left) > 1:
            left = _merged_along(dimension, left, budget)
    return left


def _merged_along(dimension: Dimension, cubes: list[Cube], budget: Budget) -> list[Cube]:
    alike: dict[frozenset[tuple[Dimension, Values]], list[Cube]] = {}
    for cube in cubes:
        budget.spend(2 + len(cube) // 4 + sum(values.weight for values in cube.values()) // 8)
        rest = frozenset((at, values) for at, values in cube.items() if at != dimension)
        alike.setdefault(rest, []).append(cube)
    groups = alike.values()
    return [_joined(dimension, group, budget) if len(group) > 1 else group[0] for group in groups]


def _joined(dimension: Dimension, cubes: list[Cube], budget: Budget) -> Cube:
    """Return the cube that differs from others in one dimension, where it has the values of all."""
    rest = {at: values for at, values in cubes[0].items() if at != dimension}
    if not all(dimension in cube for cube in cubes):
        return rest
    joined = [cube[dimension] for cube in cubes]
    budget.spend(2 * sum(values.weight for values in joined))
    while len(joined) > 1:  # by halves: what is large is copied few times
        joined = [one | other for one, other in zip_longest(joined[::2], joined[1::2], fillvalue=joined[0])]
    return rest if joined[0] == universe(dimension) else _ordered({**rest, dimension: joined[0]})


def _ordered(cube: Cube) -> Cube:
    return {dimension: cube[dimension] for dimension in sorted(cube)}
