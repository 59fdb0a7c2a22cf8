"""JSON pointers to fields of the governed kinds, and those that must always count."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from webhook.config.errors import FormError
from webhook.config.forms import Form, NotEmpty, quoted, text_of
from webhook.config.suggestions import did_you_mean
from webhook.core.kinds import Kind
from webhook.core.normalize import schema_of
from webhook.core.normalize.left_out import LAST_APPLIED_POINTER
from webhook.core.normalize.metadata import CLAIM_KEYS, SERVER_WRITTEN, Metadata
from webhook.core.normalize.schema import ListOf, Node, StringMap, Struct
from webhook.core.pointer import Pointer, format_pointer, parse_pointer

_BAD_ESCAPE = re.compile(r"~(?![01])")
_MAX_LENGTH = 1_000
_WHOLE = frozenset(
    {
        ("spec",),
        ("rules",),
        ("subjects",),
        ("metadata",),
        ("metadata", "name"),
        ("metadata", "namespace"),
        ("metadata", "labels"),
        ("metadata", "annotations"),
    }
)
# What stands below these is all that they mean.
_WITH_ALL_BELOW = frozenset({"roleRef", "aggregationRule"})
_CLAIM = frozenset(("metadata", "annotations", key) for key in CLAIM_KEYS)


def _read_pointer(value: Any) -> Pointer:
    text = text_of(value)
    if _BAD_ESCAPE.search(text) or len(text) > _MAX_LENGTH:
        raise FormError(f"{quoted(text)} is no JSON pointer; ~ is written ~0, and / inside a key ~1")
    try:
        pointer = parse_pointer(text)
    except ValueError:
        raise FormError(f'{quoted(text)} is no JSON pointer; it begins with "/"') from None
    if pointer in _CLAIM:
        raise FormError(f"{text} is the break-glass claim, which has rules of its own")
    return pointer


def _read_ignored(value: Any) -> Pointer:
    pointer = _read_pointer(value)
    text = format_pointer(pointer)
    if pointer in _WHOLE or pointer[0] in _WITH_ALL_BELOW:
        raise FormError(f"{quoted(text)} must always count; name a field below it, or another one")
    if pointer == LAST_APPLIED_POINTER:
        raise FormError(f"{quoted(text)} is left out already, and guarded; remove it here")
    return pointer


def fault_in_field(pointer: Pointer, kind: Kind) -> str | None:
    """Say why no change of an object of a kind can be at a pointer, or None."""
    if pointer[0] == "status" or (pointer[0] == "metadata" and pointer[1:2] and pointer[1] in SERVER_WRITTEN):
        return f"{_shown(pointer)} never counts: the API server writes it"
    node: Node = schema_of(kind)
    for depth, token in enumerate(pointer):
        if isinstance(node, Struct | Metadata):
            if token not in node.fields:
                field = _shown(pointer[: depth + 1])
                return f"{kind.name} has no field {field}{did_you_mean(token, node.fields)}"
            node = node.fields[token]
        elif isinstance(node, StringMap):
            return _fault_in_key(pointer, depth)
        elif isinstance(node, ListOf):
            return f"{_shown(pointer)} leads into a list; name the list itself, {_shown(pointer[:depth])}"
        else:
            return f"{kind.name} has nothing below {_shown(pointer[:depth])}"
    return None


def _fault_in_key(pointer: Pointer, depth: int) -> str | None:
    """Say what is wrong with the rest of a pointer into a map of strings: one key, and nothing below."""
    rest = pointer[depth:]
    if len(rest) == 1:
        return None if rest[0] else f"{_shown(pointer)} names no key"
    whole = (*pointer[:depth], "/".join(rest))
    return f"{_shown(pointer)} has nothing below a key; / inside a key is written ~1: {_shown(whole)}"


def _shown(pointer: Pointer) -> str:
    return quoted(format_pointer(pointer))


_SCHEMA = {"type": "string", "pattern": r"^/([^~]|~[01])*$", "maxLength": _MAX_LENGTH}
ChangedField: TypeAlias = Annotated[Pointer, Form(_read_pointer, _SCHEMA)]
IgnoredFields: TypeAlias = Annotated[tuple[Annotated[Pointer, Form(_read_ignored, _SCHEMA)], ...], NotEmpty]
