"""The push receiver: a signed push from a Git server has the sources it is of fetched at once.

That is all it does: what a push says is used to choose among the sources, and is never believed. What
does not arrive is found by the next poll.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from webhook.baseline.errors import ReceiverError
from webhook.baseline.push.certificate import Certificate
from webhook.baseline.push.complaints import Complaints
from webhook.baseline.push.connection import DEFAULT_LIMITS, Answer, Limits, Request
from webhook.baseline.push.input import Refusal
from webhook.baseline.push.pace import Pace
from webhook.baseline.push.payload import identity, is_ping, repositories_in
from webhook.baseline.push.relay import PATH, RELAYED, Relay
from webhook.baseline.push.server import Server
from webhook.baseline.push.signature import is_signed, sign
from webhook.config import ReceiverConfig, Source

MIN_SECRET = 16  # bytes

_ALIVE = "/livez"

_log = logging.getLogger(__name__)


class Receiver:
    """Answers pushes, in threads of its own, from ``start`` to ``stop`` or for as long as it is entered.

    ``request`` is called with the names of the sources to fetch; it must be thread-safe and return at once.
    It may be called a moment after the end, too, for a push that came before.
    Raises ReceiverError where the address cannot be had, the secret is too short, or the certificate cannot
    be used. A secret that is not there yet is waited for: pushes are refused until then.
    """

    def __init__(
        self,
        config: ReceiverConfig,
        sources: Sequence[Source],
        request: Callable[[Collection[str]], None],
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._secret_file = config.secret
        self._repositories = {source.name: identity(source.repository) for source in sources}
        self._request = request
        self._looks, self._relays = Pace(limits.gap), Pace(limits.gap)
        self._complaints = Complaints(_log)
        folder = config.certificates
        certificate = Certificate(folder, self._complaints) if folder else None
        if not read_secret(self._secret_file):
            self._complaints.about("secret", self._no_secret())
        self._server = Server(config.address, self._respond, certificate, limits)
        self._relay = Relay(config.peers, self._server.own, folder and folder / "ca.crt")

    @property
    def address(self) -> str:
        """Return HOST:PORT, as it listens there."""
        host, port = self._server.own
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()
        _log.info("listening for pushes on %s", self.address)

    def stop(self) -> None:
        """Listen no longer. Requests that are being answered are not waited for."""
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _respond(self, request: Request) -> Answer:
        routes = {PATH: ("POST", self._receive), _ALIVE: ("GET", _say_alive)}
        if request.path not in routes:
            return Answer(404, {"error": f"there is only {PATH}"})
        method, respond = routes[request.path]
        if request.method != method:
            return Answer(405, {"error": f"{request.path} takes {method} only"}, {"Allow": method})
        return respond(request)

    def _receive(self, request: Request) -> Answer:
        body, secret = request.read_body(), self._secret()
        if not is_signed(request.headers, body, secret):
            self._complaints.about(
                "signature",
                f"a push was refused: it was not signed with the secret in {self._secret_file};"
                " give the Git server's webhook the same one",
            )
            return Answer(401, {"error": "not signed with the secret of this receiver"})
        self._complaints.none("signature")
        if is_ping(request.headers):
            return Answer(200, {"sources": []})
        names = self._sources_of(body)
        self._looks.do(self._request, names)
        if RELAYED not in request.headers:
            self._relays.do(lambda _: self._relay.send(body, secret), [sign(body, secret)])
        _log.info("a push: fetching %s", ", ".join(names))
        return Answer(202, {"sources": names})

    def _sources_of(self, body: bytes) -> list[str]:
        """Return the names of the sources that a push is of, or of all where that is not to be told."""
        pushed = repositories_in(body)
        found = [name for name, repository in self._repositories.items() if repository in pushed]
        return found or list(self._repositories)

    def _secret(self) -> bytes:
        """Return the secret that is there now: a mounted Secret may be replaced. Raises Refusal for none."""
        try:
            secret, problem = read_secret(self._secret_file), self._no_secret()
        except ReceiverError as error:
            secret, problem = b"", f"pushes are refused: {error}"
        if not secret:
            self._complaints.about("secret", problem)
            raise Refusal(503, "the receiver has no secret")
        self._complaints.none("secret")
        return secret

    def _no_secret(self) -> str:
        return f"pushes are refused: {self._secret_file} has no secret; put the one of the Git server there"


def read_secret(file: Path) -> bytes:
    """Return the secret in a file, without the newline at its end; empty where there is none.

    Raises ReceiverError for one of fewer than 16 bytes.
    """
    try:
        secret = file.read_bytes().rstrip(b"\r\n")
    except OSError:
        return b""
    if 0 < len(secret) < MIN_SECRET:
        raise ReceiverError(
            f"the secret in {file} has fewer than {MIN_SECRET} characters and could be guessed;"
            " make a longer one, as with: openssl rand -hex 32"
        )
    return secret


def _say_alive(_: Request) -> Answer:
    return Answer(200, {"live": True})
