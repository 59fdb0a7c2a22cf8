"""Read the YAML (or JSON) of a configuration file, with the line of every value.

Scalars mean what YAML 1.2 says, as editors have it: ``no`` is a text, ``1:30`` too. libyaml's
events are composed here, and not by PyYAML, which takes a key given twice, forgets the lines, and
composes by recursion in C, where a text of 100,000 brackets ends the process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from yaml import CSafeLoader, MarkedYAMLError
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

from webhook.config.errors import ConfigurationError, Fault
from webhook.config.places import Place, format_place
from webhook.core.printing import safe

MAX_DEPTH = 50
MAX_VALUES = 100_000  # aliases counted as often as they are used

_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds, and the line, from 1, of every value in it."""

    value: Any
    lines: dict[Place, int]


def read_document(text: str, where: str) -> Document:
    """Read the one document of a text; ``where`` names the file in errors.

    The value is None for an empty text; every key is a string. Raises ConfigurationError, with one
    fault, for what is no YAML, a key given twice, a second document, or nesting beyond 50.
    """
    try:
        return _Composer(text, where).document()
    except MarkedYAMLError as error:
        fault = _syntax_fault(error)
    except ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1
        fault = Fault("", f"this is no YAML: {safe(str(error.reason))}", line)
    except UnicodeError:
        fault = Fault("", "it has characters that UTF-8 does not")
    raise ConfigurationError(where, [fault])


def _syntax_fault(error: MarkedYAMLError) -> Fault:
    line = error.problem_mark.line + 1 if error.problem_mark else None
    hint = '; quote a value that begins with "*"' if "alias" in str(error) else ""
    return Fault("", f"this is no YAML: {safe(error.problem or 'it cannot be read')}{hint}", line)


class _Composer:
    def __init__(self, text: str, where: str) -> None:
        self._parser = CSafeLoader(text)
        self._where = where
        self._lines: dict[Place, int] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0

    def document(self) -> Document:
        self._next()  # the stream begins
        if isinstance(self._next(), StreamEndEvent):
            return Document(None, {})
        value = self._value(self._next(), ())
        self._next()  # the document ends
        after = self._next()
        if not isinstance(after, StreamEndEvent):
            self._refuse(after, (), "a second document begins here; the file holds one Configuration")
        return Document(value, self._lines)

    def _next(self) -> Any:
        return self._parser.get_event()

    def _value(self, event: Any, place: Place) -> Any:
        if len(place) > MAX_DEPTH:
            self._refuse(event, (), f"nested deeper than {MAX_DEPTH}")
        self._lines.setdefault(place, _line(event))
        if isinstance(event, AliasEvent):
            return self._alias(event, place)
        before = self._count
        self._add(event, place, 1)
        value = self._node(event, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._count - before)
        return value

    def _node(self, event: Any, place: Place) -> Any:
        if event.tag not in _TAGS:
            self._refuse(event, place, f"YAML's tags, here {safe(event.tag)}, have no meaning here")
        if isinstance(event, MappingStartEvent):
            return self._mapping(place)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(place)
        return _scalar(event)

    def _mapping(self, place: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                self._refuse(event, place, "a key must be a plain text")
            key = event.value
            if key in mapping:
                self._refuse(event, (*place, key), "given twice; keep one of the two")
            self._lines[(*place, key)] = _line(event)
            mapping[key] = self._value(self._next(), (*place, key))
        return mapping

    def _sequence(self, place: Place) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._value(event, (*place, len(items))))
        return items

    def _alias(self, event: Any, place: Place) -> Any:
        if event.anchor not in self._anchors:
            name = safe(event.anchor)
            self._refuse(event, place, f'no anchor &{name}; quote a value that begins with "*"')
        value, size = self._anchors[event.anchor]
        self._add(event, place, size)
        return value

    def _add(self, event: Any, place: Place, size: int) -> None:
        self._count += size
        if self._count > MAX_VALUES:
            self._refuse(event, place, f"the file has more than {MAX_VALUES} values")

    def _refuse(self, event: Any, place: Place, problem: str) -> NoReturn:
        fault = Fault(format_place(place), problem, _line(event))
        raise ConfigurationError(self._where, [fault])


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.tag is not None or not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
