"""Annotations whose values are in an order: more open, or more closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.behaviours import (
    KEY,
    WHATEVER_STANDS,
    Told,
    Unreadable,
    Values,
    closing,
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Has a few values, the most open first; ``default`` is what the controller takes where there is none.

    An admin may have set another for all Ingresses, a safer one as well. So any value but the safest opens
    where there was none. One that is removed leaves things to the default of the controller's
    document: where that is the safest value, removing it opens nothing.
    """

    values: tuple[str, ...]
    default: str
    danger: str
    rank: int = ranks.EXPOSED
    read: Callable[[str], str] = str

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open where the value moves towards the open end, or may stand instead of a safer one."""
        left, right = self._place(values.before), self._place(values.after)
        value, was = self.values[right], self.values[left]
        if right < left:
            yield Told(f"requests by {KEY} {value}, was {was}", self.danger, self.rank)
        elif values.before is None and value != self.values[-1]:
            yield Told(f"requests by {KEY} {value}, {WHATEVER_STANDS}", self.danger, self.rank)
        if right > left:
            yield closing(f"requests by {KEY} {was}")

    def _place(self, value: str | None) -> int:
        read = self.default if value is None else self.read(value.strip())
        if read not in self.values:
            raise Unreadable
        return self.values.index(read)


def as_boolean(value: str) -> str:
    """Read a boolean as Go's ``strconv.ParseBool`` does; what is none stays as it is."""
    if value in {"1", "t", "T", "TRUE", "true", "True"}:
        return "true"
    return "false" if value in {"0", "f", "F", "FALSE", "false", "False"} else value


def switch(danger: str, *, default: bool, safe: bool = True, rank: int = ranks.EXPOSED) -> Scale:
    """Describe a boolean; ``safe`` is the value that protects, ``default`` the controller's own."""
    values = ("false", "true") if safe else ("true", "false")
    return Scale(values, str(default).lower(), danger, rank, as_boolean)


@dataclass(frozen=True, slots=True)
class Limit:
    """Lets so many requests pass, and any number where it is 0 or not there."""

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open where more may pass, also than an admin let pass for all Ingresses."""
        left, right = _number(values.before), _number(values.after)
        if right > left or (values.before is None and right == float("inf")):
            how = "limit raised" if right < float("inf") else "limit removed"
            yield Told(f"more requests, by {KEY}", how, ranks.LIMIT)
        elif right < left:
            yield closing(f"more requests, by {KEY}")


def _number(value: str | None) -> float:
    value = (value or "").strip()
    if value and not (value.isascii() and value.isdigit() and len(value) <= 18):  # noqa: PLR2004  # an int64
        raise Unreadable
    return int(value or "0") or float("inf")
