"""A small HTTP server for strangers: a bounded number of connections, each bounded in turn."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from functools import partial
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from webhook.baseline.errors import ReceiverError
from webhook.baseline.push.certificate import Certificate
from webhook.baseline.push.connection import Answer, Connection, Limits, Request, Service
from webhook.baseline.push.places import Places

_PAUSE = 0.1  # seconds

_log = logging.getLogger(__name__)


class Server(ThreadingMixIn, TCPServer):
    """Listens on HOST:PORT and answers each request, in a thread of its own, with what ``respond`` returns.

    Raises ReceiverError where it cannot listen. Not http.server's own, which asks the DNS for its name.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024  # a connection that finds it full tries again only after a second

    def __init__(
        self,
        address: str,
        respond: Callable[[Request], Answer],
        certificate: Certificate | None,
        limits: Limits,
    ) -> None:
        self._limits = limits
        self._certificate = certificate
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="push-receiver", daemon=True)
        self._places = Places(limits.connections)
        service = Service(respond, limits, Places(limits.large_bodies))
        host, _, port = address.rpartition(":")
        try:
            found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
            self.address_family, *_, (numeric_host, *_) = found[0]
            super().__init__((str(numeric_host), int(port)), partial(Connection, service))
        except OSError as error:
            reason = error.strerror or error
            raise ReceiverError(
                f"the push receiver cannot listen on {address}: {reason}; choose another address"
            ) from None

    @property
    def own(self) -> tuple[str, int]:
        """Return the host and the port that it listens on."""
        host, port = self.server_address[:2]
        return str(host), port

    def start(self) -> None:
        """Begin to answer, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer. Requests that are being answered are not waited for."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        if self._thread.is_alive():
            self._thread.join()
        self.server_close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            self.handle_request()

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection. Where there are no more file descriptors, not a thousand times a second."""
        try:
            return super().get_request()
        except OSError:
            self._closing.wait(_PAUSE)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a new thread; where there are too many already, one of them is hung up on."""
        if not self._places.take(request, client_address[0]):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread to be had
            self._places.leave(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.leave(request)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, where there is a certificate, and answer."""
        request.settimeout(self._limits.header_time)
        if self._certificate is None:
            super().finish_request(request, client_address)
            return
        with self._certificate.context().wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # the base's signature
        """Pass over what strangers cause: a handshake that fails, a connection that breaks."""
        _log.debug("a connection to the push receiver failed", exc_info=True)
