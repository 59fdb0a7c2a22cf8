"""What stands between a server and its clients, and can fail as a network does."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Relay:
    """Passes on what a server at ``target`` and its clients say to each other, from an address of its own.

    ``limit`` is how many bytes of the server's a connection passes on, from now on: with 0 it is taken up,
    and nothing is ever said. ``stalled`` is set once one has come to that limit.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.limit: int | None = None
        self.stalled = threading.Event()

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let nobody connect any more, and hang up on everybody."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        while self._connections:
            connection = self._connections.pop()
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def start_again(self) -> None:
        host, _, port = self.address.partition(":")
        self._listener = socket.create_server((host, int(port)))
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was stopped
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._target)
                self._connections += [client, server]
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := client.recv(65_536):
                server.sendall(chunk)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        said = 0
        with contextlib.suppress(OSError):
            while chunk := server.recv(65_536):
                passed_on = chunk if self.limit is None else chunk[: max(0, self.limit - said)]
                client.sendall(passed_on)
                said += len(passed_on)
                if len(passed_on) < len(chunk):
                    self.stalled.set()
                    return
            client.shutdown(socket.SHUT_WR)
