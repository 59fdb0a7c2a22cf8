"""Which cubes can be told in plain words, and where those say too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy.addresses import is_plain
from webhook.core.impact.networkpolicy.cubes import (
    ADDRESS,
    NAMESPACE_NAME,
    PEER_NAMESPACE,
    PORT,
    PORT_NAME,
    TARGET,
    Cube,
    Dimension,
    overlap,
)
from webhook.core.impact.networkpolicy.ports import number_words

_FEW = 3


def told(box: Cube, cube: Cube) -> Cube:
    """Return a box that words can tell: where they can't, it is as wide as the cube around it."""
    name = box.get(NAMESPACE_NAME)
    is_named = name is not None and not name.cofinite
    chosen = {
        at: values if _is_plain(at, values) and not (is_named and _is_beside_name(at)) else cube.get(at)
        for at, values in box.items()
    }
    return {at: values for at, values in chosen.items() if values is not None}


def _is_beside_name(dimension: Dimension) -> bool:
    """Tell whether this is another label of a namespace: who knows its name needs no more."""
    return dimension.place == PEER_NAMESPACE and dimension != NAMESPACE_NAME


def _is_plain(dimension: Dimension, values: Any) -> bool:
    if dimension == ADDRESS:
        return is_plain(values)
    if dimension == PORT:
        return len(values) <= _FEW and len(number_words(values)) <= _FEW
    return len(values.values) <= _FEW


class End(Enum):
    """What words for a cube speak of, in the order in which it is said to be told too widely."""

    PORTS = 0
    PEER = 1
    TARGET = 2


def overstated(box: Cube, allowed: Iterable[Cube], budget: Budget) -> End | None:
    """Return where a box says more than it should, as it holds traffic that was allowed before.

    None where what was allowed before is some values of a label, or of all traffic or that to a port by
    name some ports for some addresses: ``all pods`` is said also where the gateway was let in already.
    """
    ends = [
        _end_of(dimension)
        for other in allowed
        if overlap(box, other, budget)
        for dimension in _restricting(box, other, budget)
    ]
    return min(ends, key=lambda end: end.value, default=None)


def _restricting(box: Cube, other: Cube, budget: Budget) -> Iterator[Dimension]:
    """Yield where a cube is narrower than a box, nothing where that is not worth a word."""
    narrower = [at for at, values in other.items() if _is_wider(box.get(at), values, budget)]
    is_by_name = PORT_NAME in box  # which number that is, nobody knows here
    is_all_traffic = ADDRESS not in box and PORT not in box
    if (is_by_name or is_all_traffic) and ADDRESS in narrower and PORT in narrower:
        return
    if all(at in (ADDRESS, PORT) or other[at].cofinite for at in narrower):
        yield from narrower


def _is_wider(one: Any, other: Any, budget: Budget) -> bool:
    """Tell whether some values are not in others, which are not all; None are all."""
    if one is None:
        return True
    budget.spend(1 + one.weight + other.weight // 2)
    return bool(one - other)


def _end_of(dimension: Dimension) -> End:
    if dimension in (PORT, PORT_NAME):
        return End.PORTS
    return End.TARGET if dimension.place == TARGET else End.PEER
