"""The values that one label may have, as a set: what each operator of a selector comes to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from heapq import nsmallest

from webhook.core.impact.naming import name_of


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Some values, or with ``cofinite`` all but some; with ``absent``, to lack the label counts too.

    All but some is never empty: there is always one more value that nobody named.
    """

    values: frozenset[str] = frozenset()
    cofinite: bool = False
    absent: bool = False

    @property
    def weight(self) -> int:
        """Return the steps that it takes to go through all of it."""
        return len(self.values) // 16

    def __bool__(self) -> bool:
        return bool(self.values) or self.cofinite or self.absent

    def __contains__(self, value: object) -> bool:
        """Tell whether a label may have a value; None stands for no label."""
        return self.absent if value is None else (value in self.values) is not self.cofinite

    def __invert__(self) -> ValueSet:
        return ValueSet(self.values, not self.cofinite, not self.absent)

    def __and__(self, other: ValueSet) -> ValueSet:
        absent = self.absent and other.absent
        if self.cofinite and other.cofinite:
            return ValueSet(self.values | other.values, cofinite=True, absent=absent)
        if self.cofinite:
            return ValueSet(other.values - self.values, absent=absent)
        values = self.values - other.values if other.cofinite else self.values & other.values
        return ValueSet(values, absent=absent)

    def __sub__(self, other: ValueSet) -> ValueSet:
        return self & ~other

    def __or__(self, other: ValueSet) -> ValueSet:
        return ~(~self & ~other)

    def isdisjoint(self, other: ValueSet) -> bool:
        """Tell whether no value is in both."""
        if (self.absent and other.absent) or (self.cofinite and other.cofinite):
            return False
        if self.cofinite:
            return other.values <= self.values
        return self.values <= other.values if other.cofinite else self.values.isdisjoint(other.values)


_FEW = 4

ANY = ValueSet(cofinite=True, absent=True)
PRESENT = ValueSet(cofinite=True)
ABSENT = ValueSet(absent=True)


def one_of(values: Iterable[str]) -> ValueSet:
    """Return the set of some values."""
    return ValueSet(frozenset(values))


def label_words(key: str, values: ValueSet) -> str:
    """Say what a label may be, as kubectl writes selectors: ``app=web``, ``app notin (a)``, ``!app``."""
    name = name_of(key)
    named = f"({few_of(values.values)})"
    if values.cofinite:
        texts = [name] if not values.absent else []
        texts += [f"{name} notin {named}"] if values.values else []
        return ",".join(texts)
    one = f"{name}={named[1:-1]}" if len(values.values) == 1 else f"{name} in {named}"
    texts = [one] if values.values else []
    texts += [f"!{name}"] if values.absent else []
    return " or ".join(texts)


def few_of(values: Collection[str]) -> str:
    """Name the first values in order; of many, say how many more there are. There may be 100,000."""
    most = _FEW if len(values) <= _FEW else _FEW - 1
    names = ", ".join(name_of(value) for value in nsmallest(most, values))
    return names if len(values) <= _FEW else f"{names} and {len(values) - most} more"
