"""The folder that ``sync`` writes and ``serve`` reads.

``<number>-<id>.sqlite``  a snapshot; numbered, so that no name is ever given to another content
``current``               a symbolic link to the one that is served
``sync.json``             how each source's last sync went (see ``status``)
``sync.sock``             where `serve` has Git looked at once (see ``doorbell``)
``git/``                  what was fetched, for ``sync`` alone
``.lock``                 held by the one process that writes here

Whatever is written is written aside and renamed, so that a reader finds a whole file at any time,
and a writer that is killed leaves at most a file ending in ``.tmp``.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from webhook.baseline.errors import SnapshotError

CURRENT = "current"
SUFFIX = ".sqlite"
ASIDE = ".tmp"
GIT_FOLDER = "git"

_LOCK = ".lock"
_EARLIER = 2  # snapshots that are kept beside the current one, for who still reads them or looks back

_log = logging.getLogger(__name__)


def current_path(directory: Path) -> Path | None:
    """Return the path of the snapshot that is served, or None where there is none yet.

    One system call; a new snapshot has a new path. So who waits for one may ask often.
    """
    try:
        return directory / (directory / CURRENT).readlink()
    except OSError:
        return None


def swap_in(directory: Path, aside: Path, identity: str) -> Path:
    """Give a finished file its name and make it the current snapshot, then remove old ones.

    The file is on disk before it has the name. Raises OSError.
    """
    earlier = _snapshots(directory)
    # The one that is served may have been removed, and has its name in `serve` all the same.
    last = max(map(_number, [*earlier, *filter(None, [current_path(directory)])]), default=0)
    path = directory / f"{last + 1:06}-{identity}{SUFFIX}"
    flush(aside)
    aside.replace(path)
    link = directory / f"{CURRENT}{ASIDE}"
    link.unlink(missing_ok=True)
    link.symlink_to(path.name)
    link.replace(directory / CURRENT)
    flush(directory)
    for old in earlier[:-_EARLIER]:
        old.unlink(missing_ok=True)  # a process that has it open keeps reading it
    return path


def write_aside(path: Path, content: bytes) -> None:
    """Replace a small file in one step; a power failure may bring the one before it back. Raises OSError."""
    aside = path.with_name(f"{path.name}{ASIDE}")
    aside.write_bytes(content)
    aside.replace(path)


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _snapshots(directory: Path) -> list[Path]:
    """Return the snapshots, the oldest first."""
    return sorted((path for path in directory.glob(f"*-*{SUFFIX}") if _number(path)), key=_number)


def _number(path: Path) -> int:
    number = path.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Be the only one who writes to the folder, which is made if it is missing; wait for another one.

    Removes what a killed writer left. Raises SnapshotError where the folder cannot be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise SnapshotError(
            f"cannot write to {directory}: {error.strerror}; check `snapshot` and who may write there"
        ) from None
    try:
        _wait_for(descriptor, directory)
        for rest in directory.glob(f"*{ASIDE}"):
            rest.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)  # which also unlocks


def _wait_for(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _log.warning("another sync is at work in %s: waiting for it", directory)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
