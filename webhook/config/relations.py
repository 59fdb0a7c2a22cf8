"""What must fit together across the file.

Checked on the document as it was written, not on the values made of it, so that one report has
these faults too when others keep the values from being made. What is not of the expected shape is
passed over here: its own form reports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from webhook.config.baseline import DEFAULT_RECEIVER_ADDRESS
from webhook.config.cluster_names import ANY
from webhook.config.forms import quoted
from webhook.config.model import DEFAULT_SERVE_ADDRESS
from webhook.config.places import Place, format_place
from webhook.config.pointers import fault_in_field
from webhook.config.shapes import Problem, Section, entries_in, section_of, sources_in, text_in, texts_in
from webhook.config.source_relations import unrelated_sources
from webhook.config.suggestions import did_you_mean
from webhook.core.kinds import BY_NAME, GOVERNED, Kind
from webhook.core.pointer import parse_pointer
from webhook.core.review import UPDATE

_NARROWING = ("namespaces", "kinds", "sources")
_ANY_HOST = frozenset({"0.0.0.0", "[::]"})  # noqa: S104  # compared with, not bound to


def unrelated(document: Section) -> Iterator[Problem]:
    """Yield what does not fit together in a document, each with its place."""
    yield from unrelated_sources(document)
    yield from _receiver(document)
    yield from _approvers(document)
    for section in ("rules", "approvers"):
        for place, entry in entries_in(document, section):
            yield from _namespaces(place, entry)
    for place, entry in [*entries_in(document, "ignore"), *entries_in(document, "controllers")]:
        yield from _fields(place, entry)


def _receiver(document: Section) -> Iterator[Problem]:
    """Yield where receiver and server want one port: they share a pod, and so its ports."""
    receiver = section_of(section_of(document.get("baseline")).get("receiver"))
    own = text_in(receiver, "address", DEFAULT_RECEIVER_ADDRESS)
    served = text_in(section_of(document.get("serve")), "address", DEFAULT_SERVE_ADDRESS)
    (host, _, port), (served_host, _, served_port) = own.rpartition(":"), served.rpartition(":")
    if receiver and port == served_port and (host == served_host or _ANY_HOST & {host, served_host}):
        given = receiver.get("address") is not None
        place = ("baseline", "receiver", "address") if given else ("serve", "address")
        other = "serve.address" if given else "baseline.receiver.address"
        yield place, f"has the port of {other}, {port}; both are in one pod: choose another"


def _approvers(document: Section) -> Iterator[Problem]:
    names = [name for _, source in sources_in(document) if isinstance(name := source.get("name"), str)]
    seen: dict[tuple[Any, ...], str] = {}
    for place, approver in entries_in(document, "approvers"):
        for index, source in enumerate(texts_in(approver, "sources")):
            if source not in {*names, ANY}:
                hint = did_you_mean(source, names)
                yield (*place, "sources", index), f"no source is named {quoted(source)}{hint}"
        identity = (approver.get("user"), *(_narrowing(approver, key) for key in _NARROWING))
        if isinstance(identity[0], str) and identity in seen:
            yield place, f"the same user, {', '.join(_NARROWING)} as {seen[identity]}; remove one of the two"
        elif isinstance(identity[0], str):
            seen[identity] = format_place(place)


def _narrowing(approver: Section, key: str) -> frozenset[str]:
    texts = frozenset(texts_in(approver, key) or [ANY])
    return frozenset([ANY]) if ANY in texts else texts


def _namespaces(place: Place, entry: Section) -> Iterator[Problem]:
    globs, kinds = texts_in(entry, "namespaces"), texts_in(entry, "kinds")
    cluster_scoped = bool(kinds) and all(kind in BY_NAME and not BY_NAME[kind].namespaced for kind in kinds)
    if globs and cluster_scoped and not any(fnmatchcase("", glob) for glob in globs):
        nothing = f"matches nothing: {' and '.join(kinds)} have no namespace"
        yield (*place, "namespaces"), f"{nothing}; remove it, or write '*'"


def _fields(place: Place, entry: Section) -> Iterator[Problem]:
    fields, operations = texts_in(entry, "fields"), texts_in(entry, "operations")
    if fields and operations and UPDATE not in operations:
        problem = "narrows an UPDATE, which is not among the operations; remove it, or add UPDATE"
        yield (*place, "fields"), problem
    for index, text in enumerate(fields):
        pointer = parse_pointer(text) if text.startswith("/") else None
        faults = [fault for kind in _kinds(entry) if pointer and (fault := fault_in_field(pointer, kind))]
        if faults:
            hint = "; name the kinds that have it" if ANY in texts_in(entry, "kinds") else ""
            yield (*place, "fields", index), faults[0] + hint


def _kinds(entry: Section) -> list[Kind]:
    names = texts_in(entry, "kinds")
    return [kind for kind in GOVERNED if kind.name in names or ANY in names]
