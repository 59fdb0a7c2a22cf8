"""Bring the snapshot to what the sources' revisions name now.

A commit with any error is refused whole: the snapshot before it stays, as do the others' commits,
until all sources can be read again.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from webhook.baseline.build import Plan, Progress, build
from webhook.baseline.errors import BaselineError, GitError, SnapshotError
from webhook.baseline.git import Head, Repository
from webhook.baseline.snapshot import Snapshot, open_current
from webhook.baseline.snapshot_files import GIT_FOLDER, locked
from webhook.baseline.snapshot_format import left_out_id, snapshot_id
from webhook.baseline.snapshot_writer import SnapshotWriter, Title
from webhook.baseline.status import NO_STATUS, SyncStatus, read_status, write_status
from webhook.baseline.sync_result import Errors, SyncResult, failed, succeeded
from webhook.config import Source
from webhook.core.normalize.left_out import LeftOut

_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


def _silent(_source: str, _done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A state of the sources that was found to be broken; reading it again would find the same."""

    id: str
    errors: Errors


class Synchronizer:
    """Keeps the snapshot in one folder in step with its sources.

    ``history`` is how many earlier revisions the snapshot remembers; ``clock`` gives the time in UTC.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        directory: Path,
        left_out: LeftOut,
        *,
        history: int = 10,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._sources = tuple(sources)
        self._directory = directory
        self._left_out = left_out
        self._history = history
        self._clock = clock
        self._repositories = {
            source.name: Repository(source.repository, directory / GIT_FOLDER / source.name)
            for source in self._sources
        }
        self._refusal: _Refusal | None = None
        self._logged_errors: tuple[str, ...] = ()

    def run(self, interval: float, stop: threading.Event, progress: Progress = _silent) -> None:
        """Sync every ``interval`` seconds, counted from begin to begin, until ``stop`` is set.

        What fails is logged, stands in the status file, and is tried again.
        """
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._log_result(self.sync_once(progress))
            except BaselineError as error:
                _log.error("sync failed: %s", error)
            except Exception:  # noqa: BLE001  # a fault of ours must not end what keeps the snapshot fresh
                _log.exception("sync failed")
            stop.wait(max(0.0, began + interval - time.monotonic()))

    def sync_once(self, progress: Progress = _silent) -> SyncResult:
        """Look at every source; write a new snapshot if what they name, or the settings, changed.

        Errors of sources are in the result. Raises SnapshotError where the folder cannot be written to.
        """
        try:
            with locked(self._directory), self._previous() as previous:
                result = self._sync(previous, progress)
                write_status(self._directory, SyncStatus(result.id, result.sources))
                return result
        except OSError as error:
            raise SnapshotError(f"cannot sync into {self._directory}: {error}") from None

    @contextlib.contextmanager
    def _previous(self) -> Iterator[Snapshot | None]:
        try:
            previous = open_current(self._directory)
        except SnapshotError as error:
            _log.warning("%s", error)
            previous = None
        with contextlib.closing(previous) if previous is not None else contextlib.nullcontext():
            yield previous

    def _sync(self, previous: Snapshot | None, progress: Progress) -> SyncResult:
        heads, errors = self._resolve()
        if errors:
            return self._failed(previous, heads, errors)
        identity = self._id(heads)
        if previous is not None and previous.id == identity:
            return succeeded(identity, previous.sources, self._clock(), changed=False)
        if self._refusal is not None and self._refusal.id == identity:
            return self._failed(previous, heads, self._refusal.errors)
        errors = self._fetch(heads, progress)
        if errors:
            return self._failed(previous, heads, errors)
        try:
            return self._build(previous, heads, progress)
        except SnapshotError as error:
            return self._failed(previous, heads, {name: [f"{name}: {error}"] for name in heads})

    def _failed(self, previous: Snapshot | None, heads: Mapping[str, Head], errors: Errors) -> SyncResult:
        names = [source.name for source in self._sources]
        commits = {name: head.commit for name, head in heads.items()}
        return failed(names, commits, errors, previous, self._last_status(), self._clock())

    def _last_status(self) -> SyncStatus:
        try:
            return read_status(self._directory)
        except SnapshotError:
            return NO_STATUS

    def _resolve(self) -> tuple[dict[str, Head], dict[str, Sequence[str]]]:
        heads: dict[str, Head] = {}
        errors: dict[str, Sequence[str]] = {}
        for source in self._sources:
            try:
                heads[source.name] = self._repositories[source.name].resolve(source.revision)
            except GitError as error:
                errors[source.name] = [f"{source.name}: {error}"]
        return heads, errors

    def _id(self, heads: Mapping[str, Head]) -> str:
        """Return the id of the snapshot that holds what the sources declare at these commits."""
        contents = []
        for source in self._sources:
            settings = asdict(source)
            del settings["repository"], settings["revision"]  # whatever they are, the commit is the content
            contents.append([heads[source.name].commit, settings])
        return snapshot_id(contents, self._left_out)

    def _fetch(self, heads: Mapping[str, Head], progress: Progress) -> dict[str, Sequence[str]]:
        errors: dict[str, Sequence[str]] = {}
        for name, head in heads.items():
            progress(name, 0, 0)
            try:
                self._repositories[name].fetch(head)
            except GitError as error:
                errors[name] = [f"{name}: {error}"]
        return errors

    def _build(self, previous: Snapshot | None, heads: Mapping[str, Head], progress: Progress) -> SyncResult:
        plans = [Plan(one, self._repositories[one.name], heads[one.name].commit) for one in self._sources]
        with SnapshotWriter(self._directory) as writer:
            built = build(plans, writer, self._left_out, progress)
            errors = {one.plan.source.name: one.errors.shown("errors") for one in built if one.errors.count}
            if errors:
                if not any(one.unfinished for one in built):
                    self._refusal = _Refusal(self._id(heads), errors)
                return self._failed(previous, heads, errors)
            records = [one.record() for one in built]
            title = Title(self._id(heads), left_out_id(self._left_out), self._clock(), records)
            writer.publish(title, previous, self._history)
        warnings = tuple(line for one in built for line in one.warnings.shown("warnings"))
        return succeeded(title.id, records, title.made_at, changed=True, warnings=warnings)

    def _log_result(self, result: SyncResult) -> None:
        if result.changed:
            for source in result.sources:
                _log.info("%s", source)
        for warning in result.warnings:
            _log.warning("%s", warning)
        if result.errors != self._logged_errors:  # each once, however often it is tried again
            for error in result.errors:
                _log.error("%s", error)
            if not result.errors:
                _log.info("all sources are in sync again")
            self._logged_errors = result.errors
