"""How one sync went, and what that makes of the status of each source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from webhook.baseline.refusal import Refusal
from webhook.baseline.snapshot_format import SourceRecord
from webhook.baseline.status import SourceStatus, SyncStatus


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How one sync went. ``id`` is that of the snapshot that is served, None if there is none.

    ``changed`` tells whether it is a new one; ``warnings`` are those of what is new in it, and
    ``errors`` say what is not served.
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


def status_of(
    name: str,
    record: SourceRecord | None,
    refusal: Refusal | None,
    last: SyncStatus,
    now: datetime,
) -> SourceStatus:
    """Return the status of a source that has just been looked at.

    ``record`` is what is served of it; ``refusal`` says why that is not what its revision names, if it
    is not; ``last`` is the status before.
    """
    served = _served(name, record)
    if refusal is None:
        return replace(served, synced_at=now)
    return replace(
        served,
        synced_at=last.source(name).synced_at,
        error="\n".join(refusal.errors),
        trouble=refusal.trouble.value,
        failed_at=now,
    )


def result_of(status: SyncStatus) -> SyncResult:
    """Return the result of a sync of another process, from what it said."""
    errors = tuple(line for source in status.sources if source.error for line in source.error.splitlines())
    return SyncResult(changed=False, id=status.snapshot, sources=status.sources, errors=errors)


def errors_of(names: tuple[str, ...], refusals: Mapping[str, Refusal]) -> tuple[str, ...]:
    """Return the lines of all refusals, in the order of the sources."""
    return tuple(line for name in names if name in refusals for line in refusals[name].errors)


def _served(name: str, record: SourceRecord | None) -> SourceStatus:
    if record is None:
        return SourceStatus(name)
    return SourceStatus(
        name=name,
        commit=record.commit,
        files=record.files,
        objects=record.objects,
        warnings=record.warnings,
    )
