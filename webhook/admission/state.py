"""What a worker knows of the baseline: the snapshot that it serves, and how the syncs went.

A task looks for a newer snapshot twice a second, so that no request has to.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webhook.baseline.errors import SnapshotError
from webhook.baseline.snapshot import Snapshot
from webhook.baseline.snapshot_files import current_path
from webhook.baseline.status import NO_STATUS, SourceStatus, SyncStatus, read_status
from webhook.core.normalize.left_out import LeftOut

_INTERVAL = 0.5
_NEW, _SERVED, _STATUS = "the new snapshot is not served", "the served snapshot is damaged", "sync status"

_log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class BaselineState:
    """The served snapshot and the state of the sources, kept up to date by ``look``."""

    def __init__(self, directory: Path, left_out: LeftOut, clock: Callable[[], datetime] = _utc_now) -> None:
        """Serve from a folder what was normalized with the same ``left_out``."""
        self._directory = directory
        self._left_out = left_out
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._faults: dict[str, str] = {}
        self.status: SyncStatus = NO_STATUS
        self.snapshot: Snapshot | None = None

    @property
    def sources(self) -> tuple[SourceStatus, ...]:
        """Return how the last sync of each source went."""
        return self.status.sources

    @property
    def fault(self) -> str | None:
        """Say what is broken of that which is on disk, None where nothing is."""
        return "; ".join(self._faults.values()) or None

    def look(self) -> None:
        """Take up a newer snapshot, and what the last sync said.

        What is broken is passed over, told once, and tried again at the next look.
        """
        path = current_path(self._directory)
        with self._telling(_NEW):
            if path is not None and (self.snapshot is None or path != self.snapshot.path):
                self._take_up(Snapshot(path))
                self._faults.pop(_SERVED, None)
        with self._telling(_STATUS):
            self.status = read_status(self._directory)
        self._make_younger()

    @contextlib.contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Log a fault when it comes up or changes, and forget it when it is over."""
        try:
            yield
            self._faults.pop(what, None)
        except SnapshotError as error:
            if self._faults.get(what) != str(error):
                _log.error("%s: %s", what, error)
            self._faults[what] = str(error)

    def found_damaged(self, error: SnapshotError) -> None:
        """Report, until there is a new snapshot, that a request could not be answered from the served one."""
        self._faults[_SERVED] = str(error)

    def _take_up(self, snapshot: Snapshot) -> None:
        snapshot.check_settings(self._left_out)
        # The one before it closes itself when the last request that reads it is answered.
        self.snapshot = snapshot

    def _make_younger(self) -> None:
        """Note when the snapshot was last confirmed: a sync that finds nothing new makes it younger."""
        if self.snapshot is not None:
            self.snapshot.synced_at = {
                **self.snapshot.synced_at,
                **{
                    source.name: source.synced_at
                    for source in self.sources
                    if source.synced_at is not None
                    and source.commit == self.snapshot.commits.get(source.name)
                },
            }

    def age_seconds(self) -> float | None:
        """Return the time since the last successful sync of the source that waited longest."""
        if self.snapshot is None or not self.snapshot.synced_at:
            return None
        return (self._clock() - min(self.snapshot.synced_at.values())).total_seconds()

    def why_not_ready(self) -> str:
        """Say what keeps the first snapshot from being served."""
        errors = [f"{source.name}: {source.error}" for source in self.sources if source.error]
        return "; ".join(["no snapshot has been loaded yet", *([self.fault] if self.fault else []), *errors])

    def report(self) -> dict[str, Any]:
        """Return what ``/status`` shows."""
        snapshot, age = self.snapshot, self.age_seconds()
        return {
            "ready": snapshot is not None,
            "snapshot": None
            if snapshot is None
            else {
                "id": snapshot.id,
                "objects": snapshot.object_count,
                "ageSeconds": None if age is None else round(age, 1),
                "commits": dict(snapshot.commits),
            },
            "fault": self.fault,
            "sources": [
                {
                    "name": source.name,
                    "commit": source.commit,
                    "syncedAt": source.synced_at.isoformat() if source.synced_at else None,
                    "error": source.error,
                    "trouble": source.trouble,
                }
                for source in self.sources
            ],
        }

    def start_watching(self) -> None:
        """Look now, and from now on twice a second."""
        self._look_anyhow()
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop_watching(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            self._look_anyhow()

    def _look_anyhow(self) -> None:
        try:
            self.look()
        except Exception as error:  # noqa: BLE001  # whatever it is, the snapshot before goes on being served
            _log.error("looking for a new snapshot failed: %s", type(error).__name__)
