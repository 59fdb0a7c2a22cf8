"""Request bodies: handed on as they arrive, never heaped up.

gunicorn's receiver takes whatever the client sends into memory, whether the application reads it or not, and
sets a timer for every wait. This one stops reading from a client that is ahead of the application, and leaves
deadlines to the connection. A worker holds a bounded amount of large bodies at once; the others wait unread.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from gunicorn.asgi.protocol import BodyReceiver

MAX_UNREAD = 64 * 1024
"""Bytes that may lie here before the application has asked for them."""
LARGE = 128 * 1024
"""Bytes from which on a body counts against the budget. An ordinary review has 3,000 to 30,000."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyBudget:
    """How many bytes of large bodies a worker takes in at once. First come, first served.

    A body reserves at once all that it may come to, so those that were let in can always be finished.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[Body] = deque()

    def reserve(self, body: Body) -> None:
        """Set the body's bytes aside, or have it wait, unread, until others have given theirs back."""
        self._waiting.append(body)
        self._admit()

    def give_back(self, body: Body) -> None:
        """Take back what a body reserved, if it did: its request is over."""
        if body.admitted:
            self._free += body.reservation
        elif body in self._waiting:
            self._waiting.remove(body)
        body.admitted = False
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0].reservation <= self._free:
            body = self._waiting.popleft()
            self._free -= body.reservation
            body.admitted = True
            body.resume()


class Body(BodyReceiver):  # type: ignore[misc]  # gunicorn ships no types
    """The body of one request; `receive` is what the application awaits. `size` counts its bytes so far."""

    # No __slots__ of its own: mypy would not see those of the class above.

    def __init__(self, request: Any, protocol: Any) -> None:
        super().__init__(request, protocol)
        self.size = self._unread = self.reservation = 0
        self.admitted = True  # small, until it turns out to be large

    def feed(self, chunk: bytes) -> None:
        """Take in what arrived, and let the client wait when that is enough for now."""
        self._chunks.append(chunk)
        self.size += len(chunk)
        self._unread += len(chunk)
        self._wake_waiter()
        if self.size > LARGE and not self.reservation:
            self._reserve()
        if self._unread > MAX_UNREAD or not self.admitted:
            self.protocol._pause_reading()  # noqa: SLF001 (the other half of this class, in gunicorn)

    def _reserve(self) -> None:
        worker = self.protocol.worker
        self.reservation = min(self.request.content_length or worker.body_limit, worker.body_limit)
        self.admitted = False
        worker.bodies.reserve(self)

    def resume(self) -> None:
        """Read on from the client, unless the application has to catch up first, or others to finish."""
        if self.admitted and self._unread <= MAX_UNREAD:
            self.protocol._resume_reading()  # noqa: SLF001 (see feed)

    def give_back(self) -> None:
        """Free what was reserved for this body: its request is over."""
        if self.reservation:
            self.protocol.worker.bodies.give_back(self)
            self.reservation = 0

    def _pop_chunk(self) -> dict[str, Any]:
        """Hand over all that arrived as one message: a client can send a body in a million chunks."""
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        self._body_finished = self._complete
        self.resume()
        return {"type": "http.request", "body": body, "more_body": not self._complete}

    async def _wait_for_data(self) -> None:
        """Wait for the client. No timer: the connection has one deadline for the whole body."""
        if not self.size:
            self._ask_for_it()
        self._waiter = self.protocol.worker.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _ask_for_it(self) -> None:
        """Answer `Expect: 100-continue` (RFC 9110, section 10.1.1); gunicorn leaves such a client waiting."""
        expected = (b"expect", b"100-continue") in self.request.headers_bytes
        if expected and self.request.version >= (1, 1) and not self.protocol.answering:
            self.protocol._safe_write(_CONTINUE)  # noqa: SLF001 (see feed)
