"""The objects that the benchmarks declare in Git: many small ones, and now and then a typical one.

An object is made from its number alone, so that every run has the same. All names have the same
length, so that a review of one object weighs as much as that of any other.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import yaml

Object = dict[str, Any]

ONE_TYPICAL_IN = 20
"""Only the typical objects are reviewed; the ones between them spread those over the whole snapshot."""

_IN_A_NAMESPACE = 250
_TYPICAL = Template(Path(__file__).with_name("typical.yaml").read_text())
_SMALL = tuple(
    Template(text) for text in Path(__file__).with_name("small.yaml").read_text().split("---\n") if text
)


def typical_numbers(count: int) -> range:
    """Return the numbers of the typical ones among the first ``count`` objects."""
    return range(0, count, ONE_TYPICAL_IN)


def path_of(number: int) -> str:
    """Return the path of an object's file in the repository."""
    names = _names(number)
    return f"clusters/prod/{names['namespace']}/{names['name']}.yaml"


def manifest(number: int) -> str:
    """Return an object as it is written in Git."""
    template = _SMALL[number % len(_SMALL)] if number % ONE_TYPICAL_IN else _TYPICAL
    return template.substitute(_names(number))


def typical(number: int) -> Object:
    """Return a typical object (a copy of its own) as it stands in Git, parsed."""
    obj = _parsed_typical()
    names = _names(number)
    labels = {**obj["metadata"]["labels"], "app.kubernetes.io/instance": names["name"]}
    selected = {**obj["spec"]["podSelector"]["matchLabels"], "app.kubernetes.io/instance": names["name"]}
    return {
        **obj,
        "metadata": {**obj["metadata"], **names, "labels": labels},
        "spec": {**obj["spec"], "podSelector": {"matchLabels": selected}},
    }


@cache
def _parsed_typical() -> Object:
    parsed: Object = yaml.safe_load(_TYPICAL.template)
    return parsed


def _names(number: int) -> dict[str, str]:
    return {"namespace": f"team-{number // _IN_A_NAMESPACE:05}", "name": f"checkout-{number:08}"}
