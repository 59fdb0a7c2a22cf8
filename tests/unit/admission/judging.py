"""The application of one worker, in this process: hand-made requests go in, whole answers come out."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.builders import MAY_BREAK_GLASS, Object, annotated
from tests.unit.admission.serving import PATIENCE
from webhook.admission.asgi import Application
from webhook.admission.freshness import Freshness
from webhook.admission.judge import Judge
from webhook.admission.metrics import Metrics
from webhook.admission.state import BaselineState
from webhook.config import Source
from webhook.core.breakglass import AccessAnswer, AccessQuestion
from webhook.core.normalize.metadata import CLAIM_BY, CLAIM_EXPIRES, CLAIM_REASON
from webhook.core.policy import Policy

SOURCES = (Source("platform", "https://git.example.com/platform.git"),)
JSON = {b"content-type": b"application/json"}


def breaking_glass(obj: Object, by: str = "oncall") -> Object:
    """Return an object with a claim that holds now, if the API server says that its author may."""
    end = datetime.now(UTC) + timedelta(minutes=30)
    claim = {CLAIM_REASON: "the shop is down", CLAIM_BY: by, CLAIM_EXPIRES: f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    return annotated(obj, claim)


@dataclass(frozen=True)
class Response:
    """One answer; ``content`` parses its body."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class ApiServer:
    """Says who may break the glass, or fails to; notes what it was asked, and in which thread."""

    answer: AccessAnswer | Exception = MAY_BREAK_GLASS
    asked: list[AccessQuestion] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    reachable: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.reachable.set()

    def ask(self, question: AccessQuestion, timeout: float) -> AccessAnswer:  # noqa: ARG002 (a cluster that is stuck)
        self.asked.append(question)
        self.threads.append(threading.current_thread())
        self.reachable.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Worker:
    """The application over a folder of snapshots, with a decision log in memory."""

    def __init__(
        self, folder: Path, policy: Policy | None = None, sources: Sequence[Source] = SOURCES
    ) -> None:
        self.policy = policy or Policy()
        self.api_server = ApiServer()
        self.state = BaselineState(folder, self.policy.left_out)
        self.lines: list[bytes] = []
        self.executor = ThreadPoolExecutor(1)
        self.looks = ThreadPoolExecutor(1)
        self.freshness = Freshness(self.state, sources, folder, self.looks)
        self.application = Application(
            Judge(
                policy=self.policy,
                state=self.state,
                access_reviews=self.api_server,
                freshness=self.freshness,
                executor=self.executor,
                metrics=Metrics(self.state),
                write_line=self.lines.append,
            )
        )
        self.state.look()

    def close(self) -> None:
        self.api_server.reachable.set()
        self.executor.shutdown()
        self.looks.shutdown()
        if self.state.snapshot is not None:
            self.state.snapshot.close()

    @property
    def decisions(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def review(self, review: Any, query: bytes = b"") -> Response:
        """Send a review as the API server does."""
        body = review if isinstance(review, bytes) else json.dumps(review).encode()
        return self.request("POST", "/validate", [body], query=query)

    def request(
        self,
        method: str,
        path: str,
        chunks: Iterable[bytes] = (b"",),
        headers: dict[bytes, bytes] = JSON,
        query: bytes = b"",
        state: dict[str, Any] | None = None,
    ) -> Response:
        """Send one request, its body in chunks; what comes after them is a client that is gone."""
        scope = scope_of(method, path, headers=headers, query=query, state=state)
        return asyncio.run(exchange(self.application, scope, messages_of(chunks)))


def scope_of(
    method: str,
    path: str,
    *,
    headers: dict[bytes, bytes] = JSON,
    query: bytes = b"",
    state: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": list(headers.items()),
        "state": state or {},
    }


def messages_of(chunks: Iterable[bytes]) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Make the `receive` of a body that comes in chunks; the last one says that it is the last."""
    coming = iter(chunks)
    ahead = next(coming, None)

    async def receive() -> dict[str, Any]:
        nonlocal ahead
        chunk, ahead = ahead, next(coming, None)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": ahead is not None}

    return receive


async def exchange(
    application: Application, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]]
) -> Response:
    """Run the application for one request, and hold what it sends to the ASGI specification."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    start, *bodies = sent
    assert start["type"] == "http.response.start"
    assert [body["type"] for body in bodies] == ["http.response.body"] * len(bodies)
    assert [body.get("more_body", False) for body in bodies] == [True] * (len(bodies) - 1) + [False]
    return Response(start["status"], dict(start["headers"]), b"".join(body["body"] for body in bodies))


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another task or thread does; it tells nobody, so that we look again and again."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 (see above)
            await asyncio.sleep(0.005)
