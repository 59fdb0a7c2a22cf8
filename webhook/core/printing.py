"""Make what strangers wrote safe to print in a terminal, a log line or an audit annotation.

RBAC names may hold spaces, quotes, newlines, escape sequences, bidi marks and 20,000
characters, and kubectl prints a denial raw.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from typing import Any

import orjson

ELLIPSIS = "…"
MAX_NAME = 80
_NEEDS_QUOTES = re.compile(r"\A(?:[-+.\d][\d.eE+_-]*|true|false|null|~)\Z|\A[\[{]|[,}\]]|: ")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe(text: str, limit: int = MAX_NAME) -> str:
    """Escape what moves a cursor or hides in a line, and cut to ``limit`` columns of a terminal."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    room = max(limit, 1)
    for char in text:
        shown = _escape(char)
        room -= columns(shown)
        kept.append(shown)
        if room < 0:
            return _cut(kept, max(limit, 1))
    return "".join(kept)


def _cut(kept: list[str], limit: int) -> str:
    """Take whole characters off the end until the ellipsis fits, too."""
    while kept and columns("".join(kept)) > limit - 1:
        kept.pop()
    return "".join(kept) + ELLIPSIS


def _escape(char: str) -> str:
    if char == " " or (unicodedata.category(char) not in _UNPRINTABLE and char.isprintable()):
        return char
    return f"\\x{ord(char):02x}" if char.isascii() else char.encode("ascii", "backslashreplace").decode()


def columns(text: str) -> int:
    """Count the columns that a terminal needs: wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def wrap(text: str, limit: int) -> list[str]:
    """Break a text into lines of at most ``limit`` columns, at spaces where there are any."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(joined) <= limit:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for char in word:
            if columns(lines[-1] + char) > limit:
                lines.append("")
            lines[-1] += char
    return lines


def shell_word(text: str) -> str | None:
    """Quote a text for a POSIX shell, or return None for one that no printed command can carry."""
    if safe(text, MAX_NAME) != text:
        return None
    return shlex.quote(text)


def show(value: Any, limit: int = MAX_NAME) -> str:
    """Write a JSON value on one line in YAML's flow style, safe and cut to ``limit``."""
    if isinstance(value, dict):
        return safe(", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) or "{}", limit)
    return safe(_flow(value), limit)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    return _quoted(value)


def _is_plain(text: str) -> bool:
    """Tell whether a string can stand without quotes and not be taken for something else."""
    return bool(text) and text.strip() == text and text.isprintable() and not _NEEDS_QUOTES.search(text)


def _quoted(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, RecursionError):
        return ELLIPSIS


def age(seconds: float) -> str:
    """Write a span of time as a person would: ``14 s``, ``7 min``, ``3 h``, ``2 days``."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
