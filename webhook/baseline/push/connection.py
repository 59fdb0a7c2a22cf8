"""One connection of a stranger's: one request, bounded in bytes and in time, and one answer."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from io import BufferedReader
from socketserver import BaseServer
from typing import Any

from webhook.baseline.push.input import Input, Refusal
from webhook.baseline.push.places import Places

_MAX_LINE = 8192
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What strangers may take of us: times in seconds, sizes in bytes, and ``body_rate`` in bytes a second.

    Few bodies of more than ``small_body`` at a time, so that all connections together take little memory.
    A source is looked at once in ``gap`` for pushes, and the same push is relayed once in it.
    """

    connections: int = 64
    header_time: float = 3  # the TLS handshake too
    body_time: float = 5  # beyond what the body takes at body_rate
    body_rate: float = 2**20
    closing_time: float = 2
    header: int = 32 * 2**10
    small_body: int = 2**20
    body: int = 25 * 2**20
    large_bodies: int = 2
    gap: float = 1


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. ``read_body`` returns the body, or raises Refusal; to be called at most once."""

    method: str
    path: str
    headers: Message
    read_body: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and what is said with it, as JSON."""

    status: int
    content: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """What all connections share: who answers, the limits, and the places for large bodies."""

    respond: Callable[[Request], Answer]
    limits: Limits
    large_bodies: Places


class Connection(BaseHTTPRequestHandler):
    """One connection: one request, one answer. Nothing that a stranger sent is logged or sent back."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # until the first line has said another

    def __init__(self, service: Service, connection: Any, client: Any, server: BaseServer) -> None:
        self._service = service
        super().__init__(connection, client, server)

    def setup(self) -> None:
        """Put bounds on what is read."""
        super().setup()
        self.rfile.close()
        limits = self._service.limits
        self._input = Input(self.connection, limits.header, limits.header_time)
        self.rfile = BufferedReader(self._input)
        self._held = contextlib.ExitStack()

    def handle(self) -> None:
        """Read the request and answer it."""
        self.command, self.request_version = "", self.default_request_version
        try:
            answer = self._respond()
        except Refusal as refusal:
            answer = Answer(refusal.status, {"error": str(refusal)})
        except ConnectionError:
            raise  # there is nobody to answer
        except Exception:  # noqa: BLE001  # a fault of ours is an answer, too: nobody waits for a timeout
            _log.exception("the push receiver failed")
            answer = Answer(500, {"error": "internal error"})
        if answer is not None:
            self._answer(answer)

    def _respond(self) -> Answer | None:
        self.raw_requestline = self.rfile.readline(_MAX_LINE)
        if len(self.raw_requestline) == _MAX_LINE:
            raise Refusal(414, "the first line is too long")
        if not self.parse_request():
            return None
        path = self.path.partition("?")[0]
        return self._service.respond(Request(self.command, path, self.headers, self._read_body))

    def _read_body(self) -> bytes:
        length = self._length()
        limits = self._service.limits
        if length > limits.small_body:
            if not self._service.large_bodies.take(self.connection, self.client_address[0]):
                raise Refusal(503, "other large pushes are being read; send it again")
            self._held.callback(self._service.large_bodies.leave, self.connection)
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        self._input.allow(length, limits.body_time, limits.body_rate)
        body = self.rfile.read(length)
        if len(body) < length:
            raise Refusal(400, "the body is shorter than Content-Length says")
        return body

    def _length(self) -> int:
        lengths = self.headers.get_all("Content-Length", [])
        if not lengths or "Transfer-Encoding" in self.headers:
            raise Refusal(411, "send the body whole, with Content-Length")
        if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
            raise Refusal(400, "Content-Length is no number")
        if int(lengths[0]) > self._service.limits.body:
            raise Refusal(413, f"the body is larger than {self._service.limits.body} bytes")
        return int(lengths[0])

    def _answer(self, answer: Answer) -> None:
        content = json.dumps(answer.content).encode() + b"\n"
        self.connection.settimeout(self._service.limits.closing_time)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def finish(self) -> None:
        """Hang up when the client has done so, too: else what it still sends would cost it the answer."""
        self._held.close()
        end = time.monotonic() + self._service.limits.closing_time
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self.connection.settimeout(left)
                if not self.connection.recv(2**16):
                    break
        super().finish()

    def handle_expect_100(self) -> bool:
        """Say nothing yet: ``_read_body`` does, when the body is wanted."""
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002  # they repeat what was sent
        """Refuse what is no HTTP of ours."""
        raise Refusal(code, "this is no request that can be read")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Log nothing."""
