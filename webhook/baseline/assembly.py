"""Put the parts of all sources together to a snapshot.

Each source steps down a ladder until it stands: what its revision names; what is served, read again by
present settings; what is served, as it is; nothing at all, which makes it unread. So one that is broken,
held or in conflict keeps what it had, and takes no other down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from webhook.baseline.accepted import held
from webhook.baseline.part import MAX_ERRORS, Part, PartReader, declared_twice
from webhook.baseline.plan import Plan
from webhook.baseline.refusal import Refusal, Trouble
from webhook.baseline.snapshot_format import SourceRecord, settings_id
from webhook.baseline.snapshot_writer import Claim
from webhook.baseline.status import counted
from webhook.config import Source


class Rung(IntEnum):
    """What a source stands on, from the best to the worst."""

    NEW = 0
    AGAIN = 1
    SERVED = 2
    UNREAD = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """What there is of a source: ``new`` and ``again`` to read, ``served`` to take over.

    ``before`` is how many objects it declares now.
    """

    source: Source
    new: Plan | None
    again: Plan | None
    served: SourceRecord | None
    before: int


@dataclass(frozen=True, slots=True)
class Limits:
    """A part that is read may take away no more than ``max_shrink``, unless its commit is ``accepted``."""

    max_shrink: float
    accepted: Mapping[str, str]


@dataclass(slots=True)
class _Standing:
    """Where a source stands; ``part`` if it was read, ``record`` unless it is unread."""

    number: int
    choice: Choice
    rung: Rung = Rung.NEW
    part: Part | None = None
    record: SourceRecord | None = None

    @property
    def name(self) -> str:
        return self.choice.source.name

    def __str__(self) -> str:
        return self.name if self.record is None else f"{self.name}@{self.record.commit[:7]}"


@dataclass(slots=True)
class Assembly:
    """The parts of a snapshot in the making; a source's number is its place among the choices.

    ``refusals`` say why what a source names is not served; ``unfinished`` are the sources whose copy
    turned out to be damaged.
    """

    reader: PartReader
    limits: Limits
    refusals: dict[str, Refusal] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)
    _standings: list[_Standing] = field(default_factory=list)

    @property
    def records(self) -> list[SourceRecord | None]:
        """Return what the snapshot holds of each source, None for one that is unread."""
        return [standing.record for standing in self._standings]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what people should look at in the parts that were read."""
        parts = [standing.part for standing in self._standings if standing.part is not None]
        return tuple(line for part in parts for line in part.warnings.shown("warnings"))

    def assemble(self, choices: Sequence[Choice]) -> None:
        """Put the parts together. Raises SnapshotError."""
        self._standings = [_Standing(number, choice) for number, choice in enumerate(choices)]
        for standing in self._standings:
            self._stand(standing)
        while self._step_down(self._shrinking()) or self._step_down(self._later_claims()):
            pass

    def _stand(self, standing: _Standing) -> None:
        """Step down until there is something to stand on."""
        plans = {Rung.NEW: standing.choice.new, Rung.AGAIN: standing.choice.again}
        while standing.rung < Rung.SERVED:
            plan = plans[standing.rung]
            if plan is not None and self._read(standing, plan):
                return
            standing.rung = Rung(standing.rung + 1)
        if standing.rung is Rung.SERVED and standing.choice.served is not None:
            standing.record = self._take_over(standing, standing.choice.served)
        else:
            standing.rung = Rung.UNREAD

    def _read(self, standing: _Standing, plan: Plan) -> bool:
        part = self.reader.read(plan, standing.number)
        if part.errors.count == 0:
            standing.part, standing.record = part, part.record()
            return True
        if part.is_unfinished:
            self.unfinished.add(standing.name)
        self._refuse(standing, Refusal(Trouble.BROKEN, part.errors.shown("errors")))
        self.reader.writer.drop(standing.number)
        return False

    def _refuse(self, standing: _Standing, refusal: Refusal) -> None:
        self.refusals.setdefault(
            standing.name, refusal
        )  # the first says why; what follows is its consequence

    def _take_over(self, standing: _Standing, served: SourceRecord) -> SourceRecord:
        """Keep what is served of a source, less what it may not declare any more."""
        writer, source, previous = self.reader.writer, standing.choice.source, self.reader.previous
        if previous is not None:
            writer.keep(standing.number, previous.numbers[source.name])
        if served.settings == settings_id(source):
            return served
        allow = source.allow
        outside = writer.drop_outside(
            standing.number, lambda key: key.is_within(allow.namespaces, allow.kinds)
        )
        return served._replace(objects=served.objects - outside)

    # What makes a source step down

    def _step_down(self, refused: Mapping[int, Refusal]) -> bool:
        for number, refusal in refused.items():
            standing = self._standings[number]
            self._refuse(standing, refusal)
            self.reader.writer.drop(number)
            standing.part = standing.record = None
            standing.rung = Rung(standing.rung + 1)
            self._stand(standing)
        return bool(refused)

    def _shrinking(self) -> Mapping[int, Refusal]:
        """Return the first source that would take too much away."""
        for standing in self._standings:
            part, before, most = standing.part, standing.choice.before, self.limits.max_shrink
            if part is None or before == 0 or self.limits.accepted.get(standing.name) == part.plan.commit:
                continue
            lost = self._lost(standing, before - part.objects)
            if lost / before > most:
                why = f"it would take away {lost:,} of {counted(before, 'object')} (maxShrink: {most:.0%})"
                error = held(standing.name, part.plan.commit, f"{part.plan}: {why}")
                return {standing.number: Refusal(Trouble.HELD, (str(error),))}
        return {}

    def _lost(self, standing: _Standing, fewer: int) -> int:
        """Return how many objects fewer there are, of which some may be another source's now."""
        previous = self.reader.previous
        too_many = fewer / standing.choice.before > self.limits.max_shrink
        if not too_many or previous is None or standing.name not in previous.numbers:
            return fewer
        return self.reader.writer.shrinkage(standing.number, previous.numbers[standing.name])

    def _later_claims(self) -> Mapping[int, Refusal]:
        """Return the sources that claim what another one declares: already, or earlier in the configuration.

        Not those that lose to a source which loses itself: it may not be there any more.
        """
        if len(self._standings) == 1:
            return {}
        lines: dict[int, list[str]] = {}
        losing_to: dict[int, set[int]] = {}
        for claims in self.reader.writer.contested():
            first = self._first(claims)
            for claim in claims:
                if claim is not first:
                    fault = declared_twice(
                        claim.key, claim.place, str(self._standings[first.source]), first.place
                    )
                    lines.setdefault(claim.source, []).append(f"{self._standings[claim.source]} {fault}")
                    losing_to.setdefault(claim.source, set()).add(first.source)
        losers = [number for number, winners in losing_to.items() if not winners & losing_to.keys()]
        return {
            number: Refusal(Trouble.BROKEN, tuple(lines[number][:MAX_ERRORS]))
            for number in losers or sorted(losing_to)[-1:]
        }

    def _first(self, claims: Iterable[Claim]) -> Claim:
        """Return the claim of the source that declares the object already, or else the first one."""
        ordered = list(claims)
        holders = [claim for claim in ordered if self._standings[claim.source].name == claim.holder]
        return (holders or ordered)[0]
