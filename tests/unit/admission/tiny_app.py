"""A small application behind the real server: `python -m tests.unit.admission.tiny_app SETTINGS`.

SETTINGS is a JSON object of ServerSettings' fields. What a request does is its path.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from webhook.admission.deadlines import Deadlines
from webhook.admission.server import ServerSettings, serve

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    name = scope["path"].strip("/")
    status, text, afterwards = await ANSWERS[name](scope, receive)
    headers = [(b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
    await afterwards


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            sys.stderr.write(f"lifespan.shutdown {os.getpid()}\n")
            return


Answer = tuple[int, bytes, Awaitable[None]]


async def nothing() -> None:
    pass


async def readyz(scope: dict[str, Any], _receive: Receive) -> Answer:
    return (503 if scope["state"]["draining"].is_set() else 200), b"", nothing()


async def pid(_scope: dict[str, Any], _receive: Receive) -> Answer:
    return 200, b"%d" % os.getpid(), nothing()


async def echo(_scope: dict[str, Any], receive: Receive) -> Answer:
    """Answer with the body, or 413 as soon as it is longer than 1 MB."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            sys.stderr.write("disconnected\n")
            return 400, b"", nothing()
        body += message["body"]
        if len(body) > 1_000_000:
            return 413, b"too large", nothing()
        if not message["more_body"]:
            return 200, bytes(body), nothing()


async def held(scope: dict[str, Any], _receive: Receive) -> Answer:
    """Answer once the server is stopping."""
    sys.stderr.write("holding\n")
    await scope["state"]["draining"].wait()
    await asyncio.sleep(0.2)
    return 200, b"in flight", nothing()


async def stuck(_scope: dict[str, Any], _receive: Receive) -> Answer:
    """Never answer, and read nothing."""
    sys.stderr.write("stuck\n")
    await asyncio.Event().wait()
    return 200, b"", nothing()


async def late(_scope: dict[str, Any], _receive: Receive) -> Answer:
    """Answer at once, but be busy with the request for some time after."""
    return 200, b"%d" % os.getpid(), asyncio.sleep(0.2)


async def early(_scope: dict[str, Any], receive: Receive) -> Answer:
    """Answer at once, and read the body only then."""

    async def read() -> None:
        while (await receive()).get("more_body"):  # a disconnect has none
            pass

    return 200, b"", read()


async def large(_scope: dict[str, Any], _receive: Receive) -> Answer:
    return 200, bytes(64 * 1024 * 1024), nothing()


async def memory(_scope: dict[str, Any], _receive: Receive) -> Answer:
    """Answer with the most memory (KiB) that this worker ever had."""
    return 200, b"%d" % resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, nothing()


async def broken(_scope: dict[str, Any], _receive: Receive) -> Answer:
    raise LookupError("a fault of the application")


ANSWERS: dict[str, Callable[[dict[str, Any], Receive], Awaitable[Answer]]] = {
    function.__name__: function
    for function in (readyz, pid, echo, held, stuck, late, early, large, memory, broken)
}


def note_exit(worker: int) -> None:
    sys.stderr.write(f"exited {worker}\n")
    sys.stderr.flush()


async def never_starts(_scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no way"})


def cannot_be_made() -> Callable[..., Any]:
    raise LookupError("a fault of the application")


MAKERS: dict[str, Callable[[], Callable[..., Any]]] = {
    "app": lambda: app,
    "never starts": lambda: never_starts,
    "cannot be made": cannot_be_made,
}


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    make_app = MAKERS[given.pop("application", "app")]
    given["certificates"] = Path(given["certificates"])
    given["deadlines"] = Deadlines(**given.get("deadlines", {}))
    serve(make_app, ServerSettings(**given, on_worker_exit=note_exit))
