"""Read our own copy of a repository: which files a commit has, and what is in them. No network."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from typing import IO, NamedTuple

from webhook.baseline.errors import GitError
from webhook.baseline.git.command import Git, redact
from webhook.core.printing import safe

TIMEOUT = 60.0  # seconds, for a command that needs no network

_LINK_MODE = "120000"
_SUBMODULE_MODE = "160000"


class Entry(NamedTuple):
    """A file in a commit; ``size`` in bytes."""

    path: str
    mode: str
    oid: str
    size: int

    @property
    def is_link(self) -> bool:
        """Tell whether it is a symbolic link."""
        return self.mode == _LINK_MODE

    @property
    def is_file(self) -> bool:
        """Tell whether it is neither a symbolic link nor a submodule."""
        return self.mode not in {_LINK_MODE, _SUBMODULE_MODE}


def list_files(git: Git, commit: str, path: str) -> tuple[list[Entry], list[Entry]]:
    """List the files at and below a folder, in the order of their paths: those here, and those that are not.

    Of a file that is not here the size is unknown, 0. Raises GitError.
    """
    command = ("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *([path] if path else []))
    here: list[Entry] = []
    missing: list[Entry] = []
    for line in git.run(*command, timeout=TIMEOUT).decode(errors="backslashreplace").split("\0")[:-1]:
        facts, _, name = line.partition("\t")
        mode, _, oid, size = facts.split()
        if size == "BAD":
            missing.append(Entry(name, mode, oid, 0))
        else:
            here.append(Entry(name, mode, oid, int(size) if size != "-" else 0))
    return here, missing


def read_files(git: Git, entries: Sequence[Entry]) -> Generator[bytes, None, None]:
    """Read files, one after another, in one git process. Raises GitError."""
    with tempfile.TemporaryFile(dir=git.home) as names:
        names.writelines(f"{entry.oid}\n".encode() for entry in entries)
        names.seek(0)
        with git.reading("cat-file", "--batch", stdin=names) as output:
            for entry in entries:
                yield _content(git, output, entry)


def _content(git: Git, output: IO[bytes], entry: Entry) -> bytes:
    header = output.readline().split()
    is_blob = len(header) == 3 and header[1] == b"blob"  # noqa: PLR2004  # name, type, size
    content = output.read(entry.size) if is_blob else b""
    if not is_blob or len(content) != entry.size:
        raise unreadable(git, entry)
    output.read(1)  # a line's end
    return content


def unreadable(git: Git, entry: Entry) -> GitError:
    """Return the error for a file that should be here and is not."""
    return GitError(f"{safe(entry.path)} of {redact(git.url)} could not be read from our copy of it")
