"""What an annotation can do: the kinds of rows in the tables, each of which judges a change of its value.

Those whose values are in an order stand in ``scales``, those whose values are lists in ``lists``.

Values may be secret. They are put into words only by the kinds that say so, whose values name no more than
addresses, middlewares, or how traffic is routed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress import ranks
from webhook.core.impact.naming import name_of

KEY = "\0"
"""Stands in ``Told.text`` for the annotation, so that equal texts of several can be said at once.

No value can smuggle one in: ``name_of`` escapes it.
"""


class Told(NamedTuple):
    """What a change of one annotation opens or closes."""

    text: str
    danger: str = ""
    rank: int = 100
    opens: bool = True


def closing(text: str) -> Told:
    """Say what a change takes away."""
    return Told(text, opens=False)


class Unreadable(Exception):  # noqa: N818  # caught in ``judging``, where it becomes a clause of an impact
    """What an annotation does cannot be told; the text says why."""

    def __init__(self, why: str = "its value cannot be read") -> None:
        """Say why, as a clause."""
        super().__init__(why)


class Behaviour(Protocol):
    """What one annotation does."""

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:
        """Yield what a change opens and closes; "" is an annotation that is not there. Raises Unreadable."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Opens nothing: it tells something to people or tools, not to a controller."""

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Yield nothing."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Tuning:
    """Opens nothing: a time, a size, a cookie's name.

    Controllers write such values into their configuration, and some have let code through that way (as in
    CVE-2021-25748): a value that could end a directive is not taken for one.
    """

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:
        """Yield nothing. Raises Unreadable for a value that may be more than that."""
        budget.spend(len(after) // 64)
        if not _ENDS_A_DIRECTIVE.isdisjoint(after):
            raise Unreadable
        return Nothing().judge(before, after, budget)


_ENDS_A_DIRECTIVE = frozenset("\n\r;{}")


@dataclass(frozen=True, slots=True)
class Code:
    """Is taken over into the controller's configuration, where it may do anything, or forbid it."""

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open whatever it says, or did not let pass."""
        if not after:
            yield Told(f"whatever {KEY} stopped", "code removed", ranks.CODE)
        else:
            how = "code changed" if before else "code added"
            yield Told(f"whatever {KEY} says", how, ranks.CODE)


@dataclass(frozen=True, slots=True)
class Guard:
    """Stops requests while it is there, unless its value is one of ``off``."""

    what: str = "authentication"
    off: frozenset[str] = frozenset()

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open what it stopped where it goes, and what another lets in where it changes."""
        was, is_on = before and before not in self.off, after and after not in self.off
        if was and not is_on:
            yield Told(f"requests without {KEY}", f"{self.what} removed", ranks.NO_GUARD)
        elif is_on and not was:
            yield closing(f"requests without {KEY}")
        elif was:
            yield Told(f"requests that another {KEY} lets in", f"{self.what} changed", ranks.NO_GUARD)
            yield closing(f"requests that the earlier {KEY} let in")


@dataclass(frozen=True, slots=True)
class Setting:
    """Decides something that no order puts above or below: any change may open.

    ``shown`` where its value may be put into words; ``reads_paths`` where, while it is there, only the
    controller can tell which requests a path of the spec takes.
    """

    what: str
    rank: int = ranks.ROUTE
    shown: bool = False
    reads_paths: bool = False

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open whatever it decides."""
        if not self.shown:
            how = "removed" if not after else "changed" if before else "added"
            yield Told(f"requests by {KEY}, {how}", self.what, self.rank)
        elif not after:
            yield Told(f"requests without {KEY}, was {name_of(before)}", self.what, self.rank)
        else:
            was = f", was {name_of(before)}" if before else ""
            yield Told(f"requests by {KEY} {name_of(after)}{was}", self.what, self.rank)
