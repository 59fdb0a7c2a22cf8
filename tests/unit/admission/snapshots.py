"""Small snapshots, written as `baseward sync` writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import orjson

from tests.builders import COMMIT, Object, declare
from webhook.baseline.errors import SnapshotError
from webhook.baseline.reading import Row
from webhook.baseline.snapshot import Snapshot, open_current
from webhook.baseline.snapshot_files import current_path, locked
from webhook.baseline.snapshot_format import SourceRecord, UnreadSource
from webhook.baseline.snapshot_writer import SnapshotWriter, Title
from webhook.core.normalize import DEFAULT_LEFT_OUT
from webhook.core.normalize.left_out import LeftOut

REPOSITORY = "https://git.example.com/platform.git"


def publish(
    folder: Path,
    *objects: Object,
    commit: str = COMMIT,
    left_out: LeftOut = DEFAULT_LEFT_OUT,
    made_at: datetime | None = None,
    unread: Sequence[UnreadSource] = (),
) -> Path:
    """Make a snapshot of one source the current one, and return its file."""
    rows = [_row(obj, left_out) for obj in objects]
    content = hashlib.sha256(orjson.dumps([[*row.key, row.digest.hex()] for row in rows])).hexdigest()
    record = SourceRecord("platform", commit, content, REPOSITORY, 1, len(rows), 0)
    title = Title(left_out, made_at or datetime.now(UTC), [record], unread)
    previous = _previous(folder)
    open_previous = nullcontext() if previous is None else closing(previous)
    with open_previous, locked(folder), SnapshotWriter(folder, previous) as writer:
        for row in rows:
            writer.add(0, row)
        writer.publish(title, history=10)
    return current_file(folder)


def _previous(folder: Path) -> Snapshot | None:
    try:
        return open_current(folder)
    except SnapshotError:  # a broken one has no history to take over
        return None


def current_file(folder: Path) -> Path:
    """Return the snapshot that is to be served."""
    path = current_path(folder)
    assert path is not None
    return path


def _row(obj: Object, left_out: LeftOut) -> Row:
    declared = declare(obj, left_out)
    place = declared.provenance
    return Row(
        declared.key, declared.digest, declared.content_json, declared.left_out_json, place.path, place.line
    )


def damage(path: Path) -> None:
    """Spoil a snapshot in use, as a failing disk does: all but its first page."""
    whole = path.read_bytes()
    page = int.from_bytes(whole[16:18], "big")  # https://www.sqlite.org/fileformat.html, section 1.3
    with path.open("r+b") as file:
        file.seek(page)
        file.write(b"\xa5" * (len(whole) - page))
