"""Build the value of a YAML document out of libyaml's events, as kubectl would.

Events and not PyYAML's nodes: libyaml composes nodes by recursion in C, where a text of 100,000
brackets ends the process. Here depth is bounded, and so is what aliases repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from yaml import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from webhook.baseline.errors import ManifestError
from webhook.baseline.scalars import Scalar, ScalarError, as_json, as_key, resolve, resolve_tagged
from webhook.core.printing import safe

try:
    from yaml._yaml import CParser
except ImportError as missing:
    raise ImportError(
        "PyYAML was built without libyaml; install one of its wheels, or build it where libyaml's headers are"
    ) from missing

MAX_DEPTH = 200
TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels; flatten it"
MAX_ALIASED = 1_000_000  # characters that the aliases of one file may repeat

_Event: TypeAlias = Any  # PyYAML's stubs leave open whether an event has marks; libyaml's have
_NODE_COST = 10  # characters that a repeated node counts for, beside those of its text
_MERGE_TAG = "tag:yaml.org,2002:merge"
_MAX_SHOWN = 40
_CORRECT = "correct it, or name the file in the source's exclude"
_OPEN = object()  # what an anchor stands for until its value is complete


def given_twice(key: str) -> str:
    """Say that a mapping holds a key twice."""
    return f"key `{safe(key, _MAX_SHOWN)}` is given twice in one mapping; remove one of them"


class Composer:
    """Reads the YAML documents of one file, one after another.

    ``lines`` receives the line of every mapping by its id(), good for as long as the values live.
    """

    def __init__(self, path: str, lines: dict[int, int]) -> None:
        self._path = path
        self._lines = lines
        self._aliased = 0

    def compose(self, text: str, line: int) -> Any:
        """Return the one value of a text whose first line is ``line``: None for no document at all.

        Raises ManifestError for what is no YAML, what kubectl refuses, a key given twice, and what
        is beyond the bounds.
        """
        self._next: Callable[[], _Event] = CParser(text).get_event
        self._first = line
        self._anchors: dict[str, Any] = {}
        try:
            return self._document()
        except MarkedYAMLError as fault:
            raise self._broken(fault.problem_mark.line if fault.problem_mark else 0, fault.problem) from None
        except ReaderError as fault:
            raise self._broken(text.encode().count(b"\n", 0, fault.position), fault.reason) from None
        except UnicodeDecodeError:  # libyaml lets %ED%A0%80 pass in a tag; no line is known
            raise self._broken(0, "an escape in a tag is no UTF-8") from None

    def _document(self) -> Any:
        self._next()  # the stream begins
        if type(self._next()) is StreamEndEvent:
            return None
        value = self._value(self._next(), 0)
        self._next()  # the document ends
        after = self._next()
        if type(after) is not StreamEndEvent:
            raise self._error(after, "a second document without a line `---` before it; add one")
        return value

    def _value(self, event: _Event, depth: int) -> Any:
        kind = type(event)
        if kind is MappingStartEvent:
            return self._mapping(event, depth + 1)
        if kind is SequenceStartEvent:
            return self._sequence(event, depth + 1)
        try:
            value = self._scalar(event) if kind is ScalarEvent else self._alias(event, depth)
            return value if type(value) is str else as_json(value)
        except ScalarError as fault:
            raise self._error(event, str(fault)) from None

    def _scalar(self, event: _Event) -> Scalar:
        value: Scalar
        if event.tag is not None:
            value = resolve_tagged(event.tag, event.value)
        elif event.implicit[0]:
            value = resolve(event.value)
        else:
            value = event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _sequence(self, start: _Event, depth: int) -> list[Any]:
        self._begin(start, depth)
        items = []
        while type(event := self._next()) is not SequenceEndEvent:
            items.append(self._value(event, depth))
        self._end(start, items)
        return items

    def _mapping(self, start: _Event, depth: int) -> dict[str, Any]:
        self._begin(start, depth)
        mapping: dict[str, Any] = {}
        merged: set[str] | None = None  # the keys that only a merge gave: those may be given once more
        while type(event := self._next()) is not MappingEndEvent:
            if _is_merge(event):
                if merged is not None:
                    raise self._error(event, given_twice("<<"))
                merged = self._merge(mapping, depth)
                continue
            key = self._key(event)
            if key in mapping:
                if not merged or key not in merged:
                    raise self._error(event, given_twice(key))
                merged.remove(key)
            mapping[key] = self._value(self._next(), depth)
        self._lines[id(mapping)] = self._line(start)
        self._end(start, mapping)
        return mapping

    def _key(self, event: _Event) -> str:
        try:
            if type(event) is ScalarEvent:
                return as_key(self._scalar(event))
            value = self._anchored(event) if type(event) is AliasEvent else {}
            if not isinstance(value, (dict, list)):
                return as_key(value)
        except ScalarError as fault:
            raise self._error(event, str(fault)) from None
        raise self._error(event, f"a key is a mapping or a list; {_CORRECT}, as a template must be")

    def _merge(self, mapping: dict[str, Any], depth: int) -> set[str]:
        """Merge the value of a key ``<<``; return the keys that are new in the mapping.

        As in go.yaml.in/yaml/v2 a merge also overrides the keys that stand before it, where YAML
        itself lets every key of the mapping win over a merged one.
        """
        event = self._next()
        value = self._value(event, depth)
        sources = value if type(event) is SequenceStartEvent else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self._error(
                event, "a key `<<` merges what is no mapping; give it a mapping, or a list of them"
            )
        new = {key for source in sources for key in source if key not in mapping}
        for source in reversed(sources):
            mapping.update(source)
        return new

    def _alias(self, event: _Event, depth: int) -> Any:
        return self._repeat(self._anchored(event), event, depth)

    def _anchored(self, alias: _Event) -> Any:
        name = safe(alias.anchor, _MAX_SHOWN)
        if alias.anchor not in self._anchors:
            raise self._error(alias, f"alias *{name} has no anchor before it; add the anchor")
        value = self._anchors[alias.anchor]
        if value is _OPEN:
            raise self._error(alias, f"alias *{name} stands inside its own value; remove it")
        return value

    def _repeat(self, value: Any, alias: _Event, depth: int) -> Any:
        """Copy what an alias stands for, so that no two objects share a part that one may change."""
        self._aliased += _NODE_COST + (len(value) if isinstance(value, str) else 0)
        if self._aliased > MAX_ALIASED:
            raise self._error(
                alias, f"aliases repeat over {MAX_ALIASED:,} characters of this file; remove some"
            )
        if isinstance(value, list):
            self._bound(alias, depth + 1)
            return [self._repeat(item, alias, depth + 1) for item in value]
        if isinstance(value, dict):
            self._bound(alias, depth + 1)
            self._aliased += sum(map(len, value))
            copy = {key: self._repeat(item, alias, depth + 1) for key, item in value.items()}
            self._lines[id(copy)] = self._line(alias)
            return copy
        return value

    def _begin(self, start: _Event, depth: int) -> None:
        self._bound(start, depth)
        if start.anchor is not None:
            self._anchors[start.anchor] = _OPEN

    def _end(self, start: _Event, value: Any) -> None:
        if start.anchor is not None:
            self._anchors[start.anchor] = value

    def _bound(self, event: _Event, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self._error(event, TOO_DEEP)

    def _line(self, event: _Event) -> int:
        line: int = event.start_mark.line
        return self._first + line

    def _error(self, event: _Event, problem: str) -> ManifestError:
        return ManifestError(self._path, self._line(event), problem)

    def _broken(self, line: int, problem: str | None) -> ManifestError:
        return ManifestError(self._path, self._first + line, f"no valid YAML ({problem}); {_CORRECT}")


def _is_merge(event: _Event) -> bool:
    return (
        type(event) is ScalarEvent and event.value == "<<" and (event.implicit[0] or event.tag == _MERGE_TAG)
    )
