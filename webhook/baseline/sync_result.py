"""How one sync went, and what that makes of the status of each source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from webhook.baseline.snapshot import Snapshot
from webhook.baseline.snapshot_format import SourceRecord
from webhook.baseline.status import SourceStatus, SyncStatus

Errors: TypeAlias = Mapping[str, Sequence[str]]
"""Lines for people, by the name of the source whose fault they are."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How one sync went. Without errors, the snapshot ``id`` holds what the revisions name.

    ``changed`` tells whether it is a new one; ``warnings`` are those of a new one.
    """

    changed: bool
    id: str | None
    sources: tuple[SourceStatus, ...]
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def objects(self) -> int:
        """Return how many objects the snapshot has."""
        return sum(source.objects for source in self.sources)


def succeeded(
    identity: str,
    records: Sequence[SourceRecord],
    now: datetime,
    *,
    changed: bool,
    warnings: tuple[str, ...] = (),
) -> SyncResult:
    """Return the result where all sources are in sync."""
    sources = tuple(replace(_served(record), synced_at=now) for record in records)
    return SyncResult(changed, identity, sources, warnings)


def failed(
    names: Sequence[str],
    commits: Mapping[str, str],
    errors: Errors,
    previous: Snapshot | None,
    last: SyncStatus,
    now: datetime,
) -> SyncResult:
    """Return the result where at least one of the sources ``names`` is not in sync: ``previous`` stays.

    ``commits`` are those which the revisions name, as far as that is known; ``last`` is the status before.
    """
    served = {record.name: _served(record) for record in previous.sources} if previous is not None else {}

    def status(name: str) -> SourceStatus:
        before = served.get(name, SourceStatus(name))
        before = replace(before, synced_at=last.source(name).synced_at)
        if name in errors:
            return replace(before, error="\n".join(errors[name]), failed_at=now)
        if commits[name] == before.commit:
            return replace(before, synced_at=now)
        waiting = f"{name}@{commits[name][:7]} waits for {', '.join(errors)} to be in sync"
        return replace(before, error=waiting, failed_at=now)

    return SyncResult(
        changed=False,
        id=None if previous is None else previous.id,
        sources=tuple(status(name) for name in names),
        errors=tuple(line for lines in errors.values() for line in lines),
    )


def _served(record: SourceRecord) -> SourceStatus:
    return SourceStatus(
        name=record.name,
        commit=record.commit,
        files=record.files,
        objects=record.objects,
        warnings=record.warnings,
    )
