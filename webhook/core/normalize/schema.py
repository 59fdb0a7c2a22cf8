"""How a kind is built, as data: which fields it has, their defaults, which lists are sets.

A node tells three things about the value at its place: its canonical form, which fields
below it the API does not know, and (for lists) how a person names an element.

Values of a type that the API would refuse are kept as they are: they compare unequal to
everything valid, and nothing here raises on arbitrary JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from webhook.core.canonical import canonical_json


class _Absent:
    """The value of a field that is left out of the canonical form."""


ABSENT = _Absent()

Label = Callable[[Any], str | None]
"""Names an element of a list for people: ``host=shop.example.com``, ``/cart Prefix``."""


class Node(Protocol):
    """One place in an object."""

    def canonical(self, value: Any, as_written: bool) -> Any:
        """Return the canonical form of a value, or ``ABSENT``; sets stay in order ``as_written``."""

    def unknown(self, value: Any, path: str) -> Iterator[str]:
        """Yield the paths below ``value`` that the API server would prune or refuse."""


class Scalar:
    """A string, number or boolean; ``omit_empty`` where the API server drops "" and 0."""

    def __init__(self, *, omit_empty: bool = False) -> None:
        """Describe a scalar."""
        self._omit_empty = omit_empty

    def canonical(self, value: Any, as_written: bool) -> Any:
        """Return the value itself, or ``ABSENT``."""
        return ABSENT if self._omit_empty and value in ("", 0) and value is not False else value

    def unknown(self, value: Any, path: str) -> Iterator[str]:
        """Yield the path itself where a list or map stands in place of a scalar."""
        if isinstance(value, list | dict):
            yield path


SCALAR = Scalar()


class StringMap:
    """A map of strings, such as labels; null is stored as "", an empty map not at all."""

    def canonical(self, value: Any, as_written: bool) -> Any:
        """Return the map without nulls, or ``ABSENT`` where it is empty."""
        if type(value) is not dict:
            return value
        if None in value.values():
            return {key: "" if item is None else item for key, item in value.items()}
        return value or ABSENT

    def unknown(self, value: Any, path: str) -> Iterator[str]:
        """Yield the paths of values that are no strings."""
        if not isinstance(value, dict):
            yield path
            return
        yield from (f"{path}[{key}]" for key, item in value.items() if not isinstance(item, str | None))


class Struct:
    """A map with known fields; unknown ones are kept, as they are.

    ``defaults`` are what the API server fills in; ``finish`` changes the canonical form in
    place where a rule looks at more than one field.
    """

    def __init__(
        self,
        fields: Mapping[str, Node],
        *,
        defaults: Mapping[str, Any] | None = None,
        finish: Callable[[dict[str, Any], bool], None] | None = None,
    ) -> None:
        """Describe a map."""
        self.fields = dict(fields)
        self._defaults = list((defaults or {}).items())
        self._finish = finish
        # A plain scalar stays as it is, just as a field that is not known: no call is made for either.
        self._settled = [(name, node.canonical) for name, node in fields.items() if node is not SCALAR]

    def canonical(self, value: Any, as_written: bool) -> Any:
        """Return the map with defaults, without nulls, each field canonical."""
        if type(value) is not dict:
            return value
        form = dict(value)
        if None in form.values():
            form = {name: item for name, item in form.items() if item is not None}
        for name, settle in self._settled:
            if name in form:
                settled = form[name] = settle(form[name], as_written)
                if settled is ABSENT:
                    del form[name]
        for name, default in self._defaults:
            if name not in form:
                form[name] = default
        if self._finish is not None:
            self._finish(form, as_written)
        return form

    def unknown(self, value: Any, path: str) -> Iterator[str]:
        """Yield the fields that this map does not have, and those below the ones it has."""
        if not isinstance(value, dict):
            yield path
            return
        for name, item in value.items():
            place = f"{path}.{name}" if path else name
            if name not in self.fields:
                yield place
            elif item is not None:
                yield from self.fields[name].unknown(item, place)


class ListOf:
    """A list of maps whose order counts. An empty one is the same as none.

    A null element is stored as the empty map, which for a rule means "everything".
    """

    def __init__(self, element: Node, *, label: Label | None = None) -> None:
        """Describe a list."""
        self.element = element
        self.label = label

    def canonical(self, value: Any, as_written: bool) -> Any:
        """Return the list with each element canonical, null elements as the server stores them."""
        if type(value) is not list:
            return value
        if None in value:
            value = [{} if item is None else item for item in value]
        settle = self.element.canonical
        return [settle(item, as_written) for item in value] or ABSENT

    def unknown(self, value: Any, path: str) -> Iterator[str]:
        """Yield what the elements have of unknown fields."""
        if not isinstance(value, list):
            yield path
            return
        for index, item in enumerate(value):
            if item is not None:
                yield from self.element.unknown(item, f"{path}[{index}]")


class SetOf(ListOf):
    """A list whose order and repetitions do not count."""

    def canonical(self, value: Any, as_written: bool) -> Any:
        """Return the elements sorted and without repetitions, or in order ``as_written``."""
        items = super().canonical(value, as_written)
        if as_written or type(items) is not list or len(items) == 1:
            return items
        return sorted_set(items)


class StringSet(SetOf):
    """A set of strings, where null is stored as ""."""

    def canonical(self, value: Any, as_written: bool) -> Any:
        """Return the strings sorted and without repetitions, or in order ``as_written``."""
        if type(value) is not list:
            return value
        if None in value:
            value = ["" if item is None else item for item in value]
        if not value:
            return ABSENT
        return value if as_written or len(value) == 1 else sorted_set(value)


def sorted_set(items: list[Any]) -> list[Any]:
    """Sort JSON values by their canonical text and drop repetitions."""
    if type(items[0]) is str and all(type(item) is str for item in items):
        return sorted(set(items))
    by_text = {canonical_json(item): item for item in items}
    return [by_text[text] for text in sorted(by_text)]


OMITTED_WHEN_EMPTY = Scalar(omit_empty=True)
STRING_MAP = StringMap()
STRINGS = StringSet(SCALAR)

LABEL_SELECTOR = Struct(
    {
        "matchLabels": STRING_MAP,
        "matchExpressions": SetOf(Struct({"key": SCALAR, "operator": SCALAR, "values": STRINGS})),
    }
)
"""meta/v1 LabelSelector; ``{}`` selects everything and is kept apart from an absent one."""
