"""Follow one source: what its revision names now, fetched, and trusted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from webhook.baseline.accepted import held, read_accepted
from webhook.baseline.errors import BaselineError, GitError, HeldError, TrustError
from webhook.baseline.git.access import Access
from webhook.baseline.git.repository import Head, Repository
from webhook.baseline.plan import Plan, renderer_of
from webhook.baseline.refusal import Refusal, Trouble
from webhook.baseline.snapshot_files import GIT_FOLDER
from webhook.baseline.trust.signature import check_signature
from webhook.config import Rewritten, Source


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a source found: what to read, or why there is nothing.

    ``commit`` is what the revision names, as far as that is known.
    """

    commit: str | None
    plan: Plan | None
    refusal: Refusal | None = None


_log = logging.getLogger(__name__)


class Follower:
    """Looks at one source. One look at a time, in any thread."""

    def __init__(self, source: Source, directory: Path) -> None:
        """Keep what is fetched below ``directory``, the folder of the snapshots."""
        self.source = source
        self._directory = directory
        self._folder = renderer_of(source).folder
        access = Access(source.credentials, source.proxy, source.timeout.total_seconds(), source.max_size)
        self.repository = Repository(source.repository, directory / GIT_FOLDER / source.name, access)
        self._found: Head | None = None

    def look(self, served: str | None) -> Look:
        """Ask what the revision names; where that is new, fetch it and see whether it can be trusted.

        ``served`` is the commit that is served, None if none is.
        """
        head: Head | None = None
        try:
            head = self.repository.resolve(self.source.revision)
            if head != self._found:
                self._fetch(head, served)
            self._found = head
        except Exception as error:  # noqa: BLE001  # a fault of ours in one source must not take the others down
            if not isinstance(error, BaselineError):
                _log.exception("looking at %s failed", self.source.name)
            name = self.source.name if head is None else str(self._plan(head))
            commit = None if head is None else head.commit
            return Look(commit, None, Refusal(_trouble(error), (f"{name}: {error}",)))
        return Look(head.commit, self._plan(head))

    def forget(self) -> None:
        """Look at what the revision names as at something new, as its copy turned out to be damaged."""
        self._found = None

    def _plan(self, head: Head) -> Plan:
        return Plan(self.source, self.repository, head.commit)

    def _fetch(self, head: Head, served: str | None) -> None:
        self.repository.fetch(head, self._folder)
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


def _trouble(error: Exception) -> Trouble:
    troubles = (
        (GitError, Trouble.UNREACHABLE),
        (TrustError, Trouble.UNTRUSTED),
        (HeldError, Trouble.HELD),
    )
    return next((trouble for kind, trouble in troubles if isinstance(error, kind)), Trouble.BROKEN)
