"""What a client sends, bounded in bytes and in time as a whole: a byte now and then gains it nothing."""

from __future__ import annotations

import math
import socket
import time
from io import RawIOBase
from typing import Any


class Refusal(Exception):  # noqa: N818  # what a client is told; nothing of ours is broken
    """Says with which HTTP status, and in which words, a request is refused."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


class Input(RawIOBase):
    """Reads from a socket up to ``size`` bytes within ``seconds``. Raises Refusal beyond either.

    With a ``rate``, in bytes a second, the seconds are what it may take longer than at this rate.
    """

    def __init__(self, connection: socket.socket, size: int, seconds: float) -> None:
        self._connection = connection
        self._size = 0
        self.allow(size, seconds)

    def allow(self, size: int, seconds: float, rate: float = math.inf) -> None:
        """Allow so many bytes more, and so much time from now."""
        self._size += size
        self._end = time.monotonic() + seconds
        self._rate = rate

    def readable(self) -> bool:
        """Return true: it is made to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there into a buffer, and return how many bytes that were; 0 at the end."""
        seconds = self._end - time.monotonic()
        if self._size <= 0:
            raise Refusal(431, "the header is too long")
        try:
            self._connection.settimeout(max(seconds, 0.001))
            count = self._connection.recv_into(memoryview(buffer)[: self._size])
        except TimeoutError:
            raise Refusal(408, "the request took too long") from None
        except OSError:
            raise Refusal(400, "the connection broke") from None
        self._size -= count
        self._end += count / self._rate
        return count
