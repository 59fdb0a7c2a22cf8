"""Annotations whose values are in an order: more open, or more closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.behaviours import KEY, Told, Unreadable, closing


@dataclass(frozen=True, slots=True)
class Scale:
    """Has a few values, the most open first; ``default`` is what the controller takes where there is none."""

    values: tuple[str, ...]
    default: str
    danger: str
    rank: int = ranks.EXPOSED
    read: Callable[[str], str] = str

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open where the value moves towards the open end."""
        left, right = self._place(before), self._place(after)
        value = self.values[right]
        if right < left:
            yield Told(f"requests by {KEY} {value}, was {self.values[left]}", self.danger, self.rank)
        elif right > left:
            yield closing(f"requests by {KEY} {self.values[left]}")

    def _place(self, value: str) -> int:
        read = self.read(value) if value else self.default
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

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open where more may pass."""
        left, right = _number(before), _number(after)
        if right > left:
            how = "limit raised" if right < float("inf") else "limit removed"
            yield Told(f"more requests, by {KEY}", how, ranks.LIMIT)
        elif right < left:
            yield closing(f"more requests, by {KEY}")


def _number(value: str) -> float:
    if value and not (value.isascii() and value.isdigit() and len(value) <= 18):  # noqa: PLR2004  # an int64
        raise Unreadable
    return int(value or "0") or float("inf")
