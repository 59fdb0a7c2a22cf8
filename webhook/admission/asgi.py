"""The request path: a bare ASGI application of five routes.

An error never becomes an "allowed": whatever is not decided gets a status other than 200, and
the cluster's ``failurePolicy`` decides.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson

from webhook.admission.errors import Headers, RefusedRequestError
from webhook.admission.judge import Judge
from webhook.admission.metrics import CONTENT_TYPE as METRICS_TYPE
from webhook.baseline.errors import SnapshotError
from webhook.core.errors import BasewardError, ReviewError
from webhook.core.printing import safe

BODY_LIMIT = 32 * 1024 * 1024
"""Bytes: JSON escaping makes a 1.5 MB object 9 MB, and an UPDATE carries two."""

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_JSON = b"application/json"
_TEXT = b"text/plain; charset=utf-8"
_MAX_DIGITS = 18  # of a length that is looked at: Python refuses to read thousands
_MAX_TEXT = 1_000
_DEFAULT_TIMEOUT = 10.0
_TIMEOUT = re.compile(rb"(?:^|&)timeout=([0-9a-z.]+)")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0}

_log = logging.getLogger(__name__)


class Application:
    """Answers reviews at ``/validate``, and says how it is at the other routes."""

    def __init__(self, judge: Judge) -> None:
        """Serve one judge."""
        self._judge = judge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the life of the worker."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        headers: Headers = ()
        try:
            status, content_type, body = await self._route(scope, receive)
        except ReviewError as error:
            status, content_type, body = HTTPStatus.BAD_REQUEST, _TEXT, _line(str(error))
        except RefusedRequestError as refused:
            status, content_type, body = refused.status, _TEXT, _line(str(refused))
            headers = refused.headers
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not become an "allowed"
            self._note(error)
            status, content_type, body = HTTPStatus.INTERNAL_SERVER_ERROR, _TEXT, b"internal error\n"
        if status >= HTTPStatus.BAD_REQUEST and scope["path"] == "/validate":
            self._judge.metrics.count_failure(int(status))
        if status == HTTPStatus.SERVICE_UNAVAILABLE and scope["path"] == "/validate":
            content_type, body = _JSON, _status(status, body)
        await _send(send, status, content_type, body, headers)

    def _note(self, error: Exception) -> None:
        _log.error("internal error: %s", _described(error))  # no stack trace: its text may hold content
        if isinstance(error, SnapshotError):
            self._judge.state.found_damaged(error)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self._judge.state.start_watching()
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                await self._judge.state.stop_watching()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _route(self, scope: Scope, receive: Receive) -> tuple[HTTPStatus, bytes, bytes]:
        path, method = scope["path"], scope["method"]
        if path == "/validate":
            _require(method, "POST")
            return HTTPStatus.OK, _JSON, await self._validate(scope, receive)
        if path in ("/livez", "/readyz", "/metrics", "/status"):
            _require(method, "GET", "HEAD")
            return self._tell(path, scope)
        raise RefusedRequestError(
            HTTPStatus.NOT_FOUND, "there are /validate, /livez, /readyz, /metrics and /status"
        )

    async def _validate(self, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != _JSON:
            raise RefusedRequestError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "an AdmissionReview comes as application/json"
            )
        deadline = time.monotonic() + timeout_of(scope["query_string"])
        body = await _read_body(receive, headers.get(b"content-length", b""))
        return await self._judge.answer(body, deadline)

    def _tell(self, path: str, scope: Scope) -> tuple[HTTPStatus, bytes, bytes]:
        state = self._judge.state
        if path == "/livez":
            return HTTPStatus.OK, _TEXT, b"ok\n"
        if path == "/metrics":
            return HTTPStatus.OK, METRICS_TYPE.encode(), self._judge.metrics.page()
        if path == "/status":
            return HTTPStatus.OK, _JSON, orjson.dumps(state.report(), option=orjson.OPT_INDENT_2)
        draining = scope.get("state", {}).get("draining")
        if draining is not None and draining.is_set():
            return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"shutting down\n"
        if state.snapshot is None:
            return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, _lines(state.why_not_ready())
        # What fails is said, but does not count: readiness that hangs on Git takes away all replicas at once.
        failing = [f"source {source.name} is {source.trouble}" for source in state.sources if source.trouble]
        return HTTPStatus.OK, _TEXT, _lines("\n".join(["ok", *failing]))


@lru_cache(maxsize=16)
def timeout_of(query: bytes) -> float:
    """Return the seconds of the API server's ``?timeout=``, a Go duration; 10 where there is none."""
    found = _TIMEOUT.search(query)
    parts = _DURATION_PART.findall(found.group(1).decode()) if found else []
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) or _DEFAULT_TIMEOUT


async def _read_body(receive: Receive, content_length: bytes) -> bytes:
    if content_length.isdigit() and int(content_length[:_MAX_DIGITS]) > BODY_LIMIT:
        raise _too_large()
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "the body ended early")
        size += len(event.get("body", b""))
        if size > BODY_LIMIT:
            raise _too_large()
        chunks.append(event.get("body", b""))
        if not event.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large() -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {BODY_LIMIT >> 20} MiB"
    )


def _require(method: str, *allowed: str) -> None:
    if method not in allowed:
        allow = (b"allow", ", ".join(allowed).encode())
        raise RefusedRequestError(HTTPStatus.METHOD_NOT_ALLOWED, f"use {allowed[0]}", (allow,))


def _line(text: str) -> bytes:
    return safe(text, _MAX_TEXT).encode() + b"\n"


def _lines(text: str) -> bytes:
    return b"".join(map(_line, text.splitlines()))


def _status(status: HTTPStatus, text: bytes) -> bytes:
    """Write a refusal as a v1 Status: kubectl then shows the message, and not just that it failed."""
    return orjson.dumps(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": text.decode().rstrip("\n"),
            "code": int(status),
        }
    )


def _described(error: Exception) -> str:
    """Name an error and the place it comes from, and what it says if it is ours: others may hold content."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    text = f": {safe(str(error), _MAX_TEXT)}" if isinstance(error, BasewardError) else ""
    return f"{type(error).__name__}{place}{text}"


async def _send(send: Send, status: HTTPStatus, content_type: bytes, body: bytes, more: Headers) -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
