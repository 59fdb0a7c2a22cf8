"""Write a snapshot aside, with what it takes over from the one before it: parts, files, history."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson

from webhook.baseline.errors import DamagedError, SnapshotError
from webhook.baseline.reading import Row
from webhook.baseline.snapshot import Snapshot
from webhook.baseline.snapshot_files import ASIDE, SUFFIX, swap_in
from webhook.baseline.snapshot_format import (
    INDEXES,
    SCHEMA,
    SourceRecord,
    UnreadSource,
    key_text,
    left_out_id,
    parse_key,
    snapshot_id,
)
from webhook.core.normalize.left_out import LeftOut
from webhook.core.objects import ObjectKey

# Nobody else sees the file, and an unfinished one is thrown away: neither journal nor locks are needed.
_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
}
_PRAGMAS = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -16384;
"""

_INSERT = "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_PLACE = "SELECT path, line FROM objects WHERE key = ? AND source = ?"
_INSERT_FILE = "INSERT INTO files VALUES (?, ?, ?, ?)"
_KEYS = "SELECT key FROM objects WHERE source = ?"
_DROP_KEY = "DELETE FROM objects WHERE key = ? AND source = ?"
_DROP = ("DELETE FROM objects WHERE source = ?", "DELETE FROM files WHERE source = ?")

_KEEP = """INSERT INTO objects
    SELECT key, :source, digest, content, left_out, path, line, refers FROM previous.objects
    WHERE source = :earlier"""
_KEEP_FILES = (
    "INSERT INTO files SELECT :source, path, oid, warnings FROM previous.files WHERE source = :earlier"
)
_UNCHANGED = " AND path NOT IN (SELECT path FROM temp.changed)"
_COUNTS = (
    "SELECT count(*) FROM objects WHERE source = ?",
    "SELECT total(warnings) FROM files WHERE source = ?",
)

_CONTESTED = """SELECT key, source, path, line,
    (SELECT name FROM previous.objects AS was JOIN previous.sources ON number = was.source
        WHERE was.key = now.key)
    FROM objects AS now WHERE key IN (SELECT key FROM objects GROUP BY key HAVING count(*) > 1 LIMIT 1000)
    ORDER BY key, source"""
_LOST = """SELECT count(*) FROM previous.objects AS was
    WHERE source = ? AND NOT EXISTS (SELECT 1 FROM objects AS now WHERE now.key = was.key)"""
_GAINED = """SELECT count(*) FROM objects AS now
    WHERE source = ? AND NOT EXISTS (SELECT 1 FROM previous.objects AS was WHERE was.key = now.key)"""

# A source's revision is a new one where its commit or its settings are others.
_INSERT_SOURCE = """INSERT INTO sources SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, coalesce(
    (SELECT revision + NOT (commit_sha = ?3 AND settings = ?4) FROM previous.sources WHERE name = ?2), 1)"""

_CHANGED_KEYS = """SELECT key FROM previous.objects
    WHERE source = :earlier AND path IN (SELECT path FROM temp.changed)"""
_TOUCH = "INSERT INTO temp.touched VALUES (?)"
_TOUCH_ALL = """INSERT INTO temp.touched
    SELECT key FROM previous.objects UNION SELECT key FROM objects"""

# What the previous snapshot remembers and still counts, and what has changed since: an object that was
# declared otherwise or is gone, with its old digest; one that is new, with the empty one. An object that
# is new with a new source tells nothing of what Git said before.
_HISTORY = (
    """INSERT INTO history SELECT past.key, past.digest, past.source, past.until
    FROM previous.history AS past JOIN sources AS now ON now.name = past.source
    WHERE past.until >= now.revision - :history""",
    """INSERT INTO history SELECT was.key, was.digest, old.name, old.revision
    FROM temp.touched JOIN previous.objects AS was USING (key)
    JOIN previous.sources AS old ON old.number = was.source
    JOIN sources AS new ON new.name = old.name LEFT JOIN objects AS now ON now.key = was.key
    WHERE now.digest IS NOT was.digest AND old.revision >= new.revision - :history AND :history > 0
    UNION ALL SELECT now.key, x'', old.name, old.revision
    FROM temp.touched JOIN objects AS now USING (key) JOIN sources AS new ON new.number = now.source
    JOIN previous.sources AS old ON old.name = new.name LEFT JOIN previous.objects AS was ON was.key = now.key
    WHERE was.key IS NULL AND old.revision >= new.revision - :history AND :history > 0
    ON CONFLICT DO UPDATE SET source = excluded.source, until = excluded.until""",
    "INSERT INTO revisions SELECT * FROM previous.revisions WHERE sequence > :sequence - :history - 1",
)


