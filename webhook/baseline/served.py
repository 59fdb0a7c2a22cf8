"""The snapshot that is served, as the process that writes the next one sees it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from webhook.baseline.errors import SnapshotError
from webhook.baseline.snapshot import Snapshot, open_current
from webhook.baseline.snapshot_files import current_path
from webhook.baseline.snapshot_format import SourceRecord, left_out_id
from webhook.core.normalize.left_out import LeftOut

_log = logging.getLogger(__name__)


class Served:
    """What is served: its records, and the ``snapshot`` itself if it was made with the same ``left_out``.

    A snapshot that was not, or that is damaged, cannot be taken over from; its records still tell which
    commits are served.
    """

    def __init__(self, directory: Path, left_out: LeftOut) -> None:
        """Open the current snapshot of a folder, if there is one."""
        self._directory = directory
        self._left_out = left_out
        self._opened: Snapshot | None = None
        self._given_up: Path | None = None
        self.snapshot: Snapshot | None = None
        self.records: Mapping[str, SourceRecord] = {}
        self.refresh()

    @property
    def id(self) -> str | None:
        """Return the id of the snapshot, None where there is none."""
        return None if self._opened is None else self._opened.id

    @property
    def path(self) -> Path | None:
        """Return the file that can be taken over from, None for none."""
        return None if self.snapshot is None else self.snapshot.path

    def refresh(self) -> None:
        """Open the current snapshot, if it is another than before, or was written to."""
        path = current_path(self._directory)
        if self._opened is not None and path == self._opened.path and self._opened.is_as_opened():
            return
        self._opened, self.snapshot = self._open(), None
        if self._opened is None:
            return
        self.records = {record.name: record for record in self._opened.sources}
        if path != self._given_up and self._opened.left_out_id == left_out_id(self._left_out):
            self.snapshot = self._opened

    def _open(self) -> Snapshot | None:
        try:
            return open_current(self._directory)
        except SnapshotError as error:
            _log.warning("%s", error)
            return None

    def give_up(self) -> None:
        """Take over no more from the snapshot, as it turned out to be damaged."""
        self._given_up, self.snapshot = self.path, None

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
        self._opened = self.snapshot = None
