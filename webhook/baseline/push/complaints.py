"""Say what is wrong once, and not again with every request of a stranger."""

from __future__ import annotations

import logging
import threading


class Complaints:
    """Logs a problem when it is new: not the one that the same thing had the last time. Thread-safe."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._problems: dict[str, str] = {}
        self._lock = threading.Lock()

    def about(self, thing: str, problem: str) -> None:
        """Log the problem of a thing, unless it had just that one already."""
        with self._lock:
            is_new = self._problems.get(thing) != problem
            self._problems[thing] = problem
        if is_new:
            self._log.warning("%s", problem)

    def none(self, thing: str) -> None:
        """Remember that a thing has no problem now, so that the next is a new one."""
        with self._lock:
            self._problems.pop(thing, None)
