"""Label selectors: for each label that counts, the values that it may have.

The rules are those of ``k8s.io/apimachinery/pkg/labels`` (Requirement.Matches): who lacks a label matches
``NotIn``. What ``ValidateLabelSelector`` refuses cannot be read.
"""

from __future__ import annotations

from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy.labels import ABSENT, ANY, PRESENT, ValueSet, one_of
from webhook.core.impact.networkpolicy.reading import list_of, map_of, strings_of

_FIELDS = frozenset({"matchLabels", "matchExpressions"})
_EXPRESSION = frozenset({"key", "operator", "values"})
_STEPS = 4
"""What it takes to read one label, and to carry it along in cubes."""

LONGEST = 253 + 1 + 63
"""The characters of the longest key that the API takes: prefix, slash, name. A value is no longer."""


def read_selector(selector: Any, budget: Budget) -> dict[str, ValueSet]:
    """Return the values of each label that a LabelSelector names; all of them must fit."""
    fields = map_of(selector, _FIELDS, "a selector")
    wanted: dict[str, ValueSet] = {}
    for key, value in _labels(fields.get("matchLabels", {}), budget):
        wanted[key] = one_of([value])
    for expression in list_of(fields.get("matchExpressions", []), "matchExpressions"):
        key, values = _expression(expression, budget)
        wanted[key] = wanted.get(key, ANY) & values
    return wanted


def _labels(labels: Any, budget: Budget) -> list[tuple[str, str]]:
    if type(labels) is not dict:
        raise UnreadableError("matchLabels is no map")
    budget.spend(_STEPS * len(labels))
    _texts([*labels, *labels.values()], "matchLabels")
    return list(labels.items())


def _texts(value: Any, what: str) -> list[str]:
    """Return strings as long as labels may be: others match nothing, and each step would take long."""
    texts = strings_of(value, what)
    if any(len(text) > LONGEST for text in texts):
        raise UnreadableError(f"{what} holds what is too long for a label")
    return texts


def _expression(expression: Any, budget: Budget) -> tuple[str, ValueSet]:
    fields = map_of(expression, _EXPRESSION, "a selector's expression")
    key, operator = fields.get("key"), fields.get("operator")
    values = list_of(fields.get("values", []), "the values of an expression")
    budget.spend(_STEPS + len(values) // 2)
    named = one_of(_texts(values, "the values of an expression"))
    if type(key) is str and len(key) <= LONGEST:
        match operator, bool(values):
            case "In", True:
                return key, named
            case "NotIn", True:
                return key, ~named
            case "Exists", False:
                return key, PRESENT
            case "DoesNotExist", False:
                return key, ABSENT
    raise UnreadableError("a selector's expression is none that the API takes")
