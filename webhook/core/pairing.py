"""Which removed element of a set became which added one, so that a diff can go inside."""

from __future__ import annotations

from typing import Any

from webhook.core.canonical import canonical_json

MAX_CANDIDATES = 30
"""Elements on a side past which no pairs are sought: the work is quadratic."""

Pair = tuple[int, Any, Any]
Feature = tuple[str, bytes]


def pair_by_likeness(
    removed: list[tuple[int, Any]], added: list[Any]
) -> tuple[list[Pair], list[Any], list[Any]]:
    """Pair removed maps with the added ones that they share most with.

    Returns the pairs (index of the removed one, removed, added), what was only removed, and what
    was only added. One left on each side is a pair without likeness. Scalars are never paired.
    """
    if len(removed) == 1 == len(added) and isinstance(removed[0][1], dict) and isinstance(added[0], dict):
        return [(*removed[0], added[0])], [], []
    if not removed or not added or max(len(removed), len(added)) > MAX_CANDIDATES:
        return [], [item for _, item in removed], added
    taken: dict[int, int] = {}
    for _, left, right in sorted(_unlikenesses(removed, added)):
        if left not in taken and right not in taken.values():
            taken[left] = right
    pairs = [(*removed[left], added[right]) for left, right in sorted(taken.items())]
    only_removed = [item for left, (_, item) in enumerate(removed) if left not in taken]
    only_added = [item for right, item in enumerate(added) if right not in taken.values()]
    return pairs, only_removed, only_added


def _unlikenesses(removed: list[tuple[int, Any]], added: list[Any]) -> list[tuple[float, int, int]]:
    left = [_features(item) for _, item in removed]
    right = [_features(item) for item in added]
    return [
        (1 - len(mine & theirs) / len(mine | theirs), i, j)
        for i, mine in enumerate(left)
        for j, theirs in enumerate(right)
        if mine & theirs
    ]


def _features(item: Any) -> frozenset[Feature]:
    """Return the (field, value) pairs of a map, with each element of a list on its own."""
    if not isinstance(item, dict):
        return frozenset()
    return frozenset(
        (name, canonical_json(element))
        for name, value in item.items()
        for element in (value if isinstance(value, list) else [value])
    )
