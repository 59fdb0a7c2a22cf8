"""Bring a commit into our own copy of a repository: without its history, and only the files of one folder.

First the commit comes with its folders, then, in one more request, the files that are missing. A
server that cannot leave files out sends them all at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from webhook.baseline.errors import AccessError, GitError, OverdueError, SizeError
from webhook.baseline.git.command import Git, redact
from webhook.baseline.git.entry import Entry
from webhook.baseline.git.objects import NOTHING_KNOWN, TIMEOUT, list_files
from webhook.baseline.git.refs import Head
from webhook.baseline.git.remote import PROMISOR, Remote, Wanted

EVERYTHING = ("+refs/heads/*:refs/remotes/heads/*", "+refs/tags/*:refs/remotes/tags/*")
FINAL = (AccessError, OverdueError, SizeError)  # errors that stay, in whatever way it is asked for

_MANY_LOOSE, _MANY_PACKS = 26, 50
_FETCHED = "refs/baseward/fetched"


def fetch(
    git: Git,
    remote: Remote,
    head: Head,
    path: str,
    deadline: float,
    known: Mapping[str, int] = NOTHING_KNOWN,
) -> list[Entry] | None:
    """Have a commit here, with its tag, and all files at and below a folder; of the root, "", at once.

    ``deadline`` is by the monotonic clock; ``known`` has the sizes of files that are here, by oid. Returns
    the files, if that took no second request. Raises GitError where it cannot be had.
    """
    try:
        if not _has(git, head):
            _fetch_commit(git, remote, head, "blob:none" if path else None, deadline)
        here, missing = list_files(git, head.commit, path, known)
        if not missing:
            return here
        oids = sorted({entry.oid for entry in missing})
        remote.fetch(git, Wanted(oids, 1, "blob:none", anyway=True), deadline)
        return None
    except GitError as error:
        raise type(error)(f"commit {head.commit[:7]} could not be fetched: {error}") from None


def _fetch_commit(git: Git, remote: Remote, head: Head, leave_out: str | None, deadline: float) -> None:
    fault: GitError | str = f"{redact(git.url)} has no commit of that name"
    for depth, refs in _ways(head):
        try:
            remote.fetch(git, Wanted(refs, depth, leave_out), deadline)
        except FINAL:
            raise
        except GitError as error:
            fault = error
        else:
            if _keep(git, head):
                return
    raise GitError(str(fault))


def _ways(head: Head) -> Iterator[tuple[int | None, Sequence[str]]]:
    """Yield the depth and the refs of fetches, the leanest first.

    Some servers give no commit by its name, and a dumb one (plain files over http) no part of a history.
    """
    yield 1, (_wanted(head),)
    if head.ref is None:
        yield None, EVERYTHING
    else:
        yield 1, (head.ref,)
        yield None, (head.ref,)


def _wanted(head: Head) -> str:
    return head.tag or head.commit


def _keep(git: Git, head: Head) -> bool:
    """Note that a fetch came to its end, unless it did not bring the commit."""
    with contextlib.suppress(GitError):
        git.run("update-ref", "--no-deref", _FETCHED, _wanted(head), timeout=TIMEOUT)
    return _has(git, head)


def _has(git: Git, head: Head) -> bool:
    """Tell whether a fetch of this commit, and of this tag, came to its end: the ref is written last."""
    answer = git.ask("rev-parse", _FETCHED, f"{_FETCHED}^{{commit}}", timeout=TIMEOUT)
    fetched, _, commit = answer.output.decode().strip().partition("\n")
    return answer.code == 0 and commit == head.commit and head.tag in {None, fetched}


def has_any(git: Git) -> bool:
    """Tell whether any fetch ever came to its end."""
    return git.ask("rev-parse", "--verify", "--quiet", _FETCHED, timeout=TIMEOUT).code == 0


def tidy(git: Git, timeout: float) -> None:
    """Put many small files into one, now and then. Nothing is lost if it cannot be done."""
    objects = git.repository / "objects"
    # One folder of loose objects stands for all 256, as git itself counts them (gc.auto, gc.autoPackLimit).
    if len([*objects.glob("17/*")]) <= _MANY_LOOSE and len([*objects.glob("pack/*.pack")]) <= _MANY_PACKS:
        return
    with contextlib.suppress(GitError):
        git.run("gc", "--auto", "--quiet", timeout=timeout, settings=PROMISOR)


def sweep(git: Git) -> None:
    """Remove what a killed git left, locks and halves of packs: nobody else works in this repository."""
    for pattern in ("*.lock", "refs/**/*.lock", "objects/**/tmp_*", "objects/pack/.tmp-*"):
        for left in git.repository.glob(pattern):
            with contextlib.suppress(OSError):  # git will say what is wrong with the disk
                left.unlink()
