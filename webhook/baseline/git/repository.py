"""One Git repository: what a revision names, and the files of a commit.

Only what is needed is fetched: one commit, without its history, and of its files those below one
folder, into a bare repository of our own. Nothing is ever checked out, so that no link, filter or hook
in a repository can do anything. Submodules are not followed, and a file in Git LFS is its pointer.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from webhook.baseline.errors import GitError, SizeError
from webhook.baseline.git.access import Access
from webhook.baseline.git.command import Git, redact
from webhook.baseline.git.entry import Entry
from webhook.baseline.git.fetch import FINAL, fetch, has_any, sweep, tidy
from webhook.baseline.git.history import History
from webhook.baseline.git.objects import (
    NOTHING_KNOWN,
    TIMEOUT,
    copy_files,
    list_files,
    read_files,
    unreadable,
)
from webhook.baseline.git.refs import Head, commit_of, resolve
from webhook.baseline.git.remote import Remote
from webhook.config.sizes import format_size
from webhook.core.printing import safe

__all__ = ["Entry", "Head", "Repository"]

ANYHOW = Access()

_SERVED = "refs/baseward/served"


class _Listed(NamedTuple):
    """What a fetch found, for who asks next: with many files it takes a while."""

    commit: str
    path: str
    entries: list[Entry]


class Repository:
    """The repository of one source, and our own copy of what was fetched from it.

    ``url`` is an https, http, ssh or file URL, or a folder; ``directory`` a folder of its own.
    """

    def __init__(self, url: str, directory: Path, access: Access = ANYHOW) -> None:
        self._access = access
        self._git = Git(directory, url)
        self._anew = Git(directory, url, "anew.git")
        self._remote = Remote(url, access)
        self._history = History(Git(directory, url, "history.git"), self._remote)
        self._too_large: tuple[Head, str, str] | None = None
        self._listed: _Listed | None = None
        self._sizes = NOTHING_KNOWN
        self._swept = False

    @property
    def url(self) -> str:
        """Return the URL as it may be shown: without a password."""
        return redact(self._git.url)

    @property
    def git(self) -> Git:
        """Return the git command for our own copy."""
        return self._git

    def resolve(self, revision: str) -> Head:
        """Return what a branch, a tag, ``HEAD``, a full ref or a commit's full name stands for.

        A commit is taken as it is, without asking. Raises GitError where the repository cannot be
        reached, has no such revision, or has a branch and a tag of that name.
        """
        commit = commit_of(revision)
        if commit is not None:
            return commit
        self._git.prepare()
        return resolve(self._git, self._remote, revision)

    def fetch(self, head: Head, path: str = "") -> None:
        """Have a commit here, with its tag and all files at and below a folder, "" for the root.

        Raises GitError where it cannot be had; what was fetched before stays.
        """
        if self._too_large is not None and self._too_large[:2] == (head, path):
            raise SizeError(self._too_large[2])  # it would only be found out again
        deadline = time.monotonic() + self._access.timeout
        self._git.prepare()
        if not self._swept:  # of what an earlier process left
            sweep(self._git)
            _remove(self._anew)
            self._swept = True
        try:
            self._fetch(head, path, deadline)
        except GitError as error:
            sweep(self._git)
            if isinstance(error, SizeError):
                self._too_large = (head, path, str(error))
            raise

    def _fetch(self, head: Head, path: str, deadline: float) -> None:
        """Fetch into our copy; else into a new one, as ours may be damaged, at last of all that there is.

        Not every server gives single files.
        """
        attempts = [partial(self._fetch_here, path), partial(self._fetch_anew, path)]
        *others, last = [*attempts, partial(self._fetch_anew, "")] if path else attempts
        for attempt in others:
            try:
                return attempt(head, deadline)
            except FINAL:
                raise
            except GitError:
                continue
        return last(head, deadline)

    def _fetch_here(self, path: str, head: Head, deadline: float) -> None:
        try:
            entries = fetch(self._git, self._remote, head, path, deadline, self._sizes)
        except SizeError as error:
            if has_any(self._git):  # what was fetched earlier may take up the room
                raise GitError(str(error)) from None
            self.discard()
            raise
        self._listed = None if entries is None else _Listed(head.commit, path, entries)

    def _fetch_anew(self, path: str, head: Head, deadline: float) -> None:
        """Put a new copy in the place of ours, once it is complete."""
        _remove(self._anew)
        try:
            self._anew.prepare()
            fetch(self._anew, self._remote, head, path, deadline)
            self.discard()
            self._anew.repository.rename(self._git.repository)
        finally:
            _remove(self._anew)

    def is_ancestor(self, old: str, new: str) -> bool:
        """Tell whether the commit ``new`` descends from ``old``, as it does unless history was rewritten.

        Fetches the commits of the history, without files. Raises GitError where it cannot be found out.
        """
        return self._history.is_ancestor(old, new, time.monotonic() + self._access.timeout)

    def keep(self, commit: str) -> None:
        """Keep a fetched commit readable, whatever is fetched later, in place of the one kept before.

        Raises GitError where it is not here.
        """
        self._git.run("update-ref", "--no-deref", _SERVED, commit, timeout=TIMEOUT)
        tidy(self._git, self._access.timeout)

    def discard(self) -> None:
        """Forget what was fetched; the next fetch starts anew."""
        self._listed, self._sizes = None, NOTHING_KNOWN
        _remove(self._git)

    def entries(self, commit: str, path: str) -> list[Entry]:
        """List the files at and below a folder of a fetched commit, in the order of their paths.

        ``path`` is relative to the root; "" is the root. Raises GitError where there is no such folder.
        """
        entries = self._entries(commit, path)
        place = f"{safe(path)} at {commit[:7]} of {self.url}"
        if path and not entries:
            raise GitError(f"there is no folder {place}: correct the source's path")
        if path and entries[0].path == path and not entries[0].is_file:
            what = "a symbolic link" if entries[0].is_link else "a submodule"
            raise GitError(f"{place} is {what}: name the folder that it leads to")
        return entries

    def _entries(self, commit: str, path: str) -> list[Entry]:
        listed, self._listed = self._listed, None
        if listed is not None and (listed.commit, listed.path) == (commit, path):
            entries = listed.entries
        else:
            with self._discarding():
                entries, missing = list_files(self._git, commit, path, self._sizes)
                if missing:
                    raise unreadable(self._git, missing[0])
        self._sizes = {entry.oid: entry.size for entry in entries}
        return entries

    def read(self, entries: Sequence[Entry]) -> Generator[bytes, None, None]:
        """Read files, one after another, in one git process.

        Raises SizeError where they are more than ``max_size`` together, however small packed, and GitError.
        """
        self._check_size(entries)
        with self._discarding():
            yield from read_files(self._git, entries)

    def copy(self, entries: Sequence[Entry], opened: Callable[[Entry], IO[bytes]]) -> None:
        """Write files, of any size, to what is ``opened`` for each. Raises as ``read`` does, and OSError."""
        self._check_size(entries)
        with self._discarding():
            copy_files(self._git, entries, opened)

    def _check_size(self, entries: Sequence[Entry]) -> None:
        if sum(entry.size for entry in entries) > self._access.max_size:
            limit = format_size(self._access.max_size)
            raise SizeError(f"the files of {self.url} have more than the {limit} of `maxSize`: raise it")

    @contextlib.contextmanager
    def _discarding(self) -> Iterator[None]:
        """Throw our copy away where it turns out to be damaged; the next sync fetches it anew."""
        try:
            yield
        except SizeError:
            raise  # our copy is as it should be
        except GitError:
            self.discard()
            raise


def _remove(git: Git) -> None:
    shutil.rmtree(git.repository, ignore_errors=True)
