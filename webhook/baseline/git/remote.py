"""The repository where a source has it: what it is asked, and what it gives.

Every word with a server is here: with the source's credentials, its proxy, and bounds on time and size.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from webhook.baseline.errors import AccessError, OverdueError, SizeError
from webhook.baseline.git.access import Access
from webhook.baseline.git.command import NOTHING, Git, reason, redact
from webhook.baseline.git.faults import explain, overdue
from webhook.baseline.git.grant import granted
from webhook.config.sizes import format_size

ASK_TIMEOUT = 60.0  # seconds
WHOLE_HISTORY = 2**31 - 1  # a depth, see gitprotocol-v2(5)

_FETCH = (
    "fetch",
    "--quiet",
    "--force",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--update-shallow",
    "--stdin",
)
# Of a promisor git accepts that objects are left out. That it is one is not written down, so that no later
# command fetches by itself what it misses. Over dumb http git would, without end, in processes that
# start each other: a depth is always given, too, which such a server refuses at once.
PROMISOR = {"remote.source.promisor": "true"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to fetch.

    ``refs`` are refs, refspecs or full names of objects; ``depth`` is how many commits of their history,
    None for all in the plain way that every server knows. ``leave_out`` is what the server keeps to
    itself, if it can: ``blob:none`` all files, ``tree:0`` all folders, too. ``anyway`` asks for objects
    without telling what is here already, which may be commits without these.
    """

    refs: Sequence[str]
    depth: int | None = None
    leave_out: str | None = None
    anyway: bool = False


class Remote:
    """The repository at ``url``, reached as ``access`` says."""

    def __init__(self, url: str, access: Access) -> None:
        self._url = url
        self._access = access

    def refs(self, git: Git, *names: str) -> dict[str, str]:
        """Ask what refs of these full names point at; ``refs/tags/v1^{}`` is the commit behind a tag.

        Raises AccessError where the repository cannot be reached, GitError where it is none.
        """
        arguments = ("ls-remote", "--quiet", *_kinds(names), "--", self._url, *names)
        output = self._run(git, arguments, min(ASK_TIMEOUT, self._access.timeout))
        lines = (line.split("\t") for line in output.decode(errors="replace").splitlines())
        return {name: oid for oid, name in lines}

    def fetch(self, git: Git, wanted: Wanted, deadline: float) -> None:
        """Fetch into a local repository until ``deadline``, by the monotonic clock.

        Raises AccessError where the repository cannot be reached, OverdueError where time runs out,
        SizeError where the local one grows too large, and GitError for all else.
        """
        settings = {"remote.source.url": self._url, "fetch.unpackLimit": "1"}  # all comes in one pack
        options = [] if wanted.leave_out else ["--no-filter"]
        if wanted.depth is not None:
            options.append(f"--depth={wanted.depth}")
            settings |= PROMISOR | {"remote.source.partialCloneFilter": wanted.leave_out or "blob:none"}
        if wanted.anyway:
            settings["fetch.negotiationAlgorithm"] = "noop"
        command = (*_FETCH, *options, "source")
        given = "".join(f"{ref}\n" for ref in wanted.refs).encode()
        left = max(deadline - time.monotonic(), 0)
        before = _packs(git)
        try:
            self._run(git, command, left, settings, given, partial(self._check_size, git))
            self._check_size(git)
        except SizeError:
            for pack in _packs(git) - before:  # the disk is free again
                with contextlib.suppress(OSError):
                    pack.unlink()
            raise

    def _run(
        self,
        git: Git,
        arguments: Sequence[str],
        timeout: float,
        settings: Mapping[str, str] = NOTHING,
        given: bytes = b"",
        watch: Callable[[], None] | None = None,
    ) -> bytes:
        with granted(self._url, self._access, git.home) as grant:
            try:
                answer = git.ask(
                    *arguments,
                    timeout=timeout,
                    environment=grant.environment,
                    settings={**settings, **grant.settings},
                    given=given,
                    watch=watch,
                )
            except OverdueError:
                raise OverdueError(overdue(self._url, self._access, timeout)) from None
        if answer.code == 0:
            return answer.output
        fault = explain(answer.complaint, self._url, self._access)
        if fault is not None:
            raise AccessError(fault)
        raise git.failure(arguments[0], reason(answer.complaint))

    def _check_size(self, git: Git) -> None:
        limit = self._access.max_size
        if _size(git.repository) > limit:
            raise SizeError(
                f"{redact(self._url)} has more to fetch than the {format_size(limit)} of `maxSize`:"
                " raise it, or name a smaller path"
            )


def _kinds(names: Sequence[str]) -> Sequence[str]:
    """Return the options that have a server send no more than it must: a large one has many other refs."""
    kinds = {"refs/heads/": "--heads", "refs/tags/": "--tags"}
    found = [
        next((option for prefix, option in kinds.items() if name.startswith(prefix)), "") for name in names
    ]
    return sorted(set(found)) if all(found) else ()


def _packs(git: Git) -> set[Path]:
    return set(git.repository.glob("objects/pack/*"))


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # git moves its files while it works
            total += path.lstat().st_size
    return total
