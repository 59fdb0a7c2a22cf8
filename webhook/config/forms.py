"""The form of a value: how it is read from the file, and how an editor is told.

A form stands in a type, ``Annotated[timedelta, Form(...)]``, so that reading, the JSON Schema and
the model cannot differ. The forms here know nothing of Kubernetes or Git.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from webhook.config.durations import DURATION_PATTERN, format_duration, parse_duration
from webhook.config.errors import FormError
from webhook.config.suggestions import did_you_mean
from webhook.core.printing import safe

_MAX_TEXT = 100
_MAX_REGEX = 500


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """How to read a value (raising FormError), the JSON Schema of what can be read, and how it is written."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    write: Callable[[Any], Any] = lambda value: value


class NotEmpty:
    """Marks a list that would match nothing without an element."""


def quoted(text: str) -> str:
    """Quote a text for an error message, cut and made safe to print."""
    return f'"{safe(text)}"'


def found(value: Any) -> str:
    """Describe a value of the wrong type without repeating what it says."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    names = ((str, "a text"), (int, "a number"), (float, "a number"), (list, "a list"))
    return next((name for kind, name in names if isinstance(value, kind)), "a mapping")


def text_of(value: Any) -> str:
    """Return a text that is not empty. Raises FormError for anything else."""
    if not isinstance(value, str):
        hint = "; put it in quotes" if isinstance(value, bool | int | float) else ""
        raise FormError(f"expected a text, found {found(value)}{hint}")
    if not value.strip():
        raise FormError("is empty")
    return value


def printable_text_of(value: Any) -> str:
    """Return a text on one line, without control characters or spaces around it."""
    text = text_of(value)
    if not text.isprintable() or text != text.strip():
        raise FormError("has control characters, or spaces around it")
    return text


def truth_of(value: Any) -> bool:
    """Return true or false. Raises FormError for anything else."""
    if not isinstance(value, bool):
        raise FormError(f"expected true or false, found {found(value)}")
    return value


def choose(value: Any, words: Iterable[str], what: str = "value") -> str:
    """Return the one of some words that a value is. Raises FormError with the nearest one."""
    known, text = list(words), text_of(value)
    if text in known:
        return text
    raise FormError(f"unknown {what} {quoted(text)}; one of {', '.join(known)}{did_you_mean(text, known)}")


def one_of(words: Iterable[str], what: str) -> Form:
    """Describe a text that is one of some words."""
    known = tuple(words)
    return Form(lambda value: choose(value, known, what), {"enum": list(known)})


def matching(pattern: str, problem: str) -> Form:
    """Describe a text that matches a pattern as a whole; the problem is said of one that does not."""
    expression = re.compile(pattern, re.ASCII)

    def read(value: Any) -> str:
        text = text_of(value)
        if not expression.fullmatch(text):
            raise FormError(f"{quoted(text)} {problem}")
        return text

    return Form(read, {"type": "string", "pattern": f"^(?:{pattern})$"})


def whole_number(least: int, most: int) -> Form:
    """Describe a whole number within bounds."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise FormError(f"expected a whole number, found {found(value)}")
        if not least <= value <= most:
            raise FormError(f"{value} is out of bounds; from {least} to {most}")
        return value

    return Form(read, {"type": "integer", "minimum": least, "maximum": most})


def duration(least: timedelta, most: timedelta | None = None) -> Form:
    """Describe a span of time within bounds, such as ``1h30m``."""

    def read(value: Any) -> timedelta:
        if isinstance(value, int) and not isinstance(value, bool):
            raise FormError(f"{value} has no unit; write {value}s for seconds")
        text = text_of(value)
        try:
            span = parse_duration(text)
        except ValueError as error:
            raise FormError(f"{quoted(text)} is {error}") from None
        if span < least:
            raise FormError(f"{text} is too short; at least {format_duration(least)}")
        if most is not None and span > most:
            raise FormError(f"{text} is too long; at most {format_duration(most)}")
        return span

    return Form(read, {"type": "string", "pattern": DURATION_PATTERN}, write=format_duration)


def _read_regex(value: Any) -> re.Pattern[str]:
    text = text_of(value)
    if len(text) > _MAX_REGEX:
        raise FormError(f"a regular expression has at most {_MAX_REGEX} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what may mean something else in a later Python
            return re.compile(text)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise FormError(f"no regular expression of Python: {safe(str(error))}") from None


def _read_label(value: Any) -> str:
    text = printable_text_of(value)
    if len(text) > _MAX_TEXT:
        raise FormError(f"is longer than {_MAX_TEXT} characters")
    return text


def _read_file_path(value: Any) -> Path:
    return Path(printable_text_of(value))


ShortText: TypeAlias = Annotated[
    str, Form(_read_label, {"type": "string", "minLength": 1, "maxLength": _MAX_TEXT})
]
Regex: TypeAlias = Annotated[
    re.Pattern[str],
    Form(
        _read_regex,
        {"type": "string", "format": "regex", "maxLength": _MAX_REGEX},
        write=lambda regex: regex.pattern,
    ),
]
FilePath: TypeAlias = Annotated[Path, Form(_read_file_path, {"type": "string", "minLength": 1}, write=str)]
