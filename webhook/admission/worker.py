"""A worker process: gunicorn's ASGI worker with deadlines, renewed certificates and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gunicorn.arbiter import Arbiter
from gunicorn.asgi.lifespan import LifespanManager
from gunicorn.workers.gasgi import ASGIWorker

from webhook.admission.bodies import BodyBudget
from webhook.admission.connection import Connection
from webhook.admission.deadlines import Phase

if TYPE_CHECKING:
    from webhook.admission.certificates import CertificatePair
    from webhook.admission.server import ServerSettings

_LARGE_BODIES = 4  # of the greatest size allowed, at once
_LAST_WORDS = 1.0  # seconds within the graceful timeout for the application to shut down, too
_DRAIN_TICK = 0.1


class Worker(ASGIWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Serves the application over TLS until it is told to stop.

    The application finds `draining` (an asyncio.Event) in `scope["state"]`: from the moment it is set,
    readiness must fail, though requests are still answered. `lifespan.shutdown` follows when all are.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settings: ServerSettings = self.app.settings
        self.pair: CertificatePair = self.app.pair
        self.connections: dict[Connection, None] = {}  # oldest first
        self.body_limit = self.settings.body_limit
        self.bodies = BodyBudget(_LARGE_BODIES * self.body_limit)
        self.draining = asyncio.Event()
        self.state["draining"] = self.draining
        self.clock = 0.0
        self._limits = self.settings.deadlines.by_phase()
        self._tick = min(1.0, *(limit / 4 for limit in self._limits.values()))
        self._started = False

    # Signals and starting

    def handle_exit_signal(self) -> None:
        """SIGTERM: finish what is in flight."""
        self.draining.set()

    def handle_quit_signal(self) -> None:
        """SIGINT, SIGQUIT: stop now."""
        super().handle_quit_signal()
        self.draining.set()

    def load_wsgi(self) -> None:
        """Make the application, in this process; without it there is nothing to serve."""
        try:
            super().load_wsgi()
        except Exception:
            self.log.exception("the application could not be made")
            sys.exit(Arbiter.APP_LOAD_ERROR)

    def run(self) -> None:
        """Serve, then exit. The master gives up when a worker could not start: nor could the next."""
        super().run()
        if not self._started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    async def _serve(self) -> None:
        lifespan = LifespanManager(self.asgi, self.log, self.state)
        try:
            await lifespan.startup()
        except RuntimeError as error:
            self.log.critical("the application did not start: %s", error)
            return
        self._beat()
        await self._listen()
        self._started = True
        while not self.draining.is_set() and self.ppid == os.getppid():
            self._beat()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.draining.wait(), self._tick)
        await self._drain()
        if not self._quick_shutdown:
            await lifespan.shutdown()

    async def _listen(self) -> None:
        for listener in self.sockets:
            server = await self.loop.create_server(
                lambda: Connection(self),
                sock=listener.sock,
                backlog=self.cfg.backlog,
                ssl=self.pair.context,
                ssl_handshake_timeout=self.settings.deadlines.handshake,
                ssl_shutdown_timeout=self.settings.deadlines.close,
            )
            self.servers.append(server)

    # While serving

    def _beat(self) -> None:
        """Tell the master that this worker lives, see to renewed certificates, drop who takes too long."""
        self.notify()
        self.pair.refresh()
        self.clock = self.loop.time()
        for connection in tuple(self.connections):
            connection.check(self._limits)

    def welcome(self, newcomer: Connection) -> None:
        """Count a connection in. One too many: who has waited longest without ever asking anything goes."""
        self.connections[newcomer] = None
        if len(self.connections) > self.settings.connections:
            waiting = [one for one in self.connections if one.phase in (Phase.HEADER, Phase.IDLE)]
            waiting.remove(newcomer)
            min(waiting, key=lambda one: (one.phase is Phase.IDLE, one.since), default=newcomer).abort()

    # Stopping

    async def _drain(self) -> None:
        """Answer what is in flight and what still comes, then let go of the clients.

        For `drain` seconds the listeners stay open, so that readiness can be seen to fail, and clients that
        keep connections alive learn by `Connection: close` with their next answer to go elsewhere.
        A connection that stays silent so long is closed. What is then in flight may take what is left.
        """
        began, patience = self.loop.time(), self.settings.graceful_timeout
        self.log.info("stopping: %d connections open", len(self.connections))
        await self._beat_until(began + min(self.settings.drain, patience / 2), lambda: False)
        for server in self.servers:
            server.close()
        await self._beat_until(began + patience - _LAST_WORDS, self._let_go_of_silent)
        if busy := self._busy():
            self.log.warning("stopping although %d requests are unanswered", len(busy))
        await self._beat_until(self.loop.time() + _LAST_WORDS / 2, lambda: not self.connections)

    async def _beat_until(self, deadline: float, done: Callable[[], bool]) -> None:
        while self.alive and not done() and self.loop.time() < deadline:
            self._beat()
            await asyncio.sleep(_DRAIN_TICK)

    def _let_go_of_silent(self) -> bool:
        """Close the connections on which nothing is going on; tell whether there are no others."""
        for connection in tuple(self.connections):
            if connection.waits_for_request:
                connection.close()
        return not self._busy()

    def _busy(self) -> list[Connection]:
        return [connection for connection in self.connections if connection.phase is not Phase.CLOSING]
