"""Bring the snapshot to what the sources' revisions name now.

A commit with any error is refused whole: what was served of its source stays. See ``assembly`` for how
the sources come together, ``follower`` for one of them, and ``schedule`` for when they are looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from webhook.baseline.accepted import read_accepted
from webhook.baseline.assembly import Assembly, Limits
from webhook.baseline.errors import GitError, SnapshotError
from webhook.baseline.follower import Follower, Look
from webhook.baseline.part import PartReader, Progress
from webhook.baseline.plan import Plan
from webhook.baseline.refusal import Refusal, Trouble
from webhook.baseline.snapshot import Snapshot, open_current
from webhook.baseline.snapshot_files import current_path, locked
from webhook.baseline.snapshot_format import SourceRecord, UnreadSource, left_out_id, settings_id
from webhook.baseline.snapshot_writer import SnapshotWriter, Title
from webhook.baseline.status import NO_STATUS, SyncStatus, read_status, write_status
from webhook.baseline.sync_result import SyncResult, errors_of, status_of
from webhook.config import Source
from webhook.core.normalize.left_out import LeftOut

_log = logging.getLogger(__name__)

_LOOKS_AT_ONCE = 8


def _now() -> datetime:
    return datetime.now(UTC)


def silent(_source: str, _done: int, _total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """What the sources wanted, and which of them were refused; the same again comes to the same."""

    wanted: object
    refusals: Mapping[str, Refusal]


class Synchronizer:
    """Keeps the snapshot in one folder in step with its sources.

    ``history`` is how many earlier revisions the snapshot remembers, ``max_shrink`` how much of what a
    source declares one commit may take away, from 0 to 1; ``clock`` gives the time in UTC.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        directory: Path,
        left_out: LeftOut,
        *,
        history: int = 10,
        max_shrink: float = 0.5,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.sources = {source.name: source for source in sources}
        self.directory = directory
        self._names = tuple(self.sources)
        self._left_out = left_out
        self._history = history
        self._max_shrink = max_shrink
        self._clock = clock
        self._followers = {source.name: Follower(source, directory) for source in sources}
        self._looks: dict[str, Look] = {}
        self._status: SyncStatus | None = None
        self._now = datetime.min.replace(tzinfo=UTC)
        self._previous: Snapshot | None = None
        self._settled = _Settled(None, {})

    def sync_once(self, progress: Progress = silent) -> SyncResult:
        """Look at every source; write a new snapshot if what they name, or the settings, changed.

        Errors of sources are in the result. Raises SnapshotError where the folder cannot be written to.
        """
        with locked(self.directory), ThreadPoolExecutor(_LOOKS_AT_ONCE) as threads:
            looks = dict(zip(self._names, threads.map(self.look, self._names), strict=True))
            return self.settle(looks, progress)

    def look(self, name: str) -> Look:
        """Look at one source; in any thread, but at one source only one at a time."""
        return self._followers[name].look(self._served_commit(name))

    def _served_commit(self, name: str) -> str | None:
        return self._last_status().source(name).commit

    def _last_status(self) -> SyncStatus:
        if self._status is None:
            try:
                self._status = read_status(self.directory)
            except SnapshotError:
                self._status = NO_STATUS
        return self._status

    def settle(self, looks: Mapping[str, Look], progress: Progress = silent) -> SyncResult:
        """Make of new looks at some sources, and of the last ones at the others, what is served.

        To be called with the folder locked. Raises SnapshotError where the folder cannot be written to.
        """
        self._looks.update(looks)
        self._now = self._clock()
        self._open_previous()
        result = self._settle(looks, progress)
        self._status = SyncStatus(result.id, result.sources)
        write_status(self.directory, self._status)
        return result

    def _open_previous(self) -> None:
        """Have the current snapshot open, unless it cannot be read, or was made with other settings."""
        path = current_path(self.directory)
        if self._previous is not None and path == self._previous.path and self._previous.is_as_opened():
            return
        self._previous = None
        try:
            snapshot = open_current(self.directory)
        except SnapshotError as error:
            _log.warning("%s", error)
            return
        if snapshot is not None and snapshot.left_out_id == left_out_id(self._left_out):
            self._previous = snapshot

    def _settle(self, looks: Mapping[str, Look], progress: Progress) -> SyncResult:
        plans = {name: look.plan for name, look in self._looks.items() if look.plan is not None}
        wanted = self._wanted(plans)
        if wanted == self._settled.wanted:
            return self._result(looks)
        try:
            return self._assemble(looks, plans, progress)
        except SnapshotError as error:
            refusal = Refusal(Trouble.UNWRITABLE, (str(error),))
            self._settled = _Settled(None, dict.fromkeys(plans, refusal))
            return self._result(looks)

    def _wanted(self, plans: Mapping[str, Plan]) -> object:
        """Return what decides, with the snapshot there is, on what is served."""
        served = None if self._previous is None else self._previous.path
        accepted = dict(read_accepted(self.directory))
        return served, accepted, {name: plan.commit for name, plan in plans.items()}

    def _assemble(
        self, looks: Mapping[str, Look], plans: Mapping[str, Plan], progress: Progress
    ) -> SyncResult:
        if self._serves_all(plans):
            self._settled = _Settled(self._wanted(plans), {})
            return self._result(looks)
        with SnapshotWriter(self.directory, self._previous) as writer:
            reader = PartReader(writer, self._previous, self._left_out, self.directory, progress)
            assembly = self._assembled(plans, reader)
            title = self._title(assembly.records)
            changed = any(title.sources) and (self._previous is None or title.id != self._previous.id)
            if changed:
                writer.publish(title, self._history)
        self._keep(assembly.records)
        self._open_previous()
        for name in assembly.unfinished:
            self._followers[name].forget()
        final = not assembly.unfinished
        self._settled = _Settled(self._wanted(plans) if final else None, assembly.refusals)
        return self._result(looks, changed=changed, warnings=tuple(assembly.warnings))

    @property
    def _records(self) -> Mapping[str, SourceRecord]:
        """Return what the snapshot says of each source that it holds."""
        return {record.name: record for record in (self._previous.sources if self._previous else ())}

    def _is_served(self, plan: Plan) -> bool:
        record = self._records.get(plan.source.name)
        return (
            record is not None
            and record.commit == plan.commit
            and record.settings == settings_id(plan.source)
        )

    def _serves_all(self, plans: Mapping[str, Plan]) -> bool:
        """Tell whether the snapshot holds what all sources name, as far as that is known."""
        if self._previous is None:
            return False
        unread = {source.name for source in self._previous.unread}
        return (
            {*self._records, *unread} == set(self._names)
            and all(self._is_served(plan) for plan in plans.values())
            and all(
                record.settings == settings_id(self.sources[name]) for name, record in self._records.items()
            )
        )

    def _assembled(self, plans: Mapping[str, Plan], reader: PartReader) -> Assembly:
        limits = Limits(self._max_shrink, read_accepted(self.directory))
        assembly = Assembly(self._names, reader, limits, self._last_resorts())
        for number, name in enumerate(self._names):
            if name in plans and not self._is_served(plans[name]):
                assembly.read(number, plans[name])
            else:
                assembly.keep(number)
        assembly.settle()
        return assembly

    def _last_resorts(self) -> Mapping[str, Plan]:
        """Return what is served of each source for which that was made by other settings than the present."""
        plans = [
            Plan(self.sources[status.name], self._followers[status.name].repository, status.commit)
            for status in self._last_status().sources
            if status.commit is not None and status.name in self.sources
        ]
        return {plan.source.name: plan for plan in plans if not self._is_served(plan)}

    def _title(self, records: Sequence[SourceRecord | None]) -> Title:
        missing = [
            self.sources[name] for name, record in zip(self._names, records, strict=True) if record is None
        ]
        unread = [
            UnreadSource(source.name, source.allow.namespaces, source.allow.kinds) for source in missing
        ]
        return Title(self._left_out, self._now, records, unread)

    def _keep(self, records: Sequence[SourceRecord | None]) -> None:
        """Keep in each repository's copy the commit that is served."""
        for record in filter(None, records):
            look = self._looks.get(record.name)
            if look is not None and look.commit == record.commit:
                try:
                    self._followers[record.name].repository.keep(record.commit)
                except GitError as error:  # it is served all the same
                    _log.warning("%s: %s", record.name, error)

    def _result(
        self, looks: Mapping[str, Look], *, changed: bool = False, warnings: tuple[str, ...] = ()
    ) -> SyncResult:
        last = self._last_status()
        records = self._records
        refusals = {
            **self._settled.refusals,
            **{name: look.refusal for name, look in self._looks.items() if look.refusal is not None},
        }
        sources = tuple(
            status_of(name, records.get(name), refusals.get(name), last, self._now)
            if name in looks or changed
            else last.source(name)
            for name in self._names
        )
        identity = None if self._previous is None else self._previous.id
        return SyncResult(changed, identity, sources, warnings, errors_of(self._names, refusals))

    def close(self) -> None:
        """Let go of the snapshot."""
        if self._previous is not None:
            self._previous.close()
            self._previous = None
