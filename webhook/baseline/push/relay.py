"""Hand a push on to the other replicas: a Git server reaches only one of them."""

from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from webhook.baseline.push.complaints import Complaints
from webhook.baseline.push.signature import OWN_SIGNATURE, sign
from webhook.core.printing import safe

PATH = "/hooks/git"
RELAYED = "Baseward-Relayed"

TIMEOUT = 5.0  # seconds to connect, and again for each step after that

_MAX_TASKS = 32  # at once; there are as many as replicas
_MAX_REASON = 200
_HTTPS = "https"
_ANY_HOST = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared with, not bound to

_log = logging.getLogger(__name__)

Where: TypeAlias = tuple[socket.AddressFamily, Any]
"""A family of addresses, and an address as sockets of it take one."""


def addresses_of(host: str, port: int) -> Sequence[Where]:
    """Return all addresses of a name. Raises OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, where) for family, _, _, _, where in found]


class Relay:
    """Sends a push to every address of every peer, a URL, but not to ``own``, the (host, port) we listen on.

    ``authorities`` is a file of CAs to trust with https instead of the system's, where it exists.
    """

    def __init__(
        self,
        peers: Sequence[str],
        own: tuple[str, int],
        authorities: Path | None = None,
        resolve: Callable[[str, int], Sequence[Where]] = addresses_of,
    ) -> None:
        self._peers = [urlsplit(peer) for peer in peers]
        self._own = own
        self._authorities = authorities
        self._resolve = resolve
        self._complaints = Complaints(_log)
        self._slots = threading.Semaphore(_MAX_TASKS)

    def send(self, body: bytes, secret: bytes) -> None:
        """Send a body to all peers, signed anew, in threads that nobody has to wait for.

        Signed anew because a header that came with it may be the secret itself (GitLab's token).
        """
        headers = {OWN_SIGNATURE: sign(body, secret), RELAYED: "1"}
        for peer in self._peers:
            self._in_background(self._spread, peer, headers, body)

    def _in_background(self, task: Callable[..., None], *arguments: Any) -> None:
        if not self._slots.acquire(blocking=False):
            _log.warning("a push was not relayed to all peers: too many relays wait for an answer")
            return

        def run() -> None:
            try:
                task(*arguments)
            finally:
                self._slots.release()

        threading.Thread(target=run, name="push-relay", daemon=True).start()

    def _spread(self, peer: SplitResult, headers: dict[str, str], body: bytes) -> None:
        name = peer.geturl()
        try:
            found = self._resolve(peer.hostname or "", _port(peer))
        except OSError as error:
            self._complaints.about(name, f"a push was not relayed to {name}: {_reason(error)}")
            return
        self._complaints.none(name)
        for where in found:
            self._in_background(self._deliver, peer, where, headers, body)

    def _deliver(self, peer: SplitResult, where: Where, headers: dict[str, str], body: bytes) -> None:
        name = f"{peer.geturl()} at {where[1][0]}"
        try:
            status = self._post(peer, where, headers, body)
        except (OSError, http.client.HTTPException) as error:
            self._complaints.about(name, f"a push was not relayed to {name}: {_reason(error)}")
            return
        if status in {None, HTTPStatus.ACCEPTED}:
            self._complaints.none(name)
        else:
            self._complaints.about(name, f"a push was relayed to {name}, which answered {status}")

    def _post(self, peer: SplitResult, where: Where, headers: dict[str, str], body: bytes) -> int | None:
        """Return the status of the answer, or None where the address is our own."""
        family, address = where
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            plain.settimeout(TIMEOUT)
            plain.connect(address)
            if self._is_own(plain):
                return None
            connection = http.client.HTTPConnection(peer.hostname or "", _port(peer))
            connection.sock = plain
            if peer.scheme == _HTTPS:
                connection.sock = stack.enter_context(self._secured(plain, peer.hostname or ""))
            connection.request("POST", PATH, body, headers)
            return stack.enter_context(connection.getresponse()).status

    def _is_own(self, connection: socket.socket) -> bool:
        """Tell whether we talk to ourselves, as a name of all replicas has our own address, too."""
        (here, *_), (there, port, *_) = connection.getsockname(), connection.getpeername()
        own_host, own_port = self._own
        return (there, port) == (here if own_host in _ANY_HOST else own_host, own_port)

    def _secured(self, connection: socket.socket, host: str) -> ssl.SSLSocket:
        own = self._authorities is not None and self._authorities.exists()
        context = ssl.create_default_context(cafile=self._authorities if own else None)
        return context.wrap_socket(connection, server_hostname=host)


def _port(peer: SplitResult) -> int:
    return peer.port or (443 if peer.scheme == _HTTPS else 80)


def _reason(error: Exception) -> str:
    return safe(str(error) or type(error).__name__, _MAX_REASON)
