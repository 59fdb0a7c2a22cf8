"""Reading parts of an Ingress that may be any JSON: what the API would refuse raises UnreadableError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webhook.core.canonical import canonical_json
from webhook.core.errors import ReviewError, TooLargeError, UnreadableError

_LONGEST = 4_096
"""Characters of a text: longer than any URL that a controller takes, so that one text is little work."""


def fields_of(value: Any, known: frozenset[str], place: str) -> Mapping[str, Any]:
    """Return a map, ``{}`` for none, that has known fields only. Raises UnreadableError."""
    if value is None:
        return {}
    if type(value) is not dict:
        raise UnreadableError(f"{place} cannot be read")
    if not value.keys() <= known:
        raise UnreadableError(f"{place} has a field of unknown meaning")
    return value


def items_of(value: Any, place: str) -> list[Any]:
    """Return a list, ``[]`` for none. Raises UnreadableError."""
    if value is None:
        return []
    if type(value) is not list:
        raise UnreadableError(f"{place} cannot be read")
    return value


def text_of(value: Any, place: str) -> str:
    """Return a string, ``""`` for none. Raises UnreadableError, TooLargeError."""
    if value is None:
        return ""
    if type(value) is not str:
        raise UnreadableError(f"{place} cannot be read")
    if len(value) > _LONGEST:
        raise TooLargeError
    return value


def spelled(value: Any) -> bytes:
    """Return a text that is equal for equal JSON only (``1`` is not ``true``). Raises UnreadableError."""
    try:
        return canonical_json(value)
    except ReviewError:
        raise UnreadableError("it is nested too deep to be read") from None
