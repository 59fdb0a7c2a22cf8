"""What two versions of a policy have in common, found before their rules are taken for what they mean.

Most changes touch little of a policy. What is written alike on both sides cancels out as text, and its peers
are read only where its ports bear on what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from webhook.core.canonical import canonical_json
from webhook.core.errors import ReviewError, UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy.cubes import Cube
from webhook.core.impact.networkpolicy.intervals import IntervalSet
from webhook.core.impact.networkpolicy.ports import ALL_PORTS
from webhook.core.impact.networkpolicy.traffic import Policy, read_rules, spec_of

_BYTES, _BYTES_OF_LARGE, _LARGE = 384, 128, 1 << 14
"""How much JSON is written in one step; less of a large text, where many keys of one map may be sorted."""


def is_same_spec(one: Any, other: Any, budget: Budget) -> bool:
    """Tell whether two normal forms have the same spec; then nothing changes, whatever it means."""
    return None not in (one, other) and _text(spec_of(one), budget) == _text(spec_of(other), budget)


class Contrast(NamedTuple):
    """What rules let through: only those of the first policy, only those of the second, those of both.

    That is by how they are written: what only one has may be allowed by the other in other words. ``reach``
    are the ports on which something may change; of ``both`` there is what uses them.
    """

    first: list[Cube]
    second: list[Cube]
    both: list[Cube]
    reach: IntervalSet


def contrast(first: Policy, second: Policy, budget: Budget) -> Contrast:
    """Read the rules of two versions of a policy, as far as something changes.

    Raises UnreadableError, TooLargeError.
    """
    only_ours, only_others, shared = _parted(first.rules, second.rules, budget)
    one, other = (read_rules(rules, first, budget) for rules in (only_ours, only_others))
    common = one & other
    only_one, only_other = one - common, other - common
    # Pods that are selected anew, or no more, see all rules come or go.
    same_pods = first.targets == second.targets
    reach = (only_one | only_other).reach(budget) if same_pods else ALL_PORTS
    both = common | read_rules(shared, first, budget, reach)
    in_first, in_second, in_both = (
        rules.cubes(first.namespace, budget) for rules in (only_one, only_other, both)
    )
    return Contrast(in_first, in_second, in_both, reach)


def _parted(
    first: Sequence[Any], second: Sequence[Any], budget: Budget
) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """Return the rules that only the first have, only the second, and both: by text, where 1 is not true."""
    if not first or not second:
        return first, second, ()
    ours, others = ({_text(rule, budget): rule for rule in rules} for rules in (first, second))
    return (
        [rule for text, rule in ours.items() if text not in others],
        [rule for text, rule in others.items() if text not in ours],
        [rule for text, rule in ours.items() if text in others],
    )


def _text(value: Any, budget: Budget) -> bytes:
    try:
        text = canonical_json(value)
    except ReviewError:
        raise UnreadableError("the object cannot be written as JSON") from None
    budget.spend(1 + len(text) // (_BYTES if len(text) < _LARGE else _BYTES_OF_LARGE))
    return text
