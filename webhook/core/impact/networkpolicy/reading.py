"""How parts of an object are read: what the API would not accept raises UnreadableError."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.naming import name_of


def map_of(value: Any, known: AbstractSet[str], what: str) -> dict[str, Any]:
    """Return a map that has no field but known ones: another may mean anything."""
    if type(value) is not dict:
        raise UnreadableError(f"{what} is no map")
    if unknown := value.keys() - known:
        raise UnreadableError(f"{what} has the unknown field {name_of(min(unknown))}")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """Return a list."""
    if type(value) is not list:
        raise UnreadableError(f"{what} is no list")
    return value


def strings_of(value: Any, what: str) -> list[str]:
    """Return a list of strings."""
    if not all(type(item) is str for item in list_of(value, what)):
        raise UnreadableError(f"{what} holds what is no string")
    strings: list[str] = value
    return strings
