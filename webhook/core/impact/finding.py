"""What a change newly allows and takes away: a value, in the words of the domain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What a change does to what is possible; one that opens and closes *widens*."""

    WIDENS = "widens"
    NARROWS = "narrows"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that becomes possible, or impossible.

    ``text`` is one line such as ``any address -> pods app=web in shop, TCP 8080``; what strangers
    named in it is quoted (``naming.name_of``), and whoever prints it still escapes and cuts it.
    ``danger`` says in a few words why it matters most, such as ``reads secrets``; ``rank`` orders
    findings, the most dangerous (0) first.
    """

    text: str
    danger: str = ""
    rank: int = 100

    def __str__(self) -> str:
        """Return the line with its danger behind it."""
        return f"{self.text} ({self.danger})" if self.danger else self.text


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change opens and what it closes.

    ``unknown`` says what of it cannot be told, as clauses (``too large to analyse``); that is treated as
    widening, never as closing.
    """

    opens: tuple[Finding, ...] = ()
    closes: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def widens(self) -> bool:
        """Tell whether something becomes possible, or may."""
        return bool(self.opens or self.unknown)

    @property
    def narrows(self) -> bool:
        """Tell whether something becomes impossible."""
        return bool(self.closes)

    @property
    def effect(self) -> Effect:
        """Return the one word that a rule of the policy goes by."""
        if self.widens:
            return Effect.WIDENS
        return Effect.NARROWS if self.narrows else Effect.NEITHER

    def __add__(self, other: Impact) -> Impact:
        """Return what both tell, the most dangerous first, each thing once."""
        return Impact(
            _ranked(self.opens + other.opens),
            _ranked(self.closes + other.closes),
            tuple(dict.fromkeys(self.unknown + other.unknown)),
        )


NO_IMPACT = Impact()


def _ranked(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.rank))
