"""Places for connections, which no stranger can keep from the Git server."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections import Counter

_PATIENCE = 1.0  # seconds for who was hung up on to leave


class Places:
    """So many places. Who finds all of them taken gets one: the oldest of the host that has most.

    That host is hung up on there. A stranger with many connections so takes places from itself; behind a
    proxy, where all come from one host, an idle connection is older than a push soon. Thread-safe.
    """

    def __init__(self, number: int) -> None:
        self._free = threading.Semaphore(number)
        self._lock = threading.Lock()
        self._taken: dict[socket.socket, tuple[str, socket.socket]] = {}  # the oldest first

    def take(self, connection: socket.socket, host: str) -> bool:
        """Take a place, to be left again. Returns false where none could be made free at once."""
        if not self._free.acquire(blocking=False):
            self._hang_up(host)
            if not self._free.acquire(timeout=_PATIENCE):
                return False
        try:
            # Of our own: TLS takes the one it is given away from who has it.
            handle = socket.socket(fileno=os.dup(connection.fileno()))
        except OSError:
            self._free.release()
            raise
        with self._lock:
            self._taken[connection] = host, handle
        return True

    def leave(self, connection: socket.socket) -> None:
        """Leave the place that was taken."""
        with self._lock:
            if connection in self._taken:
                self._taken.pop(connection)[1].close()
        self._free.release()

    def _hang_up(self, newcomer: str) -> None:
        """Hang up on one connection, whose thread then leaves; it is not chosen a second time."""
        with self._lock:
            if not self._taken:
                return
            held = Counter([newcomer, *(host for host, _ in self._taken.values())])
            chosen = max(self._taken, key=lambda connection: held[self._taken[connection][0]])
            _, handle = self._taken.pop(chosen)
            with handle, contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)
