"""How `serve`, which has no Git credentials, has `sync` look at Git at once.

They share a folder and nothing else, so that is where the bell hangs: a Unix socket. A visitor writes one
line, ``fetch <seconds>``, and is answered ``done`` once Git has been looked at, or ``late``. Whoever may
enter the folder may ring: all that follows is a look at Git that would have come anyway. A folder that is
mounted read-only will do.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

SOCKET = "sync.sock"

_VISITORS = 8  # are waited upon at once; others stand in the queue
_QUEUE = 64
_PATIENCE = 1.0  # seconds for a visitor to say what it wants
_PAUSE = 0.1  # seconds before trying again where there are no more file descriptors
_MAX_LINE = 64
_REQUEST = re.compile(rb"fetch (\d{1,2}\.\d{3})\n", re.ASCII)
_DONE, _LATE = b"done\n", b"late\n"

_log = logging.getLogger(__name__)


class Doorbell:
    """Hangs in a folder for as long as it is entered, as a context.

    ``ring(seconds)`` is called in a thread for each visitor: it looks at Git, and tells whether that was
    done, from begin to end, within these seconds.
    """

    def __init__(self, directory: Path, ring: Callable[[float], bool]) -> None:
        self._directory = directory
        self._ring = ring
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._taken_down = threading.Event()

    def __enter__(self) -> Self:
        try:
            self._hang_up()
        except OSError as error:
            # Not worth ending for: Git is looked at all the same, only not at once.
            _log.error(
                "cannot listen at %s: %s; approvers that run ahead of the baseline are warned, never denied",
                self._directory / SOCKET,
                error.strerror,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._taken_down.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for visitors
            (self._directory / SOCKET).unlink(missing_ok=True)
        self._listener.close()

    def _hang_up(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / SOCKET).unlink(missing_ok=True)  # of a process that was killed
        with _address_in(self._directory) as address:
            self._listener.bind(address)
            Path(address).chmod(0o666)  # `serve` may be another user; who may enter the folder is what counts
        self._listener.listen(_QUEUE)
        for number in range(_VISITORS):
            threading.Thread(target=self._attend, name=f"doorbell-{number}", daemon=True).start()

    def _attend(self) -> None:
        while not self._taken_down.is_set():
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                self._taken_down.wait(_PAUSE)
                continue
            with visitor, contextlib.suppress(OSError):  # one that has gone away needs no answer
                visitor.settimeout(_PATIENCE)
                request = _REQUEST.fullmatch(visitor.recv(_MAX_LINE))
                if request is not None:
                    visitor.sendall(_DONE if self._is_done(float(request[1])) else _LATE)

    def _is_done(self, seconds: float) -> bool:
        try:
            return self._ring(seconds)
        except Exception:  # noqa: BLE001  # whatever it is, the next visitor is to be heard, too
            _log.exception("looking at Git at once failed")
            return False


def ring(directory: Path, seconds: float) -> bool | None:
    """Have Git looked at, and tell whether that was done within these seconds (below 100).

    A look that began before does not count. None where nobody answers.
    """
    try:
        with _address_in(directory) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
            visitor.settimeout(seconds)
            visitor.connect(address)
            visitor.sendall(b"fetch %.3f\n" % seconds)
            return visitor.recv(_MAX_LINE) == _DONE
    except TimeoutError:
        return False
    except OSError:
        return None


@contextlib.contextmanager
def _address_in(directory: Path) -> Iterator[str]:
    """Yield a short name for the socket: the kernel takes no address of more than 107 bytes."""
    folder = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)