class Place(NamedTuple):
    """Where an object stands in the repository of its source."""

    path: str
    line: int


class Claim(NamedTuple):
    """One of several declarations of an object.

    ``source`` by its number; ``holder`` is the name of the source that declares the object in the
    snapshot before, if one does.
    """

    key: ObjectKey
    source: int
    place: Place
    holder: str | None


@dataclass(frozen=True, slots=True)
class Title:
    """What a snapshot says of itself; ``sources`` in the order of their numbers, None for an unread one."""

    left_out: LeftOut
    made_at: datetime
    sources: Sequence[SourceRecord | None]
    unread: Sequence[UnreadSource] = ()

    @property
    def id(self) -> str:
        """Return the id of the snapshot."""
        return snapshot_id(filter(None, self.sources), self.unread, self.left_out)


class SnapshotWriter:
    """A snapshot in the making; what is not published when the block ends is thrown away.

    Every method raises SnapshotError where the disk is full or cannot be written to.
    """

    def __init__(self, directory: Path, previous: Snapshot | None = None) -> None:
        """Begin a snapshot in a folder that no other process writes to (see ``snapshot_files.locked``).

        What it takes over comes from ``previous``.
        """
        self._directory = directory
        self._previous = previous
        self._aside = directory / f"new{SUFFIX}{ASIDE}"
        # The keys that may be declared otherwise than before, None for any, and the sources of which
        # that is known.
        self._touched: set[str] | None = set()
        self._kept: set[int] = set()
        with self._reporting():
            self._aside.unlink(missing_ok=True)
            self._database = sqlite3.connect(
                self._aside.absolute().as_uri(), uri=True, isolation_level=None, check_same_thread=False
            )
            self._database.executescript(_PRAGMAS + SCHEMA + INDEXES)
            self._database.execute("ATTACH ? AS previous", (_uri(previous),))
            if previous is None:
                self._database.executescript(SCHEMA.replace("CREATE TABLE ", "CREATE TABLE previous."))
            self._database.execute("CREATE TEMP TABLE changed (path TEXT PRIMARY KEY) WITHOUT ROWID")
            self._database.execute("CREATE TEMP TABLE touched (key TEXT PRIMARY KEY) WITHOUT ROWID")
            self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        with contextlib.suppress(OSError):
            self._aside.unlink(missing_ok=True)

    # The parts

    def add(self, source: int, row: Row) -> Place | None:
        """Add an object of a source, given by its number, or return where it already declares that object."""
        key = key_text(row.key)
        refers = None if row.refers is None else key_text(row.refers)
        values = (key, source, row.digest, row.content_json, row.left_out_json, row.path, row.line, refers)
        if self._touched is not None and source in self._kept:
            self._touched.add(key)
        with self._reporting():
            if self._database.execute(_INSERT, values).rowcount:
                return None
            return Place(*self._database.execute(_PLACE, (key, source)).fetchone())

    def add_files(self, source: int, files: Iterable[tuple[str, str, int]]) -> None:
        """Note that files of a source were read on their own: path, content's name, number of warnings."""
        with self._reporting():
            self._database.executemany(_INSERT_FILE, ((source, *file) for file in files))

    def keep(self, source: int, earlier: int) -> None:
        """Take over all that a source, by its earlier number, declared in the snapshot before."""
        self._kept.add(source)
        with self._reporting():
            for statement in (_KEEP, _KEEP_FILES):
                self._database.execute(statement, {"source": source, "earlier": earlier})

    def keep_files(self, source: int, earlier: int, changed: Iterable[str]) -> tuple[int, int]:
        """Take over what all files of a source but some declared; return how many objects and warnings."""
        with self._reporting():
            self._database.executemany("INSERT INTO temp.changed VALUES (?)", ((path,) for path in changed))
            for statement in (_KEEP, _KEEP_FILES):
                self._database.execute(statement + _UNCHANGED, {"source": source, "earlier": earlier})
            gone = [key for (key,) in self._database.execute(_CHANGED_KEYS, {"earlier": earlier})]
            self._database.execute("DELETE FROM temp.changed")
            self._kept.add(source)
            if self._touched is not None:
                self._touched.update(gone)
            objects, warnings = (int(self._value(query, source)) for query in _COUNTS)
            return objects, warnings

    def drop_outside(self, source: int, is_allowed: Callable[[ObjectKey], bool]) -> int:
        """Take out the objects of a source that it may not declare; return how many."""
        self._touched = None
        with self._reporting():
            keys = [key for (key,) in self._database.execute(_KEYS, (source,))]
            outside = [(key, source) for key in keys if not is_allowed(parse_key(key))]
            self._database.executemany(_DROP_KEY, outside)
            return len(outside)

    def drop(self, source: int) -> None:
        """Take out all that was added of a source."""
        self._touched = None
        with self._reporting():
            for statement in _DROP:
                self._database.execute(statement, (source,))

    # What is to be looked at before it is published

    def contested(self) -> list[list[Claim]]:
        """Return the claims on each object that several sources declare, for the first 1,000 such objects."""
        by_key: dict[str, list[Claim]] = {}
        with self._reporting():
            for key, source, path, line, holder in self._database.execute(_CONTESTED):
                by_key.setdefault(key, []).append(Claim(parse_key(key), source, Place(path, line), holder))
        return list(by_key.values())

    def shrinkage(self, source: int, earlier: int) -> int:
        """Return how many objects fewer a source brings: those gone from all sources, less those new."""
        with self._reporting():
            return int(self._value(_LOST, earlier)) - int(self._value(_GAINED, source))

    def _value(self, query: str, *parameters: Any) -> Any:
        return self._database.execute(query, parameters).fetchone()[0]

    # The end

    def publish(self, title: Title, history: int) -> None:
        """Finish the snapshot and make it the current one.

        It remembers what ``history`` earlier revisions of each source declared, as far as the previous
        snapshot knows them, and nothing of them where those left out something else in normalization.
        """
        previous = self._previous
        if previous is not None and previous.left_out_id != left_out_id(title.left_out):
            previous = None
        with self._reporting():
            self._write_title(title)
            sequence = 1
            if previous is not None:
                sequence = previous.sequence + 1
                self._touch({number for number, source in enumerate(title.sources) if source is not None})
                self._take_over(history, sequence)
            self._write_revision(title, sequence)
            self._database.execute("COMMIT")
            self._database.close()
            swap_in(self._directory, self._aside, title.id)

    def _write_title(self, title: Title) -> None:
        facts = {"id": title.id, "left_out": left_out_id(title.left_out)}
        self._database.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        sources = [(number, *source) for number, source in enumerate(title.sources) if source is not None]
        self._database.executemany(_INSERT_SOURCE, sources)
        unread = [(name, *map(_json, what)) for name, *what in title.unread]
        self._database.executemany("INSERT INTO unread VALUES (?, ?, ?)", unread)

    def _touch(self, sources: set[int]) -> None:
        """Note which keys are to be compared with the previous snapshot."""
        if self._touched is None or not sources <= self._kept:
            self._database.execute(_TOUCH_ALL)
        else:
            self._database.executemany(_TOUCH, ((key,) for key in self._touched))

    def _take_over(self, history: int, sequence: int) -> None:
        for statement in _HISTORY:
            self._database.execute(statement, {"history": history, "sequence": sequence})

    def _write_revision(self, title: Title, sequence: int) -> None:
        commits = _json({source.name: source.commit for source in title.sources if source is not None})
        revision = (sequence, title.id, title.made_at.isoformat(), commits)
        self._database.execute("INSERT INTO revisions VALUES (?, ?, ?, ?)", revision)

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in _DAMAGED:
                raise DamagedError(f"the snapshot before cannot be read: {error}; it is made anew") from None
            raise self._unwritable(str(error)) from None
        except OSError as error:
            raise self._unwritable(error.strerror or type(error).__name__) from None

    def _unwritable(self, reason: str) -> SnapshotError:
        return SnapshotError(
            f"cannot write a snapshot to {self._directory}: {reason};"
            " check who may write there, and free space"
        )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _uri(previous: Snapshot | None) -> str:
    if previous is None:
        return ":memory:"
    return f"{previous.path.absolute().as_uri()}?mode=ro&immutable=1"
