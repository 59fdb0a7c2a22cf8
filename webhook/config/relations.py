"""What must fit together across the file.

Checked on the document as it was written, not on the values made of it, so that one report has
these faults too when others keep the values from being made. What is not of the expected shape is
passed over here: its own form reports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from webhook.config.cluster_names import ANY
from webhook.config.durations import format_duration, parse_duration
from webhook.config.forms import quoted
from webhook.config.model import DEFAULT_INTERVAL, DEFAULT_MAX_AGE
from webhook.config.places import Place, format_place
from webhook.config.pointers import fault_in_field
from webhook.config.suggestions import did_you_mean
from webhook.core.kinds import BY_NAME, GOVERNED, Kind
from webhook.core.pointer import parse_pointer
from webhook.core.review import UPDATE

Problem: TypeAlias = tuple[Place, str]
Section: TypeAlias = dict[str, Any]

_NARROWING = ("namespaces", "kinds", "sources")


def unrelated(document: Section) -> Iterator[Problem]:
    """Yield what does not fit together in a document, each with its place."""
    yield from _ages(document)
    yield from _source_names(document)
    yield from _approvers(document)
    for section in ("rules", "approvers"):
        for place, entry in _entries(document, section):
            yield from _namespaces(place, entry)
    for place, entry in [*_entries(document, "ignore"), *_entries(document, "controllers")]:
        yield from _fields(place, entry)


def _ages(document: Section) -> Iterator[Problem]:
    baseline = _section(document.get("baseline"))
    interval = _duration(baseline.get("interval"), DEFAULT_INTERVAL)
    max_age = _duration(baseline.get("maxAge"), DEFAULT_MAX_AGE)
    if interval and max_age and max_age < interval:
        key = "maxAge" if baseline.get("maxAge") is not None else "interval"
        spans = f"maxAge, {format_duration(max_age)}, is shorter than interval, {format_duration(interval)}"
        yield ("baseline", key), f"{spans}: the baseline would always be too old"


def _source_names(document: Section) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for place, source in _sources(document):
        name = source.get("name")
        if isinstance(name, str) and name in seen:
            yield (*place, "name"), f"{quoted(name)} is the name of {seen[name]} too; choose another"
        elif isinstance(name, str):
            seen[name] = format_place(place)


def _approvers(document: Section) -> Iterator[Problem]:
    names = [name for _, source in _sources(document) if isinstance(name := source.get("name"), str)]
    seen: dict[tuple[Any, ...], str] = {}
    for place, approver in _entries(document, "approvers"):
        for index, source in enumerate(_texts(approver, "sources")):
            if source not in {*names, ANY}:
                hint = did_you_mean(source, names)
                yield (*place, "sources", index), f"no source is named {quoted(source)}{hint}"
        identity = (approver.get("user"), *(_narrowing(approver, key) for key in _NARROWING))
        if isinstance(identity[0], str) and identity in seen:
            yield place, f"the same user, {', '.join(_NARROWING)} as {seen[identity]}; remove one of the two"
        elif isinstance(identity[0], str):
            seen[identity] = format_place(place)


def _narrowing(approver: Section, key: str) -> frozenset[str]:
    texts = frozenset(_texts(approver, key) or [ANY])
    return frozenset([ANY]) if ANY in texts else texts


def _namespaces(place: Place, entry: Section) -> Iterator[Problem]:
    globs, kinds = _texts(entry, "namespaces"), _texts(entry, "kinds")
    cluster_scoped = bool(kinds) and all(kind in BY_NAME and not BY_NAME[kind].namespaced for kind in kinds)
    if globs and cluster_scoped and not any(fnmatchcase("", glob) for glob in globs):
        nothing = f"matches nothing: {' and '.join(kinds)} have no namespace"
        yield (*place, "namespaces"), f"{nothing}; remove it, or write '*'"


def _fields(place: Place, entry: Section) -> Iterator[Problem]:
    fields, operations = _texts(entry, "fields"), _texts(entry, "operations")
    if fields and operations and UPDATE not in operations:
        problem = "narrows an UPDATE, which is not among the operations; remove it, or add UPDATE"
        yield (*place, "fields"), problem
    for index, text in enumerate(fields):
        pointer = parse_pointer(text) if text.startswith("/") else None
        faults = [fault for kind in _kinds(entry) if pointer and (fault := fault_in_field(pointer, kind))]
        if faults:
            hint = "; name the kinds that have it" if ANY in _texts(entry, "kinds") else ""
            yield (*place, "fields", index), faults[0] + hint


def _kinds(entry: Section) -> list[Kind]:
    names = _texts(entry, "kinds")
    return [kind for kind in GOVERNED if kind.name in names or ANY in names]


# Looking at what may have any shape


def _section(value: Any) -> Section:
    return value if isinstance(value, dict) else {}


def _sources(document: Section) -> list[tuple[Place, Section]]:
    found = _entries(_section(document.get("baseline")), "sources")
    return [(("baseline", *place), source) for place, source in found]


def _entries(section: Section, key: str) -> list[tuple[Place, Section]]:
    items = section.get(key)
    found = enumerate(items) if isinstance(items, list) else ()
    return [((key, index), item) for index, item in found if isinstance(item, dict)]


def _texts(entry: Section, key: str) -> list[str]:
    """Return the texts of a list; none of them where it holds anything else, as places would shift."""
    items = entry.get(key)
    return items if isinstance(items, list) and all(isinstance(item, str) for item in items) else []


def _duration(value: Any, default: timedelta) -> timedelta | None:
    try:
        return default if value is None else parse_duration(value)
    except (TypeError, ValueError):
        return None
