"""Which labels an ``aggregationRule`` selects: apimachinery ``LabelSelectorAsSelector``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget

_SELECTOR = frozenset({"matchLabels", "matchExpressions"})
_EXPRESSION = frozenset({"key", "operator", "values"})
_WITH_VALUES = ("In", "NotIn")
_WITHOUT_VALUES = ("Exists", "DoesNotExist")
_COMPARED_A_STEP = 8
_STRINGS_A_STEP = 4
_UNREADABLE = "its aggregationRule cannot be read"
_UNREADABLE_LABELS = "its labels cannot be read"

Labels: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a label must be, or not be."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Labels) -> bool:
        """Tell whether labels meet it."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels


Selector: TypeAlias = frozenset[Requirement]
"""What labels must meet all of; nothing is met by all labels."""
Selectors: TypeAlias = frozenset[Selector]
"""Of which labels must match one."""


def select(selectors: Selectors, labels: Labels, budget: Budget) -> bool:
    """Tell whether one of some selectors matches labels. Raises TooLargeError."""
    budget.spend(1 + sum(map(len, selectors)))
    return any(all(requirement.holds(labels) for requirement in selector) for selector in selectors)


def select_no_more(selectors: Selectors, others: Selectors, budget: Budget) -> bool:
    """Tell whether all that some selectors match is matched by others; False where it is not plain.

    Raises TooLargeError.
    """
    budget.spend(len(selectors) * len(others) // _COMPARED_A_STEP)
    return all(any(other <= selector for other in others) for selector in selectors)


def labels_of(form: Mapping[str, Any] | None, budget: Budget) -> Labels:
    """Return an object's labels. Raises UnreadableError, TooLargeError."""
    metadata = (form or {}).get("metadata", {})
    labels = metadata.get("labels", {}) if isinstance(metadata, dict) else None
    if not isinstance(labels, dict):
        raise UnreadableError(_UNREADABLE_LABELS)
    budget.spend(1 + len(labels) // _STRINGS_A_STEP)
    if not all(isinstance(value, str) for value in labels.values()):
        raise UnreadableError(_UNREADABLE_LABELS)
    return labels


def selectors_of(role: Mapping[str, Any] | None, budget: Budget) -> Selectors | None:
    """Return by which labels a ClusterRole gathers others, None where it gathers none.

    Raises UnreadableError, TooLargeError.
    """
    aggregation = (role or {}).get("aggregationRule")
    if aggregation is None:
        return None
    if not isinstance(aggregation, dict) or not {"clusterRoleSelectors"}.issuperset(aggregation):
        raise UnreadableError(_UNREADABLE)
    selectors = aggregation.get("clusterRoleSelectors", [])
    if not isinstance(selectors, list):
        raise UnreadableError(_UNREADABLE)
    budget.spend(len(selectors))
    return frozenset(_selector(selector, budget) for selector in selectors)


def _selector(selector: Any, budget: Budget) -> Selector:
    if not isinstance(selector, dict) or not _SELECTOR.issuperset(selector):
        raise UnreadableError(_UNREADABLE)
    labels, expressions = selector.get("matchLabels", {}), selector.get("matchExpressions", [])
    if not isinstance(labels, dict) or not isinstance(expressions, list):
        raise UnreadableError(_UNREADABLE)
    budget.spend(len(labels) + len(expressions))
    if not all(isinstance(value, str) for value in labels.values()):
        raise UnreadableError(_UNREADABLE)
    return frozenset(
        [Requirement(key, "In", frozenset({value})) for key, value in labels.items()]
        + [_requirement(expression, budget) for expression in expressions]
    )


def _requirement(expression: Any, budget: Budget) -> Requirement:
    if not isinstance(expression, dict) or not _EXPRESSION.issuperset(expression):
        raise UnreadableError(_UNREADABLE)
    key, operator, values = expression.get("key"), expression.get("operator"), expression.get("values", [])
    if not isinstance(key, str) or not isinstance(values, list):
        raise UnreadableError(_UNREADABLE)
    budget.spend(len(values) // _STRINGS_A_STEP)
    if not all(isinstance(value, str) for value in values):
        raise UnreadableError(_UNREADABLE)
    if operator not in (_WITH_VALUES if values else _WITHOUT_VALUES):
        raise UnreadableError(_UNREADABLE)
    return Requirement(key, operator, frozenset(values))
