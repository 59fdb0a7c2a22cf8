"""The JSON that a program has written: its values by name, of the type they must have, and their lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from webhook.baseline.documents import read_json
from webhook.baseline.errors import ManifestError
from webhook.baseline.render import File
from webhook.baseline.render.manifests import refuse_pointer
from webhook.core.printing import safe

Mapping: TypeAlias = dict[str, Any]


class JsonFile:
    """One file. A field that is missing or null is empty; one of another type raises ManifestError."""

    def __init__(self, file: File) -> None:
        """Read a file. Raises ManifestError for one that is no JSON."""
        refuse_pointer(file)
        self.path = file.path
        self._lines: dict[int, int] = {}
        self._values = read_json(file.content, file.path, self._lines)

    def documents(self) -> Iterator[Mapping]:
        """Yield the mappings at the top."""
        yield from (value for value in self._values if isinstance(value, dict))

    def line(self, mapping: Mapping) -> int:
        """Return the line on which a mapping of this file begins, 1 for a mapping that is not in it."""
        return self._lines.get(id(mapping), 1)

    def error(self, mapping: Mapping, problem: str) -> ManifestError:
        """Return the error that says what is wrong with a mapping."""
        return ManifestError(self.path, self.line(mapping), problem)

    def mapping(self, parent: Mapping, name: str) -> Mapping:
        """Return the mapping of that name."""
        value = parent.get(name)
        if not isinstance(value, dict | None):
            raise self._wrong(parent, name, "a mapping")
        return {} if value is None else value

    def mappings(self, parent: Mapping, name: str) -> list[Mapping]:
        """Return the list of mappings of that name."""
        value = parent.get(name)
        if not isinstance(value, list | None) or not all(isinstance(item, dict) for item in value or []):
            raise self._wrong(parent, name, "a list of mappings")
        return value or []

    def text(self, parent: Mapping, name: str) -> str:
        """Return the string of that name."""
        value = parent.get(name)
        if not isinstance(value, str | None):
            raise self._wrong(parent, name, "a string")
        return value or ""

    def flag(self, parent: Mapping, name: str) -> bool:
        """Return the boolean of that name."""
        value = parent.get(name)
        if not isinstance(value, bool | None):
            raise self._wrong(parent, name, "true or false")
        return bool(value)

    def _wrong(self, parent: Mapping, name: str, expected: str) -> ManifestError:
        return self.error(
            parent, f"`{name}` is not {expected}, as it must be here; write the file anew, or exclude it"
        )


def places(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield a value with its place, ``name``, and then all that is in it, such as ``name.rules[0].host``."""
    yield name, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, f"{name}.{safe(key)}" if name else safe(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, f"{name}[{index}]")
