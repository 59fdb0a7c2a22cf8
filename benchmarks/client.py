"""The API server's side: TLS connections that are kept alive, and requests that were written before.

As little as a client can do, so that it keeps up with the server: it looks at no more of an answer
than its length, its status, and whether it holds what it must.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence

from benchmarks.errors import BenchmarkError

CONNECTIONS = 16

_PATIENCE = 30.0  # seconds
_READY = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_END_OF_HEADER = b"\r\n\r\n"
_OK = b"HTTP/1.1 200 "
_LARGEST_READ = 65_536


class Connection:
    """One connection, with at most one request on its way."""

    def __init__(self, port: int) -> None:
        plain = socket.create_connection(("127.0.0.1", port), _PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = _trusting().wrap_socket(plain)
        self._received = b""
        self.due = 0.0  # when the request should have been sent

    def fileno(self) -> int:
        """Return what select wants."""
        return self._socket.fileno()

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self._socket.sendall(request)

    def read(self) -> bytes | None:
        """Read what is there; return the whole answer, or None while it is not all there."""
        chunk = self._socket.recv(_LARGEST_READ)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self._received += chunk
        header = self._received.find(_END_OF_HEADER)
        length = _LENGTH.search(self._received, 0, header + 2)
        if header < 0 or length is None or len(self._received) < header + 4 + int(length[1]):
            return None
        answer, self._received = self._received, b""
        return answer

    def close(self) -> None:
        """Close it."""
        self._socket.close()


class Client:
    """Some connections to one server on this machine."""

    def __init__(self, port: int) -> None:
        self._connections = [Connection(port) for _ in range(CONNECTIONS)]

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()

    def wait_until_ready(self) -> None:
        """Wait for a server that listens already to be ready to answer."""
        give_up = time.monotonic() + _PATIENCE
        while not self._is_ready():
            if time.monotonic() > give_up:
                raise BenchmarkError("the server is not ready")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        self._connections[0].ask(_READY)
        while (answer := self._connections[0].read()) is None:
            pass
        return answer.startswith(_OK)

    def closed_loop(self, requests: Sequence[bytes], expected: bytes) -> None:
        """Ask all requests once, on all connections: each asks its next as soon as it is answered."""
        waiting = iter(requests)
        for connection, request in zip(self._connections, waiting, strict=False):
            connection.ask(request)
        answered = 0
        while answered < len(requests):
            for connection in _ready(self._connections, _PATIENCE):
                answer = connection.read()
                if answer is not None:
                    _check(answer, expected)
                    answered += 1
                    following = next(waiting, None)
                    if following is not None:
                        connection.ask(following)

    def open_loop(self, requests: Sequence[bytes], expected: bytes, due: Sequence[float]) -> list[float]:
        """Ask each request when it is due (seconds from now), whatever has been answered by then.

        Returns latencies (s) from when it was due: waiting for a free connection is part of them.
        """
        began = time.perf_counter()
        idle, sent = deque(self._connections), 0
        latencies: list[float] = []
        while len(latencies) < len(requests):
            now = time.perf_counter() - began
            while idle and sent < len(requests) and due[sent] <= now:
                connection = idle.popleft()
                connection.due = due[sent]
                connection.ask(requests[sent])
                sent += 1
            soon = max(due[sent] - now, 0) if idle and sent < len(requests) else _PATIENCE
            for connection in _ready(self._connections, soon):
                answer = connection.read()
                if answer is not None:
                    _check(answer, expected)
                    latencies.append(time.perf_counter() - began - connection.due)
                    idle.append(connection)
        return latencies


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # which certificate it is has no part in what is measured
    return context


def _ready(connections: Sequence[Connection], patience: float) -> list[Connection]:
    # Not epoll, which waits in whole milliseconds.
    ready, _, _ = select.select(connections, [], [], patience)
    if not ready and patience == _PATIENCE:
        raise BenchmarkError(f"no answer in {_PATIENCE:.0f} s")
    return ready


def _check(answer: bytes, expected: bytes) -> None:
    if not answer.startswith(_OK) or expected not in answer:
        raise BenchmarkError(f"expected {expected.decode()} in: {answer[:1000].decode(errors='replace')}")
