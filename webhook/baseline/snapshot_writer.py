"""Write a snapshot aside, with the history that it takes over from the one before it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import orjson

from webhook.baseline.errors import SnapshotError
from webhook.baseline.reading import Row
from webhook.baseline.snapshot import Snapshot
from webhook.baseline.snapshot_files import ASIDE, SUFFIX, swap_in
from webhook.baseline.snapshot_format import SCHEMA, SourceRecord, key_text

# Nobody else sees the file, and an unfinished one is thrown away: neither journal nor locks are needed.
_PRAGMAS = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -16384;
"""

_INSERT = "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_PLACE = "SELECT source, path, line FROM objects WHERE key = ?"

# What the previous snapshot remembers and still counts, and what has changed since: an object that was
# declared otherwise or is gone, with its old digest; one that is new, with the empty one.
_HISTORY = (
    "INSERT INTO history SELECT key, digest, until FROM previous.history WHERE until >= :oldest",
    """INSERT INTO history
    SELECT was.key, was.digest, :last FROM previous.objects AS was LEFT JOIN objects AS now USING (key)
    WHERE :last >= :oldest AND now.digest IS NOT was.digest
    UNION ALL
    SELECT now.key, x'', :last FROM objects AS now LEFT JOIN previous.objects AS was USING (key)
    WHERE :last >= :oldest AND was.key IS NULL
    ON CONFLICT DO UPDATE SET until = excluded.until""",
    "INSERT INTO revisions SELECT * FROM previous.revisions WHERE sequence >= :oldest",
)


class Place(NamedTuple):
    """Where an object stands: source by its number, path in the repository, line."""

    source: int
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Title:
    """What a snapshot says of itself."""

    id: str
    left_out_id: str
    made_at: datetime
    sources: Sequence[SourceRecord]


class SnapshotWriter:
    """A snapshot in the making; what is not published when the block ends is thrown away.

    Every method raises SnapshotError where the disk is full or cannot be written to.
    """

    def __init__(self, directory: Path) -> None:
        """Begin a snapshot in a folder that no other process writes to (see ``snapshot_files.locked``)."""
        self._directory = directory
        self._aside = directory / f"new{SUFFIX}{ASIDE}"
        with self._reporting():
            self._aside.unlink(missing_ok=True)
            self._database = sqlite3.connect(
                self._aside.absolute().as_uri(), uri=True, isolation_level=None, check_same_thread=False
            )
            self._database.executescript(_PRAGMAS + SCHEMA)
            self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        with contextlib.suppress(OSError):
            self._aside.unlink(missing_ok=True)

    def add(self, source: int, row: Row) -> Place | None:
        """Add an object of a source, given by its number, or return where it already is declared."""
        key = key_text(row.key)
        values = (key, row.digest, row.content_json, row.left_out_json, source, row.path, row.line)
        with self._reporting():
            if self._database.execute(_INSERT, values).rowcount:
                return None
            return Place(*self._database.execute(_PLACE, (key,)).fetchone())

    def publish(self, title: Title, previous: Snapshot | None, history: int) -> None:
        """Finish the snapshot and make it the current one.

        It remembers what ``history`` revisions before it declared, as far as the previous snapshot
        knows them, and nothing of them where those left out something else in normalization.
        """
        if previous is not None and previous.left_out_id != title.left_out_id:
            previous = None
        with self._reporting():
            self._database.execute("COMMIT")
            self._database.execute("ATTACH ? AS previous", (_uri(previous),))
            self._database.execute("BEGIN")
            self._write_title(title)
            sequence = 1
            if previous is not None:
                sequence = previous.sequence + 1
                self._take_over(oldest=sequence - history, last=sequence - 1)
            self._write_revision(title, sequence)
            self._database.execute("COMMIT")
            self._database.close()
            swap_in(self._directory, self._aside, title.id)

    def _write_title(self, title: Title) -> None:
        facts = {"id": title.id, "left_out": title.left_out_id}
        self._database.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        sources = [(number, *source) for number, source in enumerate(title.sources)]
        self._database.executemany("INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?)", sources)

    def _take_over(self, oldest: int, last: int) -> None:
        for statement in _HISTORY:
            self._database.execute(statement, {"oldest": oldest, "last": last})

    def _write_revision(self, title: Title, sequence: int) -> None:
        commits = orjson.dumps({source.name: source.commit for source in title.sources}).decode()
        revision = (sequence, title.id, title.made_at.isoformat(), commits)
        self._database.execute("INSERT INTO revisions VALUES (?, ?, ?, ?)", revision)

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise SnapshotError(
                f"cannot write a snapshot to {self._directory}: {reason};"
                " check who may write there, and free space"
            ) from None


def _uri(previous: Snapshot | None) -> str:
    if previous is None:
        return ":memory:"
    return f"{previous.path.absolute().as_uri()}?mode=ro&immutable=1"
