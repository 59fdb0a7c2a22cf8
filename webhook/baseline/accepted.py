"""Revisions that somebody accepted though they would be held: ``accepted.json``, by ``sync --accept``.

One commit a source. It is written in the folder that ``sync`` writes to, so that whoever may accept is
whoever may write there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from webhook.baseline.errors import HeldError, SnapshotError
from webhook.baseline.snapshot_files import write_aside

ACCEPTED_FILE = "accepted.json"


def accept(directory: Path, source: str, commit: str) -> None:
    """Note that a commit of a source, by its full name, is accepted. Raises SnapshotError."""
    try:
        content = orjson.dumps({**read_accepted(directory), source: commit}, option=orjson.OPT_INDENT_2)
        write_aside(directory / ACCEPTED_FILE, content + b"\n")
    except OSError as error:
        raise SnapshotError(
            f"cannot write {directory / ACCEPTED_FILE}: {error.strerror}; check who may write there"
        ) from None


def read_accepted(directory: Path) -> Mapping[str, str]:
    """Return the accepted commit of each source; nothing is accepted by a file that cannot be read."""
    try:
        content = orjson.loads((directory / ACCEPTED_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def held(source: str, commit: str, why: str) -> HeldError:
    """Return the error that says why a commit waits, and how to accept it."""
    return HeldError(f"{why}; if that is meant: baseward sync --accept {source}@{commit}")
