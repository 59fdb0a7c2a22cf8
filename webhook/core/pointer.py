"""JSON pointers (RFC 6901) into objects whose lists are never entered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from webhook.core.canonical import canonical_json

Pointer = tuple[str, ...]
"""The unescaped tokens of a pointer: ``/metadata/labels/a~1b`` is ("metadata", "labels", "a/b")."""

MISSING = object()


def parse_pointer(text: str) -> Pointer:
    """Split a pointer's text. Raises ValueError where it does not start with ``/``."""
    if not text.startswith("/"):
        raise ValueError(f"a JSON pointer starts with '/': {text!r}")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/"))


def format_pointer(pointer: Pointer) -> str:
    """Write a pointer's text."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in pointer)


def get(value: Any, pointer: Pointer) -> Any:
    """Return what stands at a pointer, or ``MISSING``."""
    for token in pointer:
        if not isinstance(value, dict) or token not in value:
            return MISSING
        value = value[token]
    return value


def without(value: Any, pointer: Pointer) -> Any:
    """Return the value without what stands at a pointer, and without a map emptied by that.

    The value itself is left untouched.
    """
    token, rest = pointer[0], pointer[1:]
    if not isinstance(value, dict) or token not in value:
        return value
    copy = dict(value)
    child = without(copy[token], rest) if rest else MISSING
    if child is MISSING or (child == {} and copy[token] != {}):
        del copy[token]
    else:
        copy[token] = child
    return copy


def _as_map(value: Any, other: Any) -> Any:
    """Take what is missing for an empty map where the other side is a map."""
    return {} if value is None and isinstance(other, dict) else value


def changed_pointers(old: Any, new: Any, at: Pointer = ()) -> Iterator[Pointer]:
    """Yield the pointers at which two values differ; a list counts as one value."""
    old, new = _as_map(old, new), _as_map(new, old)
    if not isinstance(old, dict) or not isinstance(new, dict):
        if canonical_json(old) != canonical_json(new):
            yield at
        return
    for token in {**old, **new}:
        yield from changed_pointers(old.get(token), new.get(token), (*at, token))
