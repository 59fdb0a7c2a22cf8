"""What can go wrong between Git and the snapshot. Every message names what, where, and what to do.

BasewardError
└── BaselineError           every one below: the new baseline is refused, the one before it stays
    ├── GitError            a git command failed, or what it was asked for is not there
    │   ├── AccessError         the repository cannot be reached, or refuses us: it is not tried in other ways
    │   ├── OverdueError        a git command took longer than it may
    │   └── SizeError           there is more of it than the source's maxSize
    ├── TrustError          a revision is not signed as the source demands
    ├── HeldError           a revision waits until somebody accepts it
    ├── RenderError         a renderer could not turn a source's files into manifests
    ├── SnapshotError       a snapshot file could not be written, swapped in or read
    │   └── DamagedError        the one to take over from is broken
    ├── ReceiverError       the push receiver cannot begin: its address, secret or certificate
    └── ManifestError       a file in Git cannot be read: path, line
        └── DeclarationError    it can be read, but what it declares cannot be: path, line
"""

from __future__ import annotations

from webhook.core.errors import BasewardError
from webhook.core.printing import safe

_MAX_PATH = 200


class BaselineError(BasewardError):
    """The root of this tree."""


class GitError(BaselineError):
    """Says that a repository, a revision or an object in it could not be had."""


class AccessError(GitError):
    """Says that a repository cannot be reached, or does not let us in."""


class OverdueError(GitError):
    """Says that a git command was ended, as it took longer than it may."""


class SizeError(GitError):
    """Says that a repository, or what its files unpack to, is larger than it may be."""


class TrustError(BaselineError):
    """Says that a revision is not signed, or not by a key that the source trusts."""


class HeldError(BaselineError):
    """Says why a revision waits, and how to accept it."""


class RenderError(BaselineError):
    """Says that a renderer failed, and on which source."""


class SnapshotError(BaselineError):
    """Says that a snapshot could not be written, swapped in or read."""


class ReceiverError(BaselineError):
    """Says that the push receiver's address, secret or certificate cannot be used."""


class DamagedError(SnapshotError):
    """Says that the snapshot that another is to take over from is broken."""


class ManifestError(BaselineError):
    """Says that the text of a file is broken: ``path:line: what is wrong and what to do``.

    ``line`` counts from 1. The arguments stay as they were given, so that the error survives the
    way back from a process that reads files in parallel.
    """

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(path, line, problem)
        self.path = path
        self.line = line
        self.problem = problem

    def __str__(self) -> str:
        return f"{safe(self.path, _MAX_PATH)}:{self.line}: {self.problem}"


class DeclarationError(ManifestError):
    """Says that an object stands in Git in a way that cannot be declared: no name, twice, an old version."""
