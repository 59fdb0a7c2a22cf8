"""Do the same thing only so often, however often it is asked for, and lose nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection


class Pace:
    """Has each thing done at once, but not again within ``gap`` seconds: then once more, at their end.

    Thread-safe.
    """

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._lock = threading.Lock()
        self._times: dict[str, float] = {}  # when a thing was done last, or will be

    def do(self, act: Callable[[Collection[str]], None], things: Collection[str]) -> None:
        """Call ``act`` with the things whose time it is, now and, in another thread, later.

        A thing that is to be done later anyway is not done twice.
        """
        now = time.monotonic()
        with self._lock:
            self._times = {thing: at for thing, at in self._times.items() if now < at + self._gap}
            ready = [thing for thing in things if thing not in self._times]
            early = [thing for thing in things if thing in self._times and self._times[thing] <= now]
            later = max((self._times[thing] for thing in early), default=now) + self._gap
            self._times |= dict.fromkeys(ready, now) | dict.fromkeys(early, later)
        if early:
            timer = threading.Timer(later - now, act, [early])
            timer.daemon = True
            timer.start()
        if ready:
            act(ready)
