"""How each source's last sync went: ``sync.json``, written by ``sync`` and read by ``serve``.

It tells the age of the baseline, which a snapshot cannot: a sync that finds nothing new writes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from webhook.baseline.errors import SnapshotError
from webhook.baseline.snapshot_files import write_aside

STATUS_FILE = "sync.json"


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source.

    ``commit`` is the one that is served, and ``synced_at`` when that last was what the revision
    named; both None before the first success. ``error`` says what keeps the source from being in
    sync, None if nothing does, ``trouble`` of what kind that is (see ``refusal.Trouble``), and
    ``failed_at`` when that was last tried. ``files``, ``objects`` and ``warnings`` count those of ``commit``.
    """

    name: str
    commit: str | None = None
    synced_at: datetime | None = None
    error: str | None = None
    failed_at: datetime | None = None
    files: int = 0
    objects: int = 0
    warnings: int = 0
    trouble: str | None = None

    def __str__(self) -> str:
        """Return ``name@commit: 132 objects from 97 files``."""
        commit = "none" if self.commit is None else self.commit[:7]
        return f"{self.name}@{commit}: {counted(self.objects, 'object')} from {counted(self.files, 'file')}"


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """All sources, and the id of the snapshot that is served (None: none yet)."""

    snapshot: str | None
    sources: tuple[SourceStatus, ...]

    @property
    def synced_at(self) -> Mapping[str, datetime]:
        """Return when each source was last synced with success, by its name."""
        return {source.name: source.synced_at for source in self.sources if source.synced_at is not None}

    def source(self, name: str) -> SourceStatus:
        """Return the status of a source, an empty one for a new source."""
        return next((source for source in self.sources if source.name == name), SourceStatus(name))


NO_STATUS = SyncStatus(None, ())


def read_status(directory: Path) -> SyncStatus:
    """Read the status, ``NO_STATUS`` before the first sync. Raises SnapshotError for a broken file."""
    path = directory / STATUS_FILE
    try:
        content = orjson.loads(path.read_bytes())
        return SyncStatus(content["snapshot"], tuple(_read_source(source) for source in content["sources"]))
    except FileNotFoundError:
        return NO_STATUS
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(
            f"{path} cannot be read: {type(error).__name__}: {error}; the next sync writes it anew"
        ) from None


def write_status(directory: Path, status: SyncStatus) -> None:
    """Write the status in one step. Raises SnapshotError."""
    content = {"snapshot": status.snapshot, "sources": [_written_source(source) for source in status.sources]}
    try:
        write_aside(directory / STATUS_FILE, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise SnapshotError(
            f"cannot write {directory / STATUS_FILE}: {error.strerror};"
            " check who may write there, and free space"
        ) from None


def _written_source(source: SourceStatus) -> dict[str, Any]:
    return {
        "name": source.name,
        "commit": source.commit,
        "syncedAt": source.synced_at,
        "error": source.error,
        "trouble": source.trouble,
        "failedAt": source.failed_at,
        "files": source.files,
        "objects": source.objects,
        "warnings": source.warnings,
    }


def _read_source(content: Mapping[str, Any]) -> SourceStatus:
    return SourceStatus(
        name=content["name"],
        commit=content["commit"],
        synced_at=_time(content["syncedAt"]),
        error=content["error"],
        trouble=content.get("trouble"),
        failed_at=_time(content["failedAt"]),
        files=content["files"],
        objects=content["objects"],
        warnings=content["warnings"],
    )


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without its zone")
    return time


def counted(number: int, what: str) -> str:
    """Write a number with what it counts, as in ``1,210 objects``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
