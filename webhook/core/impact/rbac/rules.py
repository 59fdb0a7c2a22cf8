"""The rules of a role as values, read from its normal form.

A rule that the API server would refuse, but the authorizer would understand (no verbs, resources beside
URLs), means what the authorizer makes of it. What has another shape has no known meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget

ALL = "*"
"""Stands for every verb, API group or resource."""

_FIELDS = frozenset({"verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"})
_NONE: frozenset[str] = frozenset()
_STRINGS_A_STEP = 16
_STEPS_A_RULE = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. No ``names`` means every name; ``urls`` may end in one ``*``."""

    verbs: frozenset[str]
    groups: frozenset[str] = _NONE
    resources: frozenset[str] = _NONE
    names: frozenset[str] = _NONE
    urls: frozenset[str] = _NONE


Rules: TypeAlias = frozenset[Rule]
"""What a role says: in which order, and how often, means nothing."""

NO_RULES: Rules = frozenset()


def rules_of(role: Mapping[str, Any] | None, budget: Budget) -> Rules:
    """Return the rules of a Role or ClusterRole, those of None being none.

    Raises UnreadableError for what is no rule, TooLargeError.
    """
    items = (role or {}).get("rules", [])
    if not isinstance(items, list):
        raise UnreadableError("its rules cannot be read")
    budget.spend(_STEPS_A_RULE * len(items))
    return frozenset(_rule(item, budget) for item in items)


def _rule(item: Any, budget: Budget) -> Rule:
    if not isinstance(item, dict) or not _FIELDS.issuperset(item):
        raise UnreadableError("one of its rules cannot be read")
    return Rule(
        _strings(item.get("verbs"), budget),
        _strings(item.get("apiGroups"), budget),
        _strings(item.get("resources"), budget),
        _strings(item.get("resourceNames"), budget),
        frozenset(map(_url, _strings(item.get("nonResourceURLs"), budget))),
    )


def _strings(value: Any, budget: Budget) -> frozenset[str]:
    if value is None:
        return _NONE
    if not isinstance(value, list):
        raise UnreadableError("one of its rules cannot be read")
    budget.spend(len(value) // _STRINGS_A_STEP)
    if not all(isinstance(item, str) for item in value):
        raise UnreadableError("one of its rules cannot be read")
    return frozenset(value)


def _url(pattern: str) -> str:
    """Write a pattern with one ``*`` at its end, as all that stand there are cut before it is matched."""
    return pattern.rstrip(ALL) + ALL if pattern.endswith(ALL) else pattern
