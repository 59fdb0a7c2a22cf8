"""Which object is meant, what Git says of it and where it says so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Protocol

import orjson

from webhook.core.kinds import Kind

ABSENT_DIGEST = b""
"""Stands in a history of digests for "this revision did not declare the object"."""


class ObjectKey(NamedTuple):
    """The identity of an object; ``namespace`` is empty for a cluster-scoped kind."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return ``Kind namespace/name``, as messages write it (not yet safe to print)."""
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"

    def is_within(self, namespaces: Collection[str], kinds: Collection[str]) -> bool:
        """Tell whether the namespace matches one of some globs, and the kind is one of some (``*``: all)."""
        return ("*" in kinds or self.kind in kinds) and any(
            fnmatchcase(self.namespace, glob) for glob in namespaces
        )


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an object is declared: source, commit, path in the repository, line (from 1)."""

    source: str
    commit: str
    path: str
    line: int

    def __str__(self) -> str:
        """Return ``source@commit path:line`` with the commit cut to seven digits."""
        return f"{self.source}@{self.commit[:7]} {self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object as a renderer hands it over: the raw dict and its provenance."""

    key: ObjectKey
    content: dict[str, Any]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Declared:
    """One object of the baseline.

    ``digest`` is that of the canonical form. ``content_json`` is the normal form with lists in
    the order in which Git has them, for people; ``left_out_json`` is what normalization left
    out of it, by JSON pointer. Both are parsed only where they are looked at.
    """

    key: ObjectKey
    digest: bytes
    content_json: bytes
    left_out_json: bytes
    provenance: Provenance

    @property
    def content(self) -> dict[str, Any]:
        """Parse the normal form."""
        content: dict[str, Any] = orjson.loads(self.content_json)
        return content

    @property
    def left_out(self) -> dict[str, Any]:
        """Parse what normalization left out: JSON pointer -> value."""
        left_out: dict[str, Any] = orjson.loads(self.left_out_json)
        return left_out


class Baseline(Protocol):
    """What all sources declare together, at one set of commits."""

    @property
    def commits(self) -> Mapping[str, str]:
        """Return the commit of each source, by its name."""

    @property
    def synced_at(self) -> Mapping[str, datetime]:
        """Return when each source was last synced with success, by its name."""

    def declared(self, key: ObjectKey) -> Declared | None:
        """Look an object up."""

    def earlier_digests(self, key: ObjectKey) -> Collection[bytes]:
        """Return what earlier revisions of the history declared, ``ABSENT_DIGEST`` for nothing."""

    def unread_source(self, key: ObjectKey) -> str | None:
        """Return the name of a source that was never read and may declare the object, if there is one."""

    def unread_anywhere(self, kind: Kind) -> str | None:
        """Return the name of a source that was never read and may declare objects of a kind, anywhere."""

    def within(self, kind: Kind, namespace: str | None) -> Iterator[Declared]:
        """Yield the declared objects of a kind, by key.

        ``namespace`` is None for all of them, and "" for those of a cluster-scoped kind.
        """

    def referring(self, to: ObjectKey) -> Iterator[Declared]:
        """Yield the declared objects that refer to one (``references.reference_of``), by key."""
