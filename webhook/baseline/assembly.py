"""Put the parts of all sources together to a snapshot: new where they can be served, else as they were.

A source whose new commit is refused, or held, keeps the part that is served, and never takes the others
down. One that has no such part is noted as unread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from webhook.baseline.accepted import held
from webhook.baseline.part import MAX_ERRORS, Part, PartReader, declared_twice
from webhook.baseline.plan import Plan
from webhook.baseline.refusal import Refusal, Trouble
from webhook.baseline.snapshot_format import SourceRecord
from webhook.baseline.snapshot_writer import Claim
from webhook.baseline.status import counted

Records: TypeAlias = list[SourceRecord | None]
"""What the snapshot holds of each source, by number; None for one that is unread."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a new part may not do: take away more than ``max_shrink``, unless its commit is ``accepted``."""

    max_shrink: float
    accepted: Mapping[str, str]


class Assembly:
    """The parts of a snapshot in the making; a source's number is its place among the ``names``.

    ``unfinished`` are the sources that were refused for a reason that may pass.
    """

    def __init__(
        self, names: Sequence[str], reader: PartReader, limits: Limits, last_resorts: Mapping[str, Plan]
    ) -> None:
        """Begin without any part.

        ``last_resorts`` are what is served, to be read again where other settings made it.
        """
        self._names = names
        self._reader = reader
        self._writer = reader.writer
        self._previous = reader.previous
        self._limits = limits
        self._last_resorts = last_resorts
        self._new: dict[int, Part] = {}
        self.records: Records = [None] * len(names)
        self.refusals: dict[str, Refusal] = {}
        self.warnings: list[str] = []
        self.unfinished: set[str] = set()

    def read(self, number: int, plan: Plan) -> None:
        """Add a new part, or what is served in its place where it is broken."""
        part = self._reader.read(plan, number)
        if part.errors.count:
            if part.unfinished:
                self.unfinished.add(plan.source.name)
            self._refuse(number, Refusal(Trouble.BROKEN, part.errors.shown("errors")))
        else:
            self.records[number] = part.record()
            self._new[number] = part

    def keep(self, number: int) -> None:
        """Add the part that is served, by present settings where that works; without one, it is unread."""
        name, earlier = self._names[number], self._earlier(number)
        self.records[number] = None
        if name in self._last_resorts:
            self.records[number] = self._read_again(number, self._last_resorts[name])
        if self.records[number] is None and earlier is not None and self._previous is not None:
            self._writer.keep(number, earlier)
            self.records[number] = next(record for record in self._previous.sources if record.name == name)

    def _read_again(self, number: int, plan: Plan) -> SourceRecord | None:
        part = self._reader.read(plan, number)
        if part.errors.count == 0:
            return part.record()
        self._writer.drop(number)
        return None

    def _earlier(self, number: int) -> int | None:
        return None if self._previous is None else self._previous.numbers.get(self._names[number])

    def _refuse(self, number: int, refusal: Refusal) -> None:
        self.refusals[self._names[number]] = refusal
        self._new.pop(number, None)
        self._writer.drop(number)
        self.keep(number)

    def settle(self) -> None:
        """Hold what takes too much away, and let each object be declared by one source only."""
        for number in sorted(self._new):
            self._hold_back(number)
        if len(self._names) > 1:
            while contested := self._writer.contested():
                self._refuse_later_claims(contested)
        for part in self._new.values():
            self.warnings += part.warnings.shown("warnings")

    def _hold_back(self, number: int) -> None:
        earlier, plan = self._earlier(number), self._new[number].plan
        name, commit = plan.source.name, plan.commit
        before = 0 if earlier is None else self._objects_before(name)
        if earlier is None or not before or self._limits.accepted.get(name) == commit:
            return
        lost = before - self._new[number].objects
        if lost / before > self._limits.max_shrink:  # else there is no need to look who has them now
            lost = self._writer.shrinkage(number, earlier)
        if lost / before > self._limits.max_shrink:
            share = f"maxShrink: {self._limits.max_shrink:.0%}"
            why = f"{plan}: it would take away {lost:,} of {counted(before, 'object')} ({share})"
            self._refuse(number, Refusal(Trouble.HELD, (str(held(name, commit, why)),)))

    def _objects_before(self, name: str) -> int:
        records = self._previous.sources if self._previous is not None else ()
        return sum(record.objects for record in records if record.name == name)

    def _refuse_later_claims(self, contested: list[list[Claim]]) -> None:
        """Refuse the sources that claim what another declares: already, or earlier in the configuration."""
        errors: dict[int, list[str]] = {}
        for claims in contested:
            first = next((claim for claim in claims if self._names[claim.source] == claim.holder), claims[0])
            for claim in claims:
                if claim is not first:
                    fault = declared_twice(claim.key, claim.place, self._plan(first), first.place)
                    errors.setdefault(claim.source, []).append(f"{self._plan(claim)} {fault}")
        for number, lines in errors.items():
            self._give_way(number, Refusal(Trouble.BROKEN, tuple(lines[:MAX_ERRORS])))

    def _give_way(self, number: int, refusal: Refusal) -> None:
        if number in self._new:
            self._refuse(number, refusal)
        else:  # what was served is another's now
            self.refusals[self._names[number]] = refusal
            self._writer.drop(number)
            self.records[number] = None

    def _plan(self, claim: Claim) -> str:
        record = self.records[claim.source]
        commit = "" if record is None else record.commit[:7]
        return f"{self._names[claim.source]}@{commit}"
