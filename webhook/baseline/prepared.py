"""What is to be read of a commit: its files, or what a program made of all of them together.

Programs take their time, and may never end: they run where one source is looked at, and what they
print waits in a file until it is its turn.
"""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.git.entry import Entry
from webhook.baseline.git.repository import Repository
from webhook.baseline.render import File, Renderer, Selection, TreeRenderer
from webhook.baseline.render.tree import exported


class Printed:
    """The files that a program printed, ``count`` of them, on the disk for as long as somebody has this."""

    def __init__(self, files: Iterable[File], folder: Path) -> None:
        """Take files over. Raises RenderError where they cannot be written, and what taking them raises."""
        self.count = 0
        try:
            self._spool = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed with this
            weakref.finalize(self, self._spool.close)
            for file in files:
                pickle.dump(file, self._spool)
                self.count += 1
        except OSError as error:
            raise RenderError(f"cannot write to {folder}: {error.strerror}; check free space") from None

    def files(self) -> Iterator[File]:
        """Yield the files, each time from the first on."""
        self._spool.seek(0)
        for _ in range(self.count):
            file: File = pickle.load(self._spool)  # noqa: S301  # written by this very process
            yield file


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """The files of a commit that a renderer reads, or what a program ``printed`` of them."""

    selection: Selection
    printed: Printed | None = None


def prepare(
    renderer: Renderer, repository: Repository, commit: str, path: str, folder: Path, max_size: int
) -> Prepared:
    """Choose the files of a fetched commit, and let a program render them where that is how it is done.

    ``folder`` is for what is on its way. Raises GitError, RenderError and ManifestError; other faults of
    the files are in the selection.
    """
    entries = repository.entries(commit, renderer.folder)
    _check_names(entries)
    selection = renderer.select(entries)
    if selection.errors or not isinstance(renderer, TreeRenderer):
        return Prepared(selection)
    with exported(repository, selection.entries, folder, path=path, max_size=max_size) as tree:
        return Prepared(selection, Printed(renderer.build(tree), folder))


def _check_names(entries: list[Entry]) -> None:
    """Raise ManifestError where two files have one name: what is no UTF-8 is written as something else."""
    if len({entry.path for entry in entries}) == len(entries):
        return
    seen: set[str] = set()
    for entry in entries:
        if entry.path in seen:
            raise ManifestError(entry.path, 1, "two files have this name, as one is no UTF-8; rename it")
        seen.add(entry.path)
