"""Look at a document as it was written, in which anything may have any shape.

What is not of the expected shape is passed over: its own form reports it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from webhook.config.durations import parse_duration
from webhook.config.places import Place

Problem: TypeAlias = tuple[Place, str]
Section: TypeAlias = dict[str, Any]


def section_of(value: Any) -> Section:
    """Return a mapping; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def entries_in(parent: Section, key: str) -> list[tuple[Place, Section]]:
    """Return the mappings in a list, each with its place below the parent."""
    items = parent.get(key)
    found = enumerate(items) if isinstance(items, list) else ()
    return [((key, index), item) for index, item in found if isinstance(item, dict)]


def sources_in(document: Section) -> list[tuple[Place, Section]]:
    """Return the sources of a document, each with its place."""
    found = entries_in(section_of(document.get("baseline")), "sources")
    return [(("baseline", *place), source) for place, source in found]


def texts_in(entry: Section, key: str) -> list[str]:
    """Return the texts of a list; none of them where it holds anything else, as places would shift."""
    items = entry.get(key)
    return items if isinstance(items, list) and all(isinstance(item, str) for item in items) else []


def text_in(entry: Section, key: str, default: str = "") -> str:
    """Return a text; the default where it is not given, and "" where it is something else."""
    value = entry.get(key)
    return default if value is None else value if isinstance(value, str) else ""


def span_of(value: Any, default: timedelta) -> timedelta | None:
    """Return a duration; the default where it is not given, and None where it is something else."""
    try:
        return default if value is None else parse_duration(value)
    except (TypeError, ValueError):
        return None
