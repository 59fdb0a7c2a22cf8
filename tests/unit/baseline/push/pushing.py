"""A receiver on loopback, what it has asked to fetch, and ways to send it something."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.unit.admission.serving import PATIENCE, eventually
from webhook.baseline.push.connection import Limits
from webhook.baseline.receiver import Receiver
from webhook.config import ReceiverConfig, Source

SECRET = "correct horse battery staple"

PLATFORM = "https://git.example.com/acme/platform.git"
SOURCES = (
    Source("platform", PLATFORM),
    Source("network", "git@git.example.com:acme/platform.git", path="network"),
    Source("shop", "ssh://git@git.example.com:2222/acme/shop.git"),
    Source("local", "/srv/git/acme/platform"),
)
OF_PLATFORM = ("platform", "network")
UNPACED = Limits(gap=0)
"""Each push is passed on at once, so that a test can count them."""

ALL = ("platform", "network", "shop", "local")
PAYLOAD: dict[str, Any] = {"ref": "refs/heads/main", "repository": {"clone_url": PLATFORM}}


class Answered(NamedTuple):
    """An HTTP answer: status, headers, and the JSON in its body."""

    status: int
    headers: Mapping[str, str]
    content: dict[str, Any]


class Replica:
    """A running receiver; ``requested`` has the names of each request to fetch."""

    def __init__(self, folder: Path, limits: Limits | None = None, **config: Any) -> None:
        self.secret_file = folder / "secret"
        if not self.secret_file.exists():
            self.secret_file.write_text(f"{SECRET}\n")
        self.requested: list[tuple[str, ...]] = []
        self.receiver = Receiver(
            ReceiverConfig(**{"address": "127.0.0.1:0", "secret": self.secret_file, **config}),
            SOURCES,
            self._request,
            limits or UNPACED,
        )
        self.host, _, port = self.receiver.address.rpartition(":")
        self.port = int(port)

    def _request(self, names: Collection[str]) -> None:
        self.requested.append(tuple(names))

    def connect(self, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
        host = self.host.strip("[]")
        if context is not None:
            return http.client.HTTPSConnection(host, self.port, timeout=PATIENCE, context=context)
        return http.client.HTTPConnection(host, self.port, timeout=PATIENCE)

    def ask(
        self,
        method: str,
        path: str = "/hooks/git",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> Answered:
        with contextlib.closing(self.connect(context)) as client:
            client.request(method, path, body, dict(headers or {}))
            response = client.getresponse()
            return Answered(response.status, dict(response.headers), json.loads(response.read() or "{}"))

    def push(self, payload: Any = PAYLOAD, headers: Mapping[str, str] | None = None, **how: Any) -> Answered:
        """Send a push, signed unless other headers are given."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.ask("POST", body=body, headers=signed(body) if headers is None else headers, **how)

    def raw(self, source: str = "") -> socket.socket:
        return socket.create_connection((self.host.strip("[]"), self.port), PATIENCE, (source, 0))

    def say(self, text: bytes, *, and_end: bool = False) -> bytes:
        """Send bytes as they are, and return all that comes back."""
        with self.raw() as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(text)
                if and_end:
                    connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def is_well(self) -> bool:
        return self.say(b"GET /livez HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@contextlib.contextmanager
def replica(folder: Path, limits: Limits | None = None, **config: Any) -> Iterator[Replica]:
    one = Replica(folder, limits, **config)
    with one.receiver:
        yield one


def signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Baseward-Signature": f"sha256={signature(body, secret)}"}


def read_all(connection: socket.socket) -> bytes:
    text = b""
    with contextlib.suppress(ConnectionError):
        while more := connection.recv(65_536):
            text += more
    return text


def relays_are_done() -> None:
    """Wait until nothing is being relayed any more."""
    eventually(lambda: all(thread.name != "push-relay" for thread in threading.enumerate()))
