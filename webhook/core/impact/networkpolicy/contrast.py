"""What two versions of a policy have in common, found before their rules are taken for what they mean.

Most changes touch little of a policy. What is written alike on both sides is read once, and comparing it is
cheaper than reading it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from webhook.core.canonical import canonical_json
from webhook.core.errors import ReviewError, UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy.cubes import Cube
from webhook.core.impact.networkpolicy.reading import list_of, map_of
from webhook.core.impact.networkpolicy.traffic import Policy, read_rules, spec_of


def is_same_spec(one: Any, other: Any) -> bool:
    """Tell whether two normal forms have the same spec; then nothing changes, whatever it means."""
    return None not in (one, other) and _text(spec_of(one)) == _text(spec_of(other))


class Parted(NamedTuple):
    """Rules as they stand: those that only the first of two policies has, only the second, both."""

    first: list[Any]
    second: list[Any]
    both: list[Any]


class Contrast(NamedTuple):
    """What rules let through: only those of the first policy, only those of the second, those of both.

    That is by how they are written: what only one has may be allowed by the other in other words.
    """

    first: list[Cube]
    second: list[Cube]
    both: list[Cube]


def part(first: Policy, second: Policy, budget: Budget) -> Parted:
    """Tell apart the rules of two versions of a policy, without reading more than a little of them."""
    waiting: dict[Any, list[Any]] = {}
    for rule in second.rules:
        waiting.setdefault(_sketch(rule, second, budget), []).append(rule)
    only_first: list[Any] = []
    alike: list[Any] = []
    for rule in first.rules:
        candidates = waiting.get(_sketch(rule, first, budget), [])
        at = _index(rule, candidates, budget)
        if at is None:
            only_first.append(rule)
        else:
            alike.append(candidates.pop(at))
    return Parted(only_first, [rule for rules in waiting.values() for rule in rules], alike)


def contrast(parted: Parted, policy: Policy, budget: Budget) -> Contrast:
    """Read rules of two versions of a policy. Raises UnreadableError, TooLargeError."""
    first, second, alike = (read_rules(rules, policy, budget) for rules in parted)
    common = first & second
    return Contrast(
        *(
            rules.cubes(policy.namespace, budget)
            for rules in (first - common, second - common, common | alike)
        )
    )


def _sketch(rule: Any, policy: Policy, budget: Budget) -> tuple[bytes, int, bytes]:
    """Return a little of a rule, so that few are compared: its ports as text, where 1 is not true."""
    budget.spend(3)
    fields = map_of(rule, policy.direction.fields, "a rule")
    peers = list_of(fields.get(policy.direction.peers, []), "the peers of a rule")
    return _text(fields.get("ports")), len(peers), _text(peers[:1])


def _index(rule: Any, rules: Sequence[Any], budget: Budget) -> int | None:
    for at, candidate in enumerate(rules):
        budget.spend()
        if _equal(rule, candidate):
            return at
    return None


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except RecursionError:
        return False


def _text(value: Any) -> bytes:
    try:
        return canonical_json(value)
    except ReviewError:
        raise UnreadableError("the object cannot be written as JSON") from None
