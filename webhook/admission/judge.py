"""Bytes in, bytes out: one AdmissionReview from its JSON to its answer.

Two calls leave the process, and only where their answer could decide: the access review of a
break-glass claim, and the look at Git for an approver that may run ahead of the snapshot. Both run in
threads, off the event loop, with a deadline.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol

import orjson

from webhook.admission.decisionlog import log_line
from webhook.admission.errors import RefusedRequestError
from webhook.admission.freshness import Freshness
from webhook.admission.metrics import Metrics
from webhook.admission.state import BaselineState
from webhook.core.answers import NO_ANSWERS
from webhook.core.breakglass import AccessAnswer, AccessQuestion
from webhook.core.decide import decide
from webhook.core.decision import Decision, NoBaseline
from webhook.core.errors import ReviewError
from webhook.core.explain import Answered, explain, undecided
from webhook.core.policy import Policy
from webhook.core.review import AdmissionRequest, parse_review

ACCESS_TIMEOUT = 1.0
"""Seconds that the API server has to answer an access review."""


class AccessReviews(Protocol):
    """Says whether a subject may break the glass."""

    def ask(self, question: AccessQuestion, timeout: float) -> AccessAnswer:
        """Ask, for at most about ``timeout`` seconds."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything that a worker needs to answer reviews."""

    policy: Policy
    state: BaselineState
    access_reviews: AccessReviews
    freshness: Freshness
    executor: Executor
    metrics: Metrics
    write_line: Callable[[bytes], None]

    async def answer(self, body: bytes, deadline: float) -> bytes:
        """Answer the JSON of a review; ``deadline`` is a time of ``time.monotonic``.

        Raises ReviewError for what is malformed and RefusedRequestError where there is no baseline.
        """
        began = time.perf_counter()
        request = parse_review(read_json(body))
        answered = await self._decide(request, deadline)
        answer = orjson.dumps(explain(answered).to_review())
        self._record(answered, request, time.perf_counter() - began)
        return answer

    async def _decide(self, request: AdmissionRequest, deadline: float) -> Answered:
        """Answer the questions that deciding brings up, each at most once, until there is a decision."""
        now = datetime.now(UTC)
        answers = NO_ANSWERS
        while True:
            baseline = self.state.snapshot  # a look at Git may bring a new one
            verdict = decide(request, self.policy, baseline, now, answers)
            if isinstance(verdict, Decision):
                return Answered(request, verdict, self.policy, baseline, now)
            if isinstance(verdict, NoBaseline):
                raise RefusedRequestError(HTTPStatus.SERVICE_UNAVAILABLE, undecided(verdict, request))
            if isinstance(verdict, AccessQuestion):
                answers = replace(answers, access=await self._ask(verdict, deadline))
            else:
                answers = replace(answers, freshness=await self.freshness.ask(verdict, deadline))

    async def _ask(self, question: AccessQuestion, deadline: float) -> AccessAnswer:
        timeout = min(ACCESS_TIMEOUT, deadline - time.monotonic())
        loop = asyncio.get_running_loop()
        asking = loop.run_in_executor(self.executor, self.access_reviews.ask, question, max(timeout, 0.01))
        try:
            return await asyncio.wait_for(asking, timeout)
        except TimeoutError:
            return AccessAnswer(
                allowed=False, why="the access review timed out; the API server is slow or cannot be reached"
            )

    def _record(self, answered: Answered, request: AdmissionRequest, seconds: float) -> None:
        self.metrics.count(request, answered.decision, seconds)
        self.write_line(log_line(answered, seconds * 1000))


def read_json(body: bytes) -> object:
    """Parse a body. Raises ReviewError for what is no JSON, or nested deeper than 1,024 levels."""
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ReviewError(f"the body is no JSON that can be judged: {error}") from None
    return value
