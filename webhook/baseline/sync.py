"""Bring the snapshot to what the sources' revisions name now.

A commit with any error is refused whole: what was served of its source stays. See ``assembly`` for how
the sources come together, ``follower`` for one of them, and ``schedule`` for when they are looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from webhook.baseline.accepted import read_accepted
from webhook.baseline.assembly import Assembly, Choice, Limits
from webhook.baseline.errors import DamagedError, GitError, SnapshotError
from webhook.baseline.follower import Follower, Look
from webhook.baseline.part import PartReader, Progress
from webhook.baseline.plan import Plan
from webhook.baseline.refusal import Refusal, Trouble
from webhook.baseline.served import Served
from webhook.baseline.snapshot_files import locked
from webhook.baseline.snapshot_format import SourceRecord, UnreadSource, settings_id
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

    ``history`` is how many earlier revisions of each source the snapshot remembers, ``max_shrink`` how much
    of what a source declares one commit may take away, from 0 to 1; ``clock`` gives the time in UTC.
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
        self._served = Served(directory, left_out)
        self._status: SyncStatus | None = None
        self._now = datetime.min.replace(tzinfo=UTC)
        self._settled = _Settled(None, {})

    def sync_once(self, progress: Progress = silent) -> SyncResult:
        """Look at every source; write a new snapshot if what they name, or the settings, changed.

        Errors of sources are in the result. Raises SnapshotError where the folder cannot be written to.
        """
        with locked(self.directory), ThreadPoolExecutor(_LOOKS_AT_ONCE) as threads:
            look_at_all = threads.map if len(self._names) > 1 else map
            looks = dict(zip(self._names, look_at_all(self.look, self._names), strict=True))
            return self.settle(looks, progress)

    def look(self, name: str) -> Look:
        """Look at one source; in any thread, but at one source only one at a time."""
        return self._followers[name].look(self._served_commit(name))

    def _served_commit(self, name: str) -> str | None:
        record = self._served.records.get(name)
        return self._last_status().source(name).commit if record is None else record.commit

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
        self._served.refresh()
        result = self._settle(looks, progress)
        self._status = SyncStatus(result.id, result.sources)
        write_status(self.directory, self._status)
        return result

    def _settle(self, looks: Mapping[str, Look], progress: Progress) -> SyncResult:
        if self._settled.wanted == self._wanted():
            return self._result(looks)
        try:
            return self._assemble(looks, progress)
        except DamagedError as error:
            _log.warning("%s", error)
            self._served.give_up()
            return self._assemble(looks, progress)
        except SnapshotError as error:
            refusal = Refusal(Trouble.UNWRITABLE, (str(error),))
            self._settled = _Settled(None, dict.fromkeys(self._names, refusal))
            return self._result(looks)

    def _wanted(self) -> object:
        """Return what decides, with the snapshot there is, on what is served."""
        looks = {name: (look.plan and look.commit, look.attempt) for name, look in self._looks.items()}
        return self._served.path, dict(read_accepted(self.directory)), looks

    def _assemble(self, looks: Mapping[str, Look], progress: Progress) -> SyncResult:
        choices = [self._choice(name) for name in self._names]
        if self._is_served(choices):
            self._settled = _Settled(self._wanted(), {})
            return self._result(looks)
        previous = self._served.snapshot
        with SnapshotWriter(self.directory, previous) as writer:
            reader = PartReader(writer, previous, self._left_out, self.directory, progress)
            assembly = Assembly(reader, Limits(self._max_shrink, read_accepted(self.directory)))
            assembly.assemble(choices)
            title = self._title(assembly.records)
            changed = any(title.sources) and (previous is None or title.id != previous.id)
            if changed:
                writer.publish(title, self._history)
        self._served.refresh()
        self._tidy(assembly)
        self._settled = _Settled(self._wanted(), assembly.refusals)
        return self._result(looks, changed=changed, warnings=assembly.warnings)

    def _choice(self, name: str) -> Choice:
        """Return what there is of a source to serve."""
        source, look, record = self.sources[name], self._looks.get(name), self._served.records.get(name)
        new = None if look is None else look.plan
        served = record if self._served.snapshot is not None else None
        if new is not None and _is_of(served, new):
            return Choice(source, None, None, served, 0)
        status = self._last_status().source(name)
        commit, before = (
            (status.commit, status.objects) if record is None else (record.commit, record.objects)
        )
        again = None if commit is None else Plan(source, self._followers[name].repository, commit)
        if again is not None and (_is_of(served, again) or (new is not None and new.commit == commit)):
            again = None  # it is the same as what is served, or as what is new
        return Choice(source, new, again, served, before)

    def _is_served(self, choices: Sequence[Choice]) -> bool:
        """Tell whether the snapshot holds just what there is, so that nothing is to be read."""
        previous = self._served.snapshot
        if previous is None or any(choice.new or choice.again for choice in choices):
            return False
        return self._title([choice.served for choice in choices]).id == previous.id

    def _title(self, records: Sequence[SourceRecord | None]) -> Title:
        pairs = zip(self.sources.values(), records, strict=True)
        unread = [
            UnreadSource(source.name, source.allow.namespaces, source.allow.kinds)
            for source, record in pairs
            if record is None
        ]
        return Title(self._left_out, self._now, records, unread)

    def _tidy(self, assembly: Assembly) -> None:
        """Keep the commits that are served, and let go of what was prepared for them."""
        for name in assembly.unfinished:
            self._followers[name].forget()
        for record in filter(None, assembly.records):
            look = self._looks.get(record.name)
            if look is None or look.plan is None or look.commit != record.commit:
                continue
            self._looks[record.name] = replace(look, plan=replace(look.plan, prepared=None))
            self._followers[record.name].served()
            try:
                look.plan.repository.keep(record.commit)
            except GitError as error:  # it is served all the same
                _log.warning("%s: %s", record.name, error)

    def _result(
        self, looks: Mapping[str, Look], *, changed: bool = False, warnings: tuple[str, ...] = ()
    ) -> SyncResult:
        last, records = self._last_status(), self._served.records
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
        return SyncResult(changed, self._served.id, sources, warnings, errors_of(self._names, refusals))

    def close(self) -> None:
        """Let go of the snapshot."""
        self._served.close()


def _is_of(record: SourceRecord | None, plan: Plan) -> bool:
    """Tell whether a record is what reading a plan would make."""
    return record is not None and record.commit == plan.commit and record.settings == settings_id(plan.source)
