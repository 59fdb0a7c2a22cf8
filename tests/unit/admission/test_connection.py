from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from gunicorn.config import Config

from webhook.admission.bodies import BodyBudget
from webhook.admission.connection import Connection
from webhook.admission.serverlog import ServerLog


class Wire(asyncio.Transport):
    """The client's end, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)


async def paths(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Answer with the path."""
    text = scope["path"].encode()
    headers = [(b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def worker() -> SimpleNamespace:
    settings = Config()
    settings.set("http_parser", "fast")
    return SimpleNamespace(
        cfg=settings,
        log=ServerLog(settings),
        asgi=paths,
        alive=True,
        nr=0,
        nr_conns=0,
        max_requests=sys.maxsize,
        loop=asyncio.get_running_loop(),
        draining=asyncio.Event(),
        clock=0.0,
        connections={},
        welcome=lambda _newcomer: None,
        bodies=BodyBudget(0),
        body_limit=0,
    )


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (one turn of the loop at a time is what this is about)
        await asyncio.sleep(0)


async def exchange() -> bytes:
    connection, wire = Connection(worker()), Wire()
    connection.connection_made(wire)
    connection.data_received(b"GET /one HTTP/1.1\r\n\r\nGET /two HTT")
    await until(lambda: connection.waits_for_request)
    connection.data_received(b"P/1.1\r\n\r\n")  # arrives before the beginning was taken up
    await until(lambda: wire.written.count(b"HTTP/1.1 200 OK") == 2)
    connection.connection_lost(None)
    await asyncio.sleep(0)
    return wire.written


async def come_and_go() -> weakref.ref[Connection]:
    connection, wire = Connection(worker()), Wire()
    connection.connection_made(wire)
    connection.data_received(b"POST /one HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
    await until(lambda: connection.waits_for_request)
    connection.data_received(b"POST /two HTTP/1.1\r\nContent-Length: 2\r\n\r\nx")
    connection.connection_lost(None)
    await until(connection._task.done)  # noqa: SLF001 (it refers to the connection as long as it runs)
    return weakref.ref(connection)


def test_a_connection_that_is_lost_leaves_nothing_for_the_garbage_collector() -> None:
    gc.disable()
    try:
        assert asyncio.run(asyncio.wait_for(come_and_go(), 30))() is None
    finally:
        gc.enable()


def test_what_arrives_while_an_early_request_waits_its_turn_is_put_behind_it() -> None:
    assert asyncio.run(asyncio.wait_for(exchange(), 30)).endswith(b"\r\n\r\n/two")
