"""Read a snapshot: the baseline as an immutable file that all workers share.

What a process holds of it does not grow with the number of objects: SQLite finds the few pages of
one object by itself, and the kernel keeps the file once for all processes. Pages are read, not
mapped: mapped ones count as the process's own memory, and a file that is cut short on a broken disk
would end the process.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import orjson

from webhook.baseline.errors import SnapshotError
from webhook.baseline.snapshot_files import current_path
from webhook.baseline.snapshot_format import (
    APPLICATION_ID,
    FORMAT,
    SourceRecord,
    UnreadSource,
    key_range,
    key_text,
    left_out_id,
    parse_key,
)
from webhook.core.kinds import Kind
from webhook.core.normalize.left_out import LeftOut
from webhook.core.objects import Declared, ObjectKey, Provenance

_CACHE_KIB = 1024

_COLUMNS = "SELECT key, digest, content, left_out, source, path, line FROM objects"
_DECLARED = f"{_COLUMNS} WHERE key = ?"
_WITHIN = f"{_COLUMNS} WHERE key > ? AND key < ? ORDER BY key"
_REFERRING = f"{_COLUMNS} WHERE refers = ? ORDER BY key"
_EARLIER = "SELECT digest FROM history WHERE key = ?"
_KEYS = "SELECT key FROM objects ORDER BY key"
_UNREAD = "SELECT name, namespaces, kinds FROM unread ORDER BY name"
_FILES = "SELECT path, oid FROM files WHERE source = ?"
_SOURCES = """SELECT number, name, commit_sha, settings, repository, files, objects, warnings
    FROM sources ORDER BY number"""
_LAST_REVISION = "SELECT sequence, synced_at FROM revisions ORDER BY sequence DESC LIMIT 1"


class Snapshot:
    """The baseline at one set of commits; implements ``core.objects.Baseline``.

    ``synced_at`` begins as the time when the snapshot was made. It may be set anew while the snapshot
    is in use, as each sync that finds nothing new makes it younger (see ``status``).

    May be used in any thread, and must not be carried into a forked process.
    """

    def __init__(self, path: Path) -> None:
        """Open a file. Raises SnapshotError for one that is missing, broken, or not ours to read."""
        self.path = path
        self._opened = _identity(path)
        try:
            self._database = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise self._unreadable(error) from None
        # Who swaps in another one cannot tell when the last reader is done with this one.
        weakref.finalize(self, self._database.close)
        try:
            self._check_format()
            self._read_facts()
        except (LookupError, TypeError, ValueError) as error:
            self.close()
            raise self._unreadable(f"it is incomplete ({type(error).__name__}: {error})") from None
        except BaseException:
            self.close()
            raise

    def _check_format(self) -> None:
        if self._value("PRAGMA application_id") != APPLICATION_ID:
            raise SnapshotError(f"{self.path} is no snapshot of Baseward; remove it and run `baseward sync`")
        found = self._value("PRAGMA user_version")
        if found != FORMAT:
            raise SnapshotError(
                f"{self.path} has format {found}, and this version reads format {FORMAT}:"
                " run `baseward sync` and `baseward serve` in the same version"
            )

    def _read_facts(self) -> None:
        self._select(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._select("PRAGMA mmap_size = 0")
        meta = dict(self._select("SELECT key, value FROM meta"))
        self.id: str = meta["id"]
        self.left_out_id: str = meta["left_out"]
        self._numbered = {number: SourceRecord(*row) for number, *row in self._select(_SOURCES)}
        self.sources = tuple(self._numbered.values())
        self.numbers: Mapping[str, int] = {source.name: number for number, source in self._numbered.items()}
        self.unread = tuple(_unread(row) for row in self._select(_UNREAD))
        self.object_count = sum(source.objects for source in self.sources)
        self.commits: Mapping[str, str] = {source.name: source.commit for source in self.sources}
        self.sequence, made_at = self._select(_LAST_REVISION)[0]
        self.made_at = datetime.fromisoformat(made_at)
        if self.made_at.tzinfo is None:
            raise ValueError("a time without its zone")
        self.synced_at: Mapping[str, datetime] = dict.fromkeys(self.commits, self.made_at)

    def declared(self, key: ObjectKey) -> Declared | None:
        """Look an object up. Raises SnapshotError where the file turns out to be broken."""
        rows = self._select(_DECLARED, key_text(key))
        return self._declared_of(rows[0], key) if rows else None

    def unread_anywhere(self, kind: Kind) -> str | None:
        """Return the name of a source that was never read and may declare objects of a kind, if any."""
        return next((source.name for source in self.unread if {"*", kind.name} & {*source.kinds}), None)

    def within(self, kind: Kind, namespace: str | None) -> Iterator[Declared]:
        """Yield the declared objects of a kind in a namespace, None for all, by key. Raises SnapshotError."""
        return self._each(_WITHIN, *key_range(kind.group, kind.name, namespace))

    def referring(self, to: ObjectKey) -> Iterator[Declared]:
        """Yield the declared objects that refer to an object, by key. Raises SnapshotError."""
        return self._each(_REFERRING, key_text(to))

    def _each(self, query: str, *parameters: str) -> Iterator[Declared]:
        try:
            for row in self._database.execute(query, parameters):
                yield self._declared_of(row)
        except sqlite3.Error as error:
            raise self._unreadable(error) from None

    def _declared_of(self, row: tuple[Any, ...], known: ObjectKey | None = None) -> Declared:
        key, digest, content, left_out, number, path, line = row
        source = self._numbered[number]
        place = Provenance(source.name, source.commit, path, line)
        return Declared(known or parse_key(key), digest, content, left_out, place)

    def earlier_digests(self, key: ObjectKey) -> Collection[bytes]:
        """Return what earlier revisions of the history declared, ``ABSENT_DIGEST`` for nothing."""
        return [digest for (digest,) in self._select(_EARLIER, key_text(key))]

    def unread_source(self, key: ObjectKey) -> str | None:
        """Return the name of a source that was never read and may declare the object, None for none."""
        return next((source.name for source in self.unread if _may_declare(source, key)), None)

    def files(self, source: int) -> Mapping[str, str]:
        """Return the files of a source, by its number, that were read on their own, and their contents."""
        return dict(self._select(_FILES, source))

    def record(self, name: str) -> SourceRecord | None:
        """Return what it says of a source, None where it has none of that name."""
        return next((source for source in self.sources if source.name == name), None)

    def keys(self) -> Iterator[ObjectKey]:
        """Yield the keys of all objects, by group, kind, namespace and name."""
        try:
            for (key,) in self._database.execute(_KEYS):
                yield parse_key(key)
        except sqlite3.Error as error:
            raise self._unreadable(error) from None

    def check_settings(self, left_out: LeftOut) -> None:
        """Raise SnapshotError, and let go of the file, unless it was made with the same ``left_out``.

        By any other, what is the same would seem to differ.
        """
        if self.left_out_id != left_out_id(left_out):
            self.close()
            raise SnapshotError(
                f"snapshot {self.path} was made with other `ignore`, `presets` or `bookkeeping` settings:"
                " give `sync` and whatever reads its snapshot the same configuration, and restart both"
            )

    def is_as_opened(self) -> bool:
        """Tell whether the file is still the one that was opened: nobody has written to it, or removed it."""
        return self._opened is not None and self._opened == _identity(self.path)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _value(self, query: str) -> Any:
        return self._select(query)[0][0]

    def _select(self, query: str, *parameters: str | int) -> list[Any]:
        try:
            return self._database.execute(query, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._unreadable(error) from None

    def _unreadable(self, problem: sqlite3.Error | str) -> SnapshotError:
        return SnapshotError(
            f"snapshot {self.path} cannot be read: {problem};"
            " `baseward sync` makes a new one once it is removed"
        )


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _unread(row: tuple[str, str, str]) -> UnreadSource:
    name, namespaces, kinds = row
    return UnreadSource(name, tuple(orjson.loads(namespaces)), tuple(orjson.loads(kinds)))


def _may_declare(source: UnreadSource, key: ObjectKey) -> bool:
    return any(kind in ("*", key.kind) for kind in source.kinds) and any(
        fnmatchcase(key.namespace, glob) for glob in source.namespaces
    )


def open_current(directory: Path) -> Snapshot | None:
    """Open the snapshot that ``sync`` wrote last, or return None where there is none yet.

    Raises SnapshotError for one that cannot be read.
    """
    path = current_path(directory)
    return None if path is None else Snapshot(path)
