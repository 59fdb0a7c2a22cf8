"""Read our own copy of a repository: which files a commit has, and what is in them. No network."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import IO

from webhook.baseline.errors import GitError, SizeError
from webhook.baseline.git.command import Git, redact
from webhook.baseline.git.entry import Entry
from webhook.config.sizes import format_size
from webhook.core.printing import safe

TIMEOUT = 60.0  # seconds, for a command that needs no network
MAX_FILES = 300_000
MAX_LISTING = 2**26  # bytes, for the paths of all files, with some 50 more for each

NOTHING_KNOWN: Mapping[str, int] = MappingProxyType({})

_CHUNK = 2**20


def list_files(
    git: Git, commit: str, path: str, known: Mapping[str, int] = NOTHING_KNOWN
) -> tuple[list[Entry], list[Entry]]:
    """List the files at and below a folder, in the order of their paths: those here, and those that are not.

    ``known`` has the sizes of some files that are here, by oid. Of a file that is not here the size is
    unknown, 0. Raises SizeError where they are more than ``MAX_FILES``, and GitError.
    """
    lines = _listing(git, commit, path).decode(errors="backslashreplace").split("\0")[:-1]
    parsed = [(*line[: line.index("\t")].split(" "), line[line.index("\t") + 1 :]) for line in lines]
    unknown = {oid for _, kind, oid, _ in parsed if kind == "blob" and oid not in known}
    sizes = {**known, **dict(_sizes(git, sorted(unknown)))} if unknown else known
    here: list[Entry] = []
    missing: list[Entry] = []
    for mode, kind, oid, name in parsed:
        is_here = kind != "blob" or oid in sizes
        (here if is_here else missing).append(Entry(name, mode, oid, sizes.get(oid, 0)))
    return here, missing


def _listing(git: Git, commit: str, path: str) -> bytes:
    """Return what git lists. A few small folders, each many times in another, can be files without end."""
    command = ("ls-tree", "-r", "-z", "--full-tree", commit, "--", *([path] if path else []))
    listing = bytearray()
    files = 0
    with contextlib.closing(git.pieces(*command, timeout=TIMEOUT)) as pieces:
        for piece in pieces:
            listing += piece
            files += piece.count(b"\0")
            if files > MAX_FILES or len(listing) > MAX_LISTING:
                raise SizeError(
                    f"{safe(path) or 'the root'} at {commit[:7]} of {redact(git.url)} has more than"
                    f" {MAX_FILES:,} files, or their paths more than {format_size(MAX_LISTING)}: name a"
                    " smaller folder as the source's `path`, or split the repository"
                )
    return bytes(listing)


def _sizes(git: Git, oids: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the size of each file that is here."""
    given = "".join(f"{oid}\n" for oid in oids).encode()
    facts = git.run("cat-file", "--batch-check=%(objectsize)", timeout=TIMEOUT, given=given).split(b"\n")
    for oid, size in zip(oids, facts, strict=False):
        if size.isdigit():  # else it says that it is missing
            yield oid, int(size)


def read_files(git: Git, entries: Sequence[Entry]) -> Generator[bytes, None, None]:
    """Read files, one after another, in one git process. Raises GitError."""
    with _contents(git, entries) as output:
        for entry in entries:
            yield b"".join(_content(git, output, entry, entry.size))


def copy_files(git: Git, entries: Sequence[Entry], opened: Callable[[Entry], IO[bytes]]) -> None:
    """Write each file to what is ``opened`` for it, however large, with little memory. Raises GitError."""
    with _contents(git, entries) as output:
        for entry in entries:
            with opened(entry) as file:
                file.writelines(_content(git, output, entry, _CHUNK))


@contextlib.contextmanager
def _contents(git: Git, entries: Sequence[Entry]) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile(dir=git.home) as names:
        names.writelines(f"{entry.oid}\n".encode() for entry in entries)
        names.seek(0)
        with git.reading("cat-file", "--batch", stdin=names) as output:
            yield output


def _content(git: Git, output: IO[bytes], entry: Entry, most: int) -> Iterator[bytes]:
    """Yield the next file, in pieces of so many bytes at most."""
    header = output.readline().split()
    if not header:
        raise EOFError
    if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004  # name, type, size
        raise unreadable(git, entry)
    left = entry.size
    while left:
        piece = output.read(min(left, most))
        if not piece:
            raise EOFError
        left -= len(piece)
        yield piece
    output.read(1)  # a line's end


def unreadable(git: Git, entry: Entry) -> GitError:
    """Return the error for a file that should be here and is not."""
    return GitError(f"{safe(entry.path)} of {redact(git.url)} could not be read from our copy of it")
