"""The paths of one host, and where they send a request.

The Ingress document (https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types): an Exact
path takes the very same path, a Prefix path all whose first segments are its own; of several that take a
request the longest wins, and of two as long the Exact one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress.backends import Backend, backend_of
from webhook.core.impact.ingress.reading import fields_of, text_of

EXACT, PREFIX, SPECIFIC = "Exact", "Prefix", "ImplementationSpecific"
_PATH_TYPES = frozenset({EXACT, PREFIX, SPECIFIC})
_PATH = frozenset({"path", "pathType", "backend"})
_READING = 5  # steps to read one path
_SPLITTING = 8  # segments that are told apart in one step

Segments: TypeAlias = tuple[str, ...]
Backends: TypeAlias = tuple[Backend, ...]
"""Those that may get a request: several where one path is given twice, none where nothing takes it."""


class Entry(NamedTuple):
    """One path as it is written, with its type and its backend."""

    path: str
    path_type: str
    backend: Backend

    @property
    def segments(self) -> Segments:
        """Return what stands between the slashes."""
        return tuple(self.path.strip("/").split("/")) if self.path != "/" else ()

    @property
    def is_slashed(self) -> bool:
        """Tell whether the path ends in a slash that is not its whole."""
        return self.path.endswith("/") and self.path != "/"


class Ending(StrEnum):
    """How a request's path goes on after segments that some path names."""

    BARE = ""
    SLASH = "/"
    BELOW = "/ and a segment that no path names"


class Request(NamedTuple):
    """Stands for all requests that no path can tell apart; ``path`` is "" where nobody names theirs."""

    segments: Segments
    ending: Ending
    path: str


def requests_at(segments: Segments) -> tuple[Request, ...]:
    """Return one request for each way in which a path can go on after these segments."""
    path = "/" + "/".join(segments)
    if not segments:
        return Request(segments, Ending.SLASH, path), below(segments)
    return (
        Request(segments, Ending.BARE, path),
        Request(segments, Ending.SLASH, f"{path}/"),
        below(segments),
    )


def below(segments: Segments) -> Request:
    """Return the request for a path that goes on after these segments as no other does."""
    return Request(segments, Ending.BELOW, "")


class Taken(NamedTuple):
    """Who gets what a Prefix path takes; ``unslashed`` without those whose path ends in a slash."""

    all: Backends
    unslashed: Backends


@dataclass(frozen=True, slots=True)
class Table:
    """The paths of one host; ``opaque`` where only the controller knows what one of them takes.

    ``requests`` has one request of each kind, by the segments that some path names.
    """

    entries: tuple[Entry, ...]
    opaque: bool
    has_slashed: bool
    requests: Mapping[Segments, tuple[Request, ...]]
    exact: Mapping[str, Backends]
    prefixes: Mapping[Segments, Taken]
    lengths: tuple[int, ...]

    @property
    def takes_everything(self) -> bool:
        """Tell whether no request falls through, where none of the paths is opaque."""
        return () in self.prefixes

    def route(self, request: Request, *, slash_counts: bool, budget: Budget) -> Backends:
        """Return what may get a request, nothing where no path takes it.

        The document lets the Prefix path ``/cart/`` take ``/cart``, too; for some controllers (ingress-nginx)
        its slash counts, and it does not.
        """
        if found := self.exact.get(request.path):
            return found
        segments = request.segments
        for length in self.lengths:
            budget.spend(1 + length // 8)
            taken = self.prefixes.get(segments[:length]) if length <= len(segments) else None
            if taken is not None:
                is_bare = request.ending is Ending.BARE and length == len(segments)
                if found := taken.unslashed if slash_counts and is_bare else taken.all:
                    return found
        return ()


def table_of(paths: Sequence[Any], *, opaque: bool, budget: Budget) -> Table:
    """Read the paths of one host. Raises UnreadableError, TooLargeError."""
    budget.spend(_READING * len(paths))
    entries = tuple(_entry_of(path) for path in paths)
    budget.spend(sum(entry.path.count("/") for entry in entries) // _SPLITTING)
    exact: dict[str, list[Entry]] = defaultdict(list)
    prefixes: dict[Segments, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.path_type == EXACT:
            exact[entry.path].append(entry)
        elif entry.path_type == PREFIX:
            prefixes[entry.segments].append(entry)
    return Table(
        entries=entries,
        opaque=opaque or any(entry.path_type == SPECIFIC for entry in entries),
        has_slashed=any(entry.is_slashed for entry in entries),
        requests={segments: requests_at(segments) for segments in {entry.segments for entry in entries}},
        exact={path: _backends(same) for path, same in exact.items()},
        prefixes={segments: _taken(same) for segments, same in prefixes.items()},
        lengths=tuple(sorted({len(segments) for segments in prefixes}, reverse=True)),
    )


def _entry_of(value: Any) -> Entry:
    path = fields_of(value, _PATH, "a path")
    text, path_type = text_of(path.get("path"), "a path"), text_of(path.get("pathType"), "a path's type")
    if path_type not in _PATH_TYPES:
        raise UnreadableError("a path has a type of unknown meaning")
    if path_type != SPECIFIC and (not text.startswith("/") or "//" in text):
        raise UnreadableError("a path is none that the API takes")
    return Entry(text, path_type, backend_of(path.get("backend")))


def _taken(entries: list[Entry]) -> Taken:
    return Taken(_backends(entries), _backends([entry for entry in entries if not entry.is_slashed]))


def _backends(entries: list[Entry]) -> Backends:
    """Return their backends, of one and the same path in the order in which they are written."""
    if len(entries) == 1:
        return (entries[0].backend,)
    return tuple(dict.fromkeys(entry.backend for entry in sorted(entries, key=lambda entry: entry.path)))
