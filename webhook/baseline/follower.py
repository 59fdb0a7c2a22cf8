"""Follow one source: what its revision names now, fetched, trusted, and rendered."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

from webhook.baseline.accepted import held, read_accepted
from webhook.baseline.errors import (
    BaselineError,
    GitError,
    HeldError,
    ManifestError,
    RenderError,
    SizeError,
    TrustError,
)
from webhook.baseline.git.access import Access
from webhook.baseline.git.repository import Head, Repository
from webhook.baseline.plan import Plan, renderer_of
from webhook.baseline.prepared import Prepared
from webhook.baseline.refusal import Refusal, Trouble
from webhook.baseline.snapshot_files import GIT_FOLDER
from webhook.baseline.trust.signature import check_signature
from webhook.config import Rewritten, Source

_PAUSES = 10
"""A commit whose rendering failed is tried again after so many times as long as that took."""

_OF_THE_DISK = ("No space left on device", "Read-only file system", "Disk quota exceeded")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a source found: what to read, or why there is nothing.

    ``commit`` is what the revision names, as far as that is known; ``attempt`` counts how often it was
    fetched anew.
    """

    commit: str | None
    plan: Plan | None
    refusal: Refusal | None = None
    attempt: int = 0


class _RefusedError(BaselineError):
    """Says all that is wrong with the files of a commit, one a line."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """A commit that could not be rendered, and until when (of the monotonic clock) it is not tried again."""

    head: Head
    error: BaselineError
    until: float


class Follower:
    """Looks at one source. One look at a time, in any thread."""

    def __init__(self, source: Source, directory: Path) -> None:
        """Keep what is fetched below ``directory``, the folder of the snapshots."""
        self.source = source
        self._directory = directory
        access = Access(source.credentials, source.proxy, source.timeout.total_seconds(), source.max_size)
        self.repository = Repository(source.repository, directory / GIT_FOLDER / source.name, access)
        self._found: Head | None = None
        self._failure: _Failure | None = None
        self._prepared: Prepared | None = None
        self._attempt = 0

    def look(self, served: str | None) -> Look:
        """Ask what the revision names; where that is new, fetch it, check whom it is from, and render it.

        ``served`` is the commit that is served, None if none is.
        """
        head: Head | None = None
        try:
            head = self.repository.resolve(self.source.revision)
            if head != self._found:
                self._take_up(head, served)
            self._found = head
        except Exception as error:  # noqa: BLE001  # a fault of ours in one source must not take the others down
            if not isinstance(error, BaselineError):
                _log.exception("looking at %s failed", self.source.name)
            commit = None if head is None else head.commit
            return Look(commit, None, self._refusal(head, error), self._attempt)
        return Look(head.commit, replace(self._plan(head), prepared=self._prepared), None, self._attempt)

    def _take_up(self, head: Head, served: str | None) -> None:
        self._prepared = None
        failure = self._failure
        if failure is not None and failure.head == head and time.monotonic() < failure.until:
            raise failure.error
        self._attempt += 1
        self._fetch(head, served)
        began = time.monotonic()
        try:
            self._prepared = self._prepare(head)
        except (RenderError, ManifestError, _RefusedError) as error:
            pause = _PAUSES * (time.monotonic() - began) if isinstance(error, RenderError) else math.inf
            self._failure = _Failure(head, error, time.monotonic() + pause)
            raise

    def _prepare(self, head: Head) -> Prepared:
        prepared = self._plan(head).prepare(self._directory)
        if prepared.selection.errors:
            raise _RefusedError("\n".join(map(str, prepared.selection.errors)))
        return prepared

    def served(self) -> None:
        """Let go of what was prepared: it is served now."""
        self._prepared = None

    def forget(self) -> None:
        """Fetch at the next look whatever the revision names, as our copy turned out to be damaged."""
        self._found = self._failure = None

    def _plan(self, head: Head) -> Plan:
        return Plan(self.source, self.repository, head.commit)

    def _fetch(self, head: Head, served: str | None) -> None:
        self.repository.fetch(head, renderer_of(self.source).folder)
        if self.source.verify is not None:
            signer = check_signature(self.repository, head, self.source.verify)
            _log.info("%s is signed by %s", self._plan(head), signer)
        if self.source.rewritten is Rewritten.HOLD and served not in (None, head.commit):
            self._check_descent(head.commit, served or "")

    def _check_descent(self, commit: str, served: str) -> None:
        name = self.source.name
        if read_accepted(self._directory).get(name) == commit or self.repository.is_ancestor(served, commit):
            return
        raise held(name, commit, f"it does not descend from {served[:7]}, which is served (rewritten: hold)")

    def _refusal(self, head: Head | None, error: Exception) -> Refusal:
        """Return why a look came to nothing: ``name@commit path:line: what`` where it is about a file."""
        name = self.source.name if head is None else str(self._plan(head))
        of_files = isinstance(error, ManifestError | _RefusedError)
        lines = str(error).split("\n") if isinstance(error, _RefusedError) else [str(error)]
        return Refusal(_trouble(error), tuple(f"{name}{'' if of_files else ':'} {line}" for line in lines))


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, GitError) and any(words in str(error) for words in _OF_THE_DISK):
        return Trouble.UNWRITABLE
    troubles = (
        (SizeError, Trouble.BROKEN),
        (GitError, Trouble.UNREACHABLE),
        (TrustError, Trouble.UNTRUSTED),
        (HeldError, Trouble.HELD),
    )
    return next((trouble for kind, trouble in troubles if isinstance(error, kind)), Trouble.BROKEN)
