"""Which cubes can be told in plain words."""

from __future__ import annotations

from typing import Any

from webhook.core.impact.networkpolicy.addresses import is_plain
from webhook.core.impact.networkpolicy.cubes import (
    ADDRESS,
    NAMESPACE_NAME,
    PEER_NAMESPACE,
    PORT,
    PORT_NAME,
    Cube,
    Dimension,
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
    return len(values.values) <= _FEW and not (dimension == PORT_NAME and values.cofinite)
