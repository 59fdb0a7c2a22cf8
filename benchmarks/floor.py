"""The floor: what answering a review costs where nothing is decided.

A bare ASGI callable on the same server with the same settings. It parses the review, hashes the
spec, and allows. Run as `python -m benchmarks.floor`, with the file in BASEWARD_CONFIG.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson

from webhook.admission.asgi import BODY_LIMIT
from webhook.admission.server import ServerSettings, serve
from webhook.config import load_configuration

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def floor(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one request, or follow the life of the worker."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    answer = _answer(await _body(receive)) if scope["method"] == "POST" else b"ok\n"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        event = await receive()
        chunks.append(event["body"])
        if not event["more_body"]:
            return b"".join(chunks)


def _answer(body: bytes) -> bytes:
    request = orjson.loads(body)["request"]
    hashlib.sha256(orjson.dumps(request["object"]["spec"], option=orjson.OPT_SORT_KEYS)).digest()
    return orjson.dumps(
        {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": request["uid"], "allowed": True},
        }
    )


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return


def main() -> None:
    """Serve the floor as `baseward serve` would serve with the same file."""
    configuration = load_configuration(Path(os.environ["BASEWARD_CONFIG"]))
    settings = ServerSettings(
        address=configuration.serve.address,
        certificates=configuration.serve.certificates,
        workers=configuration.serve.workers,
        body_limit=BODY_LIMIT,
    )
    serve(lambda: floor, settings)


if __name__ == "__main__":
    main()
