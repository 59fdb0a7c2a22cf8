"""Look at Git once for an approver that may run ahead of the served snapshot.

`sync` looks; this process has no credentials for Git. What `sync` then says of the sources tells whether
the snapshot is what Git says now, or may be behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from pathlib import Path

from webhook.admission.state import BaselineState
from webhook.baseline.doorbell import ring
from webhook.baseline.refusal import Trouble
from webhook.baseline.status import SourceStatus
from webhook.config import Source
from webhook.core.freshness import FreshnessAnswer, FreshnessQuestion

LOOK_TIMEOUT = 2.0
"""Seconds that a look at Git may take."""

_MARGIN = 0.5  # seconds of a review's time that are left for answering it

_UNREAD = "unread"
_TROUBLES: dict[str, str] = {
    Trouble.UNREACHABLE: "cannot be reached",
    Trouble.UNTRUSTED: "has a commit that is not trusted",
    Trouble.BROKEN: "has a commit that is broken",
    Trouble.HELD: "has a commit that is held",
    _UNREAD: "was never read",
}


class Freshness:
    """Says whether the served snapshot is what Git says now.

    ``sources`` are those of the configuration; ``directory`` is the folder shared with `sync`. Waiting for
    `sync` takes a thread of the executor, one that access reviews do not need.
    """

    def __init__(
        self, state: BaselineState, sources: Sequence[Source], directory: Path, executor: Executor
    ) -> None:
        """Ask about the sources of one folder."""
        self._state = state
        self._sources = tuple(sources)
        self._directory = directory
        self._executor = executor
        self._look: Future[bool | None] | None = None

    async def ask(self, question: FreshnessQuestion, deadline: float) -> FreshnessAnswer:
        """Look at Git, within ``LOOK_TIMEOUT`` and well before ``deadline``, a time of ``time.monotonic``.

        Whatever the look brought is served from then on.
        """
        timeout = min(LOOK_TIMEOUT, deadline - time.monotonic() - _MARGIN)
        look = asyncio.wrap_future(self._next_look())
        # Never cancelled, as wait_for would: others may be waiting for the same.
        await asyncio.wait([look], timeout=max(timeout, 0.0))
        self._state.look()
        return self._answer(question, looked=look.done() and bool(look.result()))

    def _next_look(self) -> Future[bool | None]:
        """Return a look that begins after this call: all who come before it does may share it."""
        if self._look is None or self._look.running() or self._look.done():
            self._look = self._executor.submit(ring, self._directory, LOOK_TIMEOUT)
        return self._look

    def _answer(self, question: FreshnessQuestion, *, looked: bool) -> FreshnessAnswer:
        troubles = self._troubles(question)
        why = [f"source {name} {_TROUBLES.get(trouble, 'is behind')}" for name, trouble in troubles]
        doubts = [] if looked else ["Git was not looked at in time"]
        if not self._serves_the_newest():
            doubts.append("the newest snapshot is not served yet")
        established = not doubts and all(trouble == Trouble.UNTRUSTED for _, trouble in troubles)
        return FreshnessAnswer(established, "; ".join(why + doubts))

    def _troubles(self, question: FreshnessQuestion) -> list[tuple[str, str]]:
        """Return the names of the sources that count and are behind, each with its trouble."""
        status = self._state.status
        found = [
            (source.name, _trouble_of(status.source(source.name)))
            for source in self._sources
            if question.key.is_within(source.allow.namespaces, source.allow.kinds)
            and question.approver.may_bring(source.name)
        ]
        return [(name, trouble) for name, trouble in found if trouble is not None]

    def _serves_the_newest(self) -> bool:
        snapshot = self._state.snapshot
        return snapshot is not None and snapshot.id == self._state.status.snapshot


def _trouble_of(source: SourceStatus) -> str | None:
    if source.trouble is None and source.commit is None:
        return _UNREAD
    return source.trouble
