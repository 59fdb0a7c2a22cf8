"""One connection of a client: gunicorn's protocol with deadlines, bounds, and an orderly end.

What gunicorn 26.2 leaves open, and this closes: a stalled header is never dropped; a header or a chunk's size
may be endless; most malformed requests end in a stack trace instead of a 400; a request that arrives before
the response before it is quite finished is lost; a connection is closed without saying so in the response.

There are no timers here. A connection notes which phase it is in and since when; the worker, once a second,
asks each whether that was too long.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from gunicorn.asgi.parser import CallbackRequest
from gunicorn.asgi.protocol import ASGIProtocol, _get_cached_date_header
from gunicorn_h1c import ParseError
from gunicorn_h1c._protocol import ParseError as ProtocolParseError

from webhook.admission.bodies import Body
from webhook.admission.deadlines import Phase

MAX_OVERHEAD = 64 * 1024
"""Bytes of a request that are not its body: request line, header fields, the framing of chunks."""
MAX_EARLY = 64 * 1024
"""Bytes of later requests that a client may send ahead of the answer."""

# gunicorn notes on the class that asks what it found, and then looks on this one: a subclass goes without.
ASGIProtocol._check_h1c_protocol_available()  # noqa: SLF001 (no public name for it)

_SLICE = 4 * 1024  # the parser moves all it was fed once a chunk: in small bites that is not quadratic
_PIECE = 128 * 1024  # more than uvloop's high-water mark
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


class Connection(ASGIProtocol):  # type: ignore[misc]  # gunicorn ships no types
    """Speaks HTTP/1.1 on one TLS connection.

    `phase` says what it waits for, `since` (seconds on the worker's clock) from when on, `answering` whether
    an answer has begun.
    """

    _callback_parser: Any
    _body_receiver: Any

    def __init__(self, worker: Any) -> None:
        super().__init__(worker)
        self.phase = Phase.HEADER
        self.since: float = worker.clock
        self._body: Body | None = None
        self._overhead = 0
        self._early = b""
        self.answering = False

    # The life of a connection

    def connection_made(self, transport: Any) -> None:
        """Begin, once the TLS handshake is done."""
        super().connection_made(transport)
        self._enter(Phase.HEADER)
        self.worker.welcome(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End. The task that waits for a request here is told, instead of being cancelled after a while.

        The parser and the body refer back here. What TLS holds for the connection, 50 KB, would lie about
        with them until Python next looks for such circles.
        """
        self.worker.connections.pop(self, None)
        super().connection_lost(exc)
        self._give_back()
        self._request_ready.set()
        self._callback_parser = self._body_receiver = None

    @property
    def waits_for_request(self) -> bool:
        """Tell whether the client has not yet sent a single byte of a (further) request."""
        return self.phase is Phase.IDLE or (self.phase is Phase.HEADER and not self._overhead)

    def check(self, limits: dict[Phase, float]) -> None:
        """Drop the connection if it has been in its phase for too long (seconds)."""
        if self.worker.clock - self.since <= limits[self.phase]:
            return
        if self.phase is Phase.ANSWER:
            self.log.warning("dropping a request: not answered, or its answer not read, in time")
            self.abort()
        elif self.phase is Phase.CLOSING:
            self.abort()
        elif self.waits_for_request:
            self.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def close(self) -> None:
        """Close as TLS asks for it, and read on for a while: the client would lose the answer to a reset."""
        self._close_transport()

    def abort(self) -> None:
        """Close at once, without a word."""
        self.transport.abort()

    def _close_transport(self) -> None:
        if not self._closed:
            self._enter(Phase.CLOSING)
            super()._close_transport()

    def _give_back(self) -> None:
        if self._body is not None:
            self._body.give_back()
            self._body = None

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.since = self.worker.clock

    # Requests coming in

    def data_received(self, data: bytes) -> None:
        """Parse what the client sent; hold back what belongs to a request after the one being answered."""
        start = 0
        while start < len(data) and not self._closed:
            if self.phase is Phase.ANSWER or self._early:
                self._hold_back(data[start:])
                return
            if self.phase is Phase.IDLE:
                self._enter(Phase.HEADER)
            bounded = self.phase is Phase.HEADER or self._current_request.chunked
            piece = data[start : start + _SLICE] if bounded else data[start:]
            start += len(piece)
            if self._feed_callback_parser(piece) and bounded:
                self._bound_overhead(len(piece))

    def _bound_overhead(self, received: int) -> None:
        """Refuse an endless header, chunk size or trailer, and chunks that are mostly framing."""
        self._overhead += received
        if self.phase is Phase.HEADER and self._overhead > MAX_OVERHEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._body is not None and self._overhead > MAX_OVERHEAD + 2 * self._body.size:
            self._refuse(HTTPStatus.BAD_REQUEST)

    def _hold_back(self, data: bytes) -> None:
        self._early += data
        if len(self._early) > MAX_EARLY:
            self._pause_reading()  # gunicorn resumes it after the answer

    def _on_headers_complete(self) -> bool:
        self._current_request = CallbackRequest.from_parser(self._callback_parser, is_ssl=True)
        self._body = self._body_receiver = Body(self._current_request, self)
        self._enter(Phase.BODY)
        self._request_ready.set()
        return False  # there is a body even after HEAD, where the client says so

    def _on_message_complete(self) -> None:
        self._enter(Phase.ANSWER)
        self._body_receiver.set_complete()
        self._early = self._callback_parser.remaining()
        if self._callback_parser.remaining_truncated:
            self._current_request.must_close = True

    def _cancel_keepalive_timer(self) -> None:
        """Nothing to cancel: the worker looks at `since`."""

    def _arm_keepalive_timer(self) -> None:
        """Turn to the next request. gunicorn calls this last, with all traces of the one before removed."""
        self._enter(Phase.IDLE)
        self._give_back()
        self._overhead = 0
        self.answering = False
        if self._early:
            self.worker.loop.call_soon(self._take_up_early)

    def _take_up_early(self) -> None:
        early, self._early = self._early, b""
        self.data_received(early)

    def _is_websocket_upgrade(self, _request: Any) -> bool:
        return False  # RFC 9110, section 7.8: a server may ignore Upgrade

    # Answers going out

    def _send_response_start(self, status: int, headers: Iterable[tuple[bytes, bytes]], request: Any) -> None:
        """Write the header of an answer, which names no server, and says so when it is the last one here."""
        self.answering = True
        parts = [_STATUS_LINES[status], _get_cached_date_header()]
        for name, value in headers:
            if name.lower() == b"connection":
                request.must_close |= value.lower() == b"close"
            else:
                parts += (name, b": ", value, b"\r\n")
        if request.must_close or self.worker.draining.is_set() or self.phase is Phase.BODY:
            request.must_close = True
            parts.append(b"Connection: close\r\n")
        parts.append(b"\r\n")
        self._response_buffer = b"".join(parts)

    def _send_body(self, body: bytes, chunked: bool = False) -> None:  # noqa: FBT001, FBT002 (gunicorn's signature)
        """Write in pieces: a whole, uvloop would take in and call sent, however slowly the client reads."""
        for start in range(0, len(body), _PIECE):
            super()._send_body(body[start : start + _PIECE], chunked)

    def _send_error_response(self, status: int, _message: str) -> None:
        """Answer in the server's own name. The parser's words are not repeated: they quote the client."""
        if self.answering:
            return  # part of an answer is out already
        self.answering = True
        phrase = HTTPStatus(status).phrase.encode()
        self._safe_write(
            _STATUS_LINES[status]
            + _get_cached_date_header()
            + b"Content-Type: text/plain\r\nConnection: close\r\n"
            + b"Content-Length: %d\r\n\r\n%b\n" % (len(phrase) + 1, phrase)
        )

    def _handle_h1c_exception(self, exc: Exception) -> bool:
        """Answer 400 to what the C parser finds malformed; gunicorn knows three of its nine errors."""
        if super()._handle_h1c_exception(exc):
            return True
        if not isinstance(exc, (ParseError, ProtocolParseError)):
            return False
        self._refuse(HTTPStatus.BAD_REQUEST)
        return True

    def _refuse(self, status: HTTPStatus) -> None:
        self._send_error_response(status, "")
        self._close_transport()
