"""How the blocks and attributes of a Terraform resource become fields of a Kubernetes object.

A reader takes what stands at one place of a resource and returns the value for the API, or None
for a field that is left out. Readers are put together from smaller ones, so that the schema of a
resource (``terraform_kinds``) reads like the provider's own. The rules are those of the provider's
expanders (hashicorp/terraform-provider-kubernetes ``kubernetes/structure*.go``): a block is a list,
zero values mean unset, and an element that is null is an empty block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from webhook.baseline.render.json_file import places
from webhook.core.printing import safe

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_KNOWN_LATER = "is known only after apply; publish the state after it, or give a value that is known before"


class BlockError(ValueError):
    """Says what is wrong at one place of a resource; whoever knows the file and the address adds them."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What stands at one place of a resource.

    ``unknown`` has the shape of ``value``, with true where it is known only after apply. ``configured``
    is what the configuration says of the place, as far as that is known.
    """

    value: Any
    unknown: Any = None
    configured: Any = None
    name: str = ""

    def field(self, name: str) -> Attribute:
        """Return one attribute of a block. Raises BlockError where all of the block is unknown."""
        value, unknown, configured = (
            part.get(name) if isinstance(part, dict) else None
            for part in (self.value, self._unknown_as(dict), self.configured)
        )
        return Attribute(value, unknown, configured, f"{self.name}.{name}" if self.name else name)

    def elements(self) -> list[Attribute]:
        """Return the elements of a list. Raises BlockError for anything else, and where it is unknown."""
        unknown: list[Any] = self._unknown_as(list)
        if not isinstance(self.value, list | None):
            raise self.fault("is no list")
        values = self.value or []
        configured = self.configured if isinstance(self.configured, list) else []
        if first_unknown(unknown[len(values) :]) is not None:
            raise self.fault(_KNOWN_LATER)
        return [
            Attribute(value, _at(unknown, index), _at(configured, index), f"{self.name}[{index}]")
            for index, value in enumerate(values)
        ]

    def must_be_known(self) -> None:
        """Raise BlockError where the value, or any part of it, is known only after apply."""
        place = first_unknown(self.unknown, self.name)
        if place is not None:
            raise BlockError(f"{place or 'all of it'} {_KNOWN_LATER}")

    @property
    def is_unknown(self) -> bool:
        """Tell whether the whole value is known only after apply."""
        return _is_unknown(self.unknown)

    def fault(self, problem: str) -> BlockError:
        """Return the error that says what is wrong at this place."""
        return BlockError(f"{self.name or 'it'} {problem}")

    def _unknown_as(self, shape: type[dict[Any, Any] | list[Any]]) -> Any:
        if not isinstance(self.unknown, shape):
            self.must_be_known()
            return shape()
        return self.unknown


Reader: TypeAlias = Callable[[Attribute], Any]


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def first_unknown(unknown: Any, name: str = "") -> str | None:
    """Return the place of the first value, at or below ``name``, that is known only after apply."""
    if not unknown:  # as nearly always
        return None
    return next((place for place, item in places(unknown, name) if _is_unknown(item)), None)


def _is_unknown(mark: Any) -> bool:
    return bool(mark) and not isinstance(mark, dict | list)


def text(at: Attribute) -> str | None:
    """Read a string; "" is unset."""
    at.must_be_known()
    if not isinstance(at.value, str | None):
        raise at.fault("is no string")
    return at.value or None


def number(at: Attribute) -> int | None:
    """Read an integer; 0 is unset."""
    at.must_be_known()
    if isinstance(at.value, bool) or not isinstance(at.value, int | None):
        raise at.fault("is no integer")
    return at.value or None


def port(at: Attribute) -> int | str | None:
    """Read the number or the name of a port, which Terraform holds as a string."""
    written = text(at)
    return int(written) if written and _INTEGER.fullmatch(written) else written


def strings(at: Attribute) -> list[str] | None:
    """Read a list or a set of strings; a null in it is ""."""
    at.must_be_known()
    if not isinstance(at.value, list | None) or not all(isinstance(x, str | None) for x in at.value or []):
        raise at.fault("is no list of strings")
    return [item or "" for item in at.value or []] or None


def string_map(at: Attribute) -> dict[str, str] | None:
    """Read a map of strings; a null in it is no entry."""
    at.must_be_known()
    if not isinstance(at.value, dict | None):
        raise at.fault("is no map")
    entries = {key: item for key, item in (at.value or {}).items() if item is not None}
    if not all(isinstance(item, str) for item in entries.values()):
        raise at.fault("holds a value that is no string")
    return entries or None


def block(fields: Mapping[str, tuple[str, Reader]], ignored: frozenset[str] = frozenset()) -> Reader:
    """Make the reader of one block. ``fields``: by attribute, the name of the API's field, and its reader.

    Attributes that are neither there nor ``ignored`` must be unset: what they say would be lost.
    """

    def read(at: Attribute) -> dict[str, Any]:
        if not isinstance(at.value, dict | None):
            raise at.fault("is no block")
        for name, value in (at.value or {}).items():
            if name not in fields and name not in ignored and value not in (None, "", 0, [], {}):
                raise at.fault(f"has an attribute that is not understood, {safe(name)}; leave it unset")
        read_fields = ((field, reader(at.field(name))) for name, (field, reader) in fields.items())
        return {field: value for field, value in read_fields if value is not None}

    return read


def many(element: Reader) -> Reader:
    """Make the reader of blocks that may be repeated: none are left out, one that is null is empty."""
    return lambda at: [element(each) for each in at.elements()] or None


def one(element: Reader) -> Reader:
    """Make the reader of a block that may stand once: none is left out, one that is null is empty."""

    def read(at: Attribute) -> Any:
        elements = at.elements()
        if len(elements) > 1:
            raise at.fault("is given more than once")
        return element(elements[0]) if elements else None

    return read


def required(reader: Reader) -> Reader:
    """Make the reader of a block that the provider demands."""

    def read(at: Attribute) -> Any:
        if (value := reader(at)) is None:
            raise at.fault("is missing, which the provider demands; add the block")
        return value

    return read


def computed(reader: Reader) -> Reader:
    """Make the reader of what the API server fills in where the configuration leaves it out."""
    return lambda at: None if at.is_unknown and not at.configured else reader(at)


def or_else(reader: Reader, default: str) -> Reader:
    """Make a reader that returns what the provider puts in the place of nothing."""
    return lambda at: default if (value := reader(at)) is None else value


def or_empty(reader: Reader) -> Reader:
    """Make the reader of a block that the API server always has, if only as an empty one."""
    return lambda at: {} if (value := reader(at)) is None else value


def unless_empty(reader: Reader) -> Reader:
    """Make the reader of a block that is left out where it says nothing."""
    return lambda at: reader(at) or None
