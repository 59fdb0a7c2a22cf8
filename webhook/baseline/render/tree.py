"""The files of a commit in a folder, for a program that reads no Git: nothing in it leads out of it.

Folders are made under a name that tells them from all else, so that what a killed process left is found
and removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.git.entry import Entry
from webhook.baseline.git.repository import Repository

_PREFIX = "render-"
_EXECUTABLE = "100755"
_MAX_HOPS = 40  # as Linux
_MAX_TARGET = 4095  # bytes, as Linux
_COST = 4096  # bytes that a file takes on a disk besides its content, about: a million empty ones do, too
_REFUSED = frozenset({"", ".", "..", ".git"})


@contextlib.contextmanager
def exported(
    repository: Repository, entries: Sequence[Entry], parent: Path, *, path: str, max_size: int
) -> Iterator[Path]:
    """Provide a folder, below ``parent``, with the files of a commit, laid out as in the repository.

    Submodules are left out, and so are symbolic links that lead out of the folder; one at or below
    ``path``, that of the source, is an error. Nobody else may be at work in ``parent``: what is left
    there of an earlier export is removed. Raises ManifestError, GitError, and RenderError where the
    files take more than ``max_size`` bytes, 4096 for each file and its content, or cannot be written.
    """
    files = [entry for entry in entries if entry.is_file or entry.is_link]
    _check(files, max_size)
    for rest in parent.glob(f"{_PREFIX}*"):
        shutil.rmtree(rest, ignore_errors=True)
    with private_folder(parent) as tree:
        try:
            links = _write_files(repository, files, tree)
            _write_links(links, tree, path)
        except OSError as error:
            raise unwritable(parent, error) from None
        yield tree


@contextlib.contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """Provide an empty folder below ``parent``, and remove it afterwards.

    Where this process is killed, the next `exported` removes it. Raises RenderError.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    except OSError as error:
        raise unwritable(parent, error) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unwritable(parent: Path, error: OSError) -> RenderError:
    """Return the error of files that cannot be written."""
    return RenderError(
        f"the files to render cannot be written to {parent}: {error.strerror}; check who may write there,"
        " and free space"
    )


def _check(entries: Sequence[Entry], max_size: int) -> None:
    size = sum(entry.size + _COST for entry in entries)
    if size > max_size:
        raise RenderError(
            f"the files to render, {len(entries):,}, take {size:,} bytes, more than the {max_size:,} of"
            " `maxSize`; raise it"
        )
    paths: set[str] = set()
    for entry in entries:
        if entry.path in paths or _REFUSED.intersection(entry.path.lower().split("/")) or "\0" in entry.path:
            raise ManifestError(entry.path, 1, "a name that no file can have; rename it")
        if entry.is_link and entry.size > _MAX_TARGET:
            raise ManifestError(entry.path, 1, "a symbolic link that is too long for any system; correct it")
        paths.add(entry.path)
    for entry in entries:
        if any(str(above) in paths for above in PurePosixPath(entry.path).parents):
            raise ManifestError(entry.path, 1, "the folder is also a file; rename one of them")


def _write_files(repository: Repository, entries: Sequence[Entry], tree: Path) -> dict[str, str]:
    """Write the files, and return the symbolic links: path and target. There is none yet to be followed."""
    repository.copy([entry for entry in entries if entry.is_file], partial(_opened, tree))
    links = [entry for entry in entries if entry.is_link]
    targets = repository.read(links) if links else ()
    return {
        entry.path: target.decode(errors="backslashreplace")
        for entry, target in zip(links, targets, strict=True)
    }


def _opened(tree: Path, entry: Entry) -> IO[bytes]:
    file = tree / entry.path
    file.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o700 if entry.mode == _EXECUTABLE else 0o600
    return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")  # noqa: PTH123  # no other mode


def _write_links(links: Mapping[str, str], tree: Path, path: str) -> None:
    for link, target in links.items():
        if not _leads_out(link, links):
            file = tree / link
            file.parent.mkdir(parents=True, exist_ok=True)
            file.symlink_to(target)
        elif PurePosixPath(link).is_relative_to(path):
            raise ManifestError(
                link, 1, "a symbolic link that leads out of the repository; put there what it leads to"
            )


def _leads_out(link: str, links: Mapping[str, str]) -> bool:
    """Tell whether following a link, and the links that it leads to, ever leaves the tree, or never ends."""
    place: list[str] = []
    ahead = link.split("/")[::-1]
    hops = 0
    while ahead:
        name = ahead.pop()
        if name == "..":
            if not place:
                return True
            place.pop()
        elif name not in {"", "."}:
            place.append(name)
            target = links.get("/".join(place))
            if target is not None:
                hops += 1
                if target.startswith("/") or "\0" in target or hops > _MAX_HOPS:
                    return True
                place.pop()
                ahead += target.split("/")[::-1]
    return False
