"""What a revision names in a repository now."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webhook.baseline.errors import GitError
from webhook.baseline.git.command import Git, redact
from webhook.baseline.git.remote import Remote
from webhook.core.printing import safe

_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})")
_SHORT_COMMIT = re.compile(r"[0-9a-fA-F]{4,39}")


@dataclass(frozen=True, slots=True)
class Head:
    """What a revision names now: a commit, by its full name, and the branch or tag (None: none).

    ``tag`` is the full name of the annotated tag between the two, where there is one.
    """

    commit: str
    ref: str | None
    tag: str | None = None


def commit_of(revision: str) -> Head | None:
    """Return a revision that is a commit's full name as it is, and None for any other."""
    return Head(revision.lower(), None) if _COMMIT.fullmatch(revision.lower()) else None


def resolve(git: Git, remote: Remote, revision: str) -> Head:
    """Ask what a branch, a tag, ``HEAD`` or a full ref stands for, with one ``git ls-remote``.

    Raises GitError where the repository cannot be reached, has no such revision, or has a branch and a tag
    of that name.
    """
    names = _candidates(revision)
    refs = remote.refs(git, *names, *(_peeled(name) for name in names))
    found = [name for name in names if name in refs]
    place = f"revision {safe(revision)} in {redact(git.url)}"
    if len(found) > 1:
        raise GitError(f"{place} is a branch and a tag: write {' or '.join(found)}")
    if not found:
        raise GitError(f"{place} does not exist; {_advice(revision)}")
    name, oid = found[0], refs[found[0]]
    commit = refs.get(_peeled(name), oid)
    return Head(commit, name, None if commit == oid else oid)


def _candidates(revision: str) -> list[str]:
    if revision == "HEAD" or revision.startswith("refs/"):
        return [revision]
    return [f"refs/heads/{revision}", f"refs/tags/{revision}"]


def _peeled(name: str) -> str:
    return f"{name}^{{}}"


def _advice(revision: str) -> str:
    if _SHORT_COMMIT.fullmatch(revision):
        return "a commit is named by all of its 40 digits"
    return "name a branch, a tag or a commit that is there"
