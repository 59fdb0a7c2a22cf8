"""How far a long step is, on standard error: a line that changes on a terminal, else one now and then."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

_ON_TERMINAL, _ELSEWHERE = 0.2, 5.0  # seconds between two reports


class Progress:
    """Tells of one step of known length."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._terminal = sys.stderr.isatty()
        self._every = _ON_TERMINAL if self._terminal else _ELSEWHERE
        self._next = 0.0

    def __enter__(self) -> Self:
        self._next = time.monotonic() + self._every
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal:
            sys.stderr.write("\r\033[K")

    def report(self, done: int) -> None:
        """Say how much is done, if it is time to."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        text = f"{self._what}: {done:,} of {self._total:,}"
        sys.stderr.write(f"\r{text}\033[K" if self._terminal else f"{text}\n")
        sys.stderr.flush()
