"""When each source is looked at: at its interval, and at once where somebody asks.

Looks run in threads, one for each source, so that one that hangs holds up no other; what they find is
settled here, in the thread that runs, which alone writes.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from webhook.baseline.errors import BaselineError
from webhook.baseline.follower import Look
from webhook.baseline.part import Progress
from webhook.baseline.refusal import Trouble
from webhook.baseline.snapshot_files import current_path
from webhook.baseline.sync import Synchronizer, silent
from webhook.baseline.sync_result import SyncResult

FIRST_LOOKS = 30.0
"""Seconds that the first snapshot waits for a source that hangs."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Watch:
    """One source: when its next look is ``due`` (of the monotonic clock), and how its looks go.

    Looks are numbered: the last one that was ``begun``, that ``settled``, and that settled well
    (``confirmed``).
    """

    interval: float
    due: float = 0.0
    begun: int = 0
    settled: int = 0
    confirmed: int = 0
    found: Look | None = None
    in_trouble: bool = False

    @property
    def is_looking(self) -> bool:
        """Tell whether a look is on its way, or what it found waits to be settled."""
        return self.begun > self.settled


class Schedule:
    """Looks at the sources of a synchronizer until it is stopped."""

    def __init__(self, synchronizer: Synchronizer, interval: float, first_looks: float = FIRST_LOOKS) -> None:
        """Look every ``interval`` seconds, counted from begin to begin, where a source says nothing else."""
        self._synchronizer = synchronizer
        self._first_looks = first_looks
        self._changed = threading.Condition()
        # Under the condition:
        self._stopped = False
        self._watches = {
            name: _Watch(interval if source.interval is None else source.interval.total_seconds())
            for name, source in synchronizer.sources.items()
        }
        # Of the thread that runs:
        self._patience = 0.0
        self._logged_errors: tuple[str, ...] = ()

    # What others may call, from any thread

    def stop(self) -> None:
        """Let ``run`` come to its end."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def request(self, names: Iterable[str]) -> None:
        """Have some sources looked at now, by their names; returns at once."""
        with self._changed:
            for name in self._watches.keys() & set(names):
                self._watches[name].due = 0.0
            self._changed.notify_all()

    def look_now(self, timeout: float) -> bool:
        """Have all sources looked at now, and wait until that is settled, for at most ``timeout`` seconds.

        A look that began before does not count. Returns whether all were settled in time. Not waited for
        is a source that is being looked at while the status says already that it is in trouble.
        """
        with self._changed:
            hanging = [watch for watch in self._watches.values() if watch.in_trouble and watch.is_looking]
            wanted = [(watch, watch.begun + 1) for watch in self._watches.values() if watch not in hanging]
            self.request(self._watches)
            return self._changed.wait_for(
                lambda: all(watch.confirmed >= number for watch, number in wanted), timeout
            )

    # The loop

    def run(self, progress: Progress = silent) -> None:
        """Sync until ``stop`` is called; with the folder locked.

        What fails is logged, stands in the status file, and is tried again.
        """
        if current_path(self._synchronizer.directory) is None:
            self._patience = time.monotonic() + self._first_looks
        while self._wait():
            self._begin_looks()
            if found := self._take_found():
                self._settle(found, progress)

    def _wait(self) -> bool:
        """Wait until there is something to do; False if that is to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._is_due() or self._is_ready(), self._idle())
            return not self._stopped

    def _idle(self) -> float:
        """Return the seconds until something is due, or the first looks have been waited for long enough."""
        now = time.monotonic()
        times = [watch.due for watch in self._watches.values() if not watch.is_looking]
        if self._patience > now:
            times.append(self._patience)
        return min(max(0.0, min(times, default=math.inf) - now), threading.TIMEOUT_MAX)

    def _is_due(self) -> bool:
        now = time.monotonic()
        return any(watch.due <= now and not watch.is_looking for watch in self._watches.values())

    def _is_ready(self) -> bool:
        """Tell whether there is something to settle: the first snapshot waits a while for all sources."""
        watches = self._watches.values()
        all_looked = all(watch.found or watch.settled for watch in watches)
        return any(watch.found for watch in watches) and (all_looked or time.monotonic() >= self._patience)

    def _begin_looks(self) -> None:
        with self._changed:
            now = time.monotonic()
            for name, watch in self._watches.items():
                if watch.due <= now and not watch.is_looking:
                    watch.due = now + watch.interval
                    watch.begun += 1
                    # Nobody waits for one that hangs when the process ends.
                    threading.Thread(target=self._look, args=(name,), daemon=True).start()

    def _look(self, name: str) -> None:
        look = self._synchronizer.look(name)
        with self._changed:
            self._watches[name].found = look
            self._changed.notify_all()

    def _take_found(self) -> Mapping[str, Look]:
        with self._changed:
            if not self._is_ready():
                return {}
            found = {name: watch.found for name, watch in self._watches.items() if watch.found}
            for name in found:
                self._watches[name].found = None
            return found

    def _settle(self, found: Mapping[str, Look], progress: Progress) -> None:
        result: SyncResult | None = None
        try:
            result = self._synchronizer.settle(found, progress)
            self._log_result(result)
        except BaselineError as error:
            self._log_errors((f"sync failed: {error}",))
        except Exception:  # noqa: BLE001  # a fault of ours must not end what keeps the snapshot fresh
            _log.exception("sync failed")
        with self._changed:
            for name in found:
                self._watches[name].settled = self._watches[name].begun
            if result is not None:
                self._confirm(found, result)
            self._changed.notify_all()

    def _confirm(self, found: Mapping[str, Look], result: SyncResult) -> None:
        for name in found:
            self._watches[name].confirmed = self._watches[name].begun
        for source in result.sources:
            # Whether one that is not trusted is still in trouble decides on more than a warning: wait for it.
            self._watches[source.name].in_trouble = source.trouble not in (None, Trouble.UNTRUSTED)

    def _log_result(self, result: SyncResult) -> None:
        if result.changed:
            for source in result.sources:
                _log.info("%s", source)
        for warning in result.warnings:
            _log.warning("%s", warning)
        self._log_errors(result.errors)

    def _log_errors(self, errors: tuple[str, ...]) -> None:
        if errors == self._logged_errors:  # each once, however often it is tried again
            return
        for error in errors:
            _log.error("%s", error)
        if not errors:
            _log.info("all sources are in sync again")
        self._logged_errors = errors
