"""One Git repository: what a revision names, and the files of a commit.

Only what is needed is fetched: one commit, without its history, into a bare repository of our own.
Nothing is ever checked out, so that no link, filter or hook in a repository can do anything.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from webhook.baseline.errors import GitError
from webhook.baseline.git_command import Git, redact
from webhook.core.printing import safe

ASK_TIMEOUT = 60.0  # seconds
FETCH_TIMEOUT = 600.0

_FETCHED = "refs/baseward/fetched"
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})")
_SHORT_COMMIT = re.compile(r"[0-9a-fA-F]{4,39}")
_FETCH = (
    "fetch",
    "--quiet",
    "--force",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--update-shallow",
)
_LINK_MODE = "120000"
_SUBMODULE_MODE = "160000"
_NO_OBJECT = "BAD"  # in place of a size


@dataclass(frozen=True, slots=True)
class Head:
    """What a revision names now: a commit, by its full name, and the branch or tag (None: none)."""

    commit: str
    ref: str | None


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


class Repository:
    """The repository of one source, and our own copy of what was fetched from it.

    ``url`` is an https, http, ssh or file URL, or a folder; ``directory`` a folder of its own.
    """

    def __init__(self, url: str, directory: Path) -> None:
        self._directory = directory
        self._git = Git(directory, url)

    @property
    def url(self) -> str:
        """Return the URL as it may be shown: without a password."""
        return redact(self._git.url)

    def resolve(self, revision: str) -> Head:
        """Return what a branch, a tag, ``HEAD``, a full ref or a commit's full name stands for.

        A commit is taken as it is, without asking. Raises GitError where the repository cannot be
        reached, has no such revision, or has a branch and a tag of that name.
        """
        if _COMMIT.fullmatch(revision.lower()):
            return Head(revision.lower(), None)
        self._git.prepare()
        names = _candidates(revision)
        peeled = [f"{name}^{{}}" for name in names]
        refs = self._remote_refs(*names, *peeled)
        found = [name for name in names if name in refs]
        if len(found) > 1:
            choices = " or ".join(found)
            raise GitError(f"{self._named(revision)} is a branch and a tag: write {choices}")
        if not found:
            raise GitError(f"{self._named(revision)} does not exist; {_advice(revision)}")
        return Head(refs.get(f"{found[0]}^{{}}", refs[found[0]]), found[0])

    def _remote_refs(self, *names: str) -> dict[str, str]:
        output = self._git.run("ls-remote", "--quiet", "--", self._git.url, *names, timeout=ASK_TIMEOUT)
        lines = (line.split("\t") for line in output.decode(errors="replace").splitlines())
        return {name: oid for oid, name in lines}

    def fetch(self, head: Head) -> None:
        """Have a commit here, with all its files. Raises GitError where it cannot be had."""
        self._git.prepare()
        if self._has(head.commit):
            return
        self._remove_stale_locks()
        deadline = time.monotonic() + FETCH_TIMEOUT
        try:
            self._fetch(head, deadline)
        except GitError:
            if time.monotonic() > deadline:
                raise
            # Our own copy may be damaged: what cannot be had with it may be had without.
            self.discard()
            self._git.prepare()
            self._fetch(head, deadline)

    def _fetch(self, head: Head, deadline: float) -> None:
        fault: GitError | str = f"{self.url} has no commit of that name"
        for options, refs in _ways(head):
            left = max(deadline - time.monotonic(), 0)
            try:
                self._git.run(*_FETCH, *options, "--", self._git.url, *refs, timeout=left)
            except GitError as error:
                fault = error
            else:
                if self._keep(head.commit):
                    return
        raise GitError(f"commit {head.commit[:7]} could not be fetched: {fault}")

    def _keep(self, commit: str) -> bool:
        """Note that a fetch came to its end, unless it did not bring the commit."""
        with contextlib.suppress(GitError):
            self._git.run("cat-file", "-e", f"{commit}^{{commit}}", timeout=ASK_TIMEOUT)
            self._git.run("update-ref", "--no-deref", _FETCHED, commit, timeout=ASK_TIMEOUT)
        return self._has(commit)

    def _has(self, commit: str) -> bool:
        """Tell whether a fetch of this commit came to its end: the ref is written last."""
        with contextlib.suppress(GitError):
            wanted = f"{_FETCHED}^{{commit}}"
            fetched = self._git.run("rev-parse", "--verify", "--quiet", wanted, timeout=ASK_TIMEOUT)
            return fetched.decode().strip() == commit
        return False

    def _remove_stale_locks(self) -> None:
        """Remove what a killed git left: nobody else works in this repository."""
        for lock in (*self._git.repository.glob("*.lock"), *self._git.repository.glob("refs/**/*.lock")):
            lock.unlink(missing_ok=True)

    def discard(self) -> None:
        """Forget what was fetched; the next fetch starts anew."""
        shutil.rmtree(self._git.repository, ignore_errors=True)

    def entries(self, commit: str, path: str) -> list[Entry]:
        """List the files at and below a folder of a fetched commit, in the order of their paths.

        ``path`` is relative to the root; "" is the root. Raises GitError where there is no such folder.
        """
        command = ("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *([path] if path else []))
        with self._discarding():
            listing = self._git.run(*command, timeout=ASK_TIMEOUT)
            entries = [self._entry(line) for line in listing.split(b"\0") if line]
        place = f"{safe(path)} at {commit[:7]} of {self.url}"
        if path and not entries:
            raise GitError(f"there is no folder {place}: correct the source's path")
        if path and entries[0].path == path and not entries[0].is_file:
            what = "a symbolic link" if entries[0].is_link else "a submodule"
            raise GitError(f"{place} is {what}: name the folder that it leads to")
        return entries

    def _entry(self, line: bytes) -> Entry:
        facts, _, name = line.partition(b"\t")
        mode, _, oid, size = facts.decode().split()
        path = name.decode(errors="backslashreplace")
        if size == _NO_OBJECT:
            raise self._unreadable(path)
        return Entry(path, mode, oid, 0 if size == "-" else int(size))

    def read(self, entries: Sequence[Entry]) -> Generator[bytes, None, None]:
        """Read files, one after another, in one git process. Raises GitError."""
        with tempfile.TemporaryFile(dir=self._directory) as names:
            names.writelines(f"{entry.oid}\n".encode() for entry in entries)
            names.seek(0)
            with self._discarding(), self._git.reading("cat-file", "--batch", stdin=names) as output:
                for entry in entries:
                    yield self._content(output, entry)

    def _content(self, output: IO[bytes], entry: Entry) -> bytes:
        header = output.readline().split()
        is_blob = len(header) == 3 and header[1] == b"blob"  # noqa: PLR2004  # name, type, size
        content = output.read(entry.size) if is_blob else b""
        if not is_blob or len(content) != entry.size:
            raise self._unreadable(entry.path)
        output.read(1)  # a line's end
        return content

    def _unreadable(self, path: str) -> GitError:
        return GitError(f"{safe(path)} of {self.url} could not be read from our copy of it")

    @contextlib.contextmanager
    def _discarding(self) -> Iterator[None]:
        """Throw our copy away where it turns out to be damaged; the next sync fetches it anew."""
        try:
            yield
        except GitError:
            self.discard()
            raise

    def _named(self, revision: str) -> str:
        return f"revision {safe(revision)} in {self.url}"


def _candidates(revision: str) -> list[str]:
    if revision == "HEAD" or revision.startswith("refs/"):
        return [revision]
    return [f"refs/heads/{revision}", f"refs/tags/{revision}"]


def _ways(head: Head) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the options and refs of fetches, the leanest first.

    Some servers give no commit by its name, and a dumb one (plain files over http) no part of a history.
    """
    yield ("--depth=1",), (head.commit,)
    if head.ref is None:
        yield (), ("+refs/heads/*:refs/remotes/heads/*", "+refs/tags/*:refs/remotes/tags/*")
    else:
        yield ("--depth=1",), (head.ref,)
        yield (), (head.ref,)


def _advice(revision: str) -> str:
    if _SHORT_COMMIT.fullmatch(revision):
        return "a commit is named by all of its 40 digits"
    return "name a branch, a tag or a commit that is there"
