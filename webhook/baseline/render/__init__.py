"""Renderers: each turns the files of one source into the objects that they declare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from webhook.baseline.errors import ManifestError
from webhook.baseline.git.entry import Entry


class File(NamedTuple):
    """What is rendered on its own: its path in the repository, and its content."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mapping that is perhaps an object, and where it stands: path in the repository, line from 1."""

    value: dict[str, Any]
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The files of a commit that a renderer reads, and what is to be said of the others.

    An error refuses the commit, a warning does not.
    """

    entries: Sequence[Entry]
    errors: Sequence[ManifestError]
    warnings: Sequence[str]


class Renderer(Protocol):
    """How the files of a source become objects, each file on its own.

    ``select`` runs in the process that syncs, and ``render`` in any: a renderer can be pickled.
    """

    @property
    def folder(self) -> str:
        """Return the folder of the repository that holds all it reads, "" for the root."""

    def select(self, entries: Sequence[Entry]) -> Selection:
        """Choose what is read, among the files at and below ``folder``."""

    def render(self, file: File) -> Iterator[Rendered]:
        """Yield what a file holds. Raises ManifestError for a file that is broken."""


@runtime_checkable
class TreeRenderer(Renderer, Protocol):
    """How the files of a source, all together, become objects: a program turns them into manifests.

    What is selected is written into a folder of its own for ``build``; what that yields goes to ``render``.
    """

    def build(self, tree: Path) -> Iterator[File]:
        """Run the program on a tree, laid out as in the repository. Raises RenderError, or ManifestError."""
