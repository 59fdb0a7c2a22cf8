"""What an annotation can do: the kinds of rows in the tables, each of which judges a change of its value.

Those whose values are in an order stand in ``scales``, those whose values are lists in ``lists``.

Values may be secret. They are put into words only where ``Values`` says that they may be.
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


WHATEVER_STANDS = "whatever stands for all Ingresses"
"""Says that a value may stand instead of a safer one that an admin set for the whole controller."""


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


class Values(NamedTuple):
    """The values of one annotation before and after a change, None where it is not there.

    An empty one is there: it may stand instead of what an admin set for all Ingresses. ``shown`` where they
    may be put into words.
    """

    before: str | None
    after: str | None
    shown: bool = False


class Behaviour(Protocol):
    """What one annotation does."""

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:
        """Yield what a change of the value opens and closes. Raises Unreadable, TooLargeError."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Opens nothing: it tells something to people or tools, not to a controller."""

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Yield nothing."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Tuning:
    """Opens nothing: a time, a size, a cookie's name."""

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Yield nothing. Raises Unreadable for a value that may be more than that."""
        _refuse_directives(values.after)
        return iter(())


def _refuse_directives(value: str | None) -> None:
    """Raise Unreadable for a value that could end a directive.

    Controllers write values into their configuration, and some have let code through that way (as in
    CVE-2021-25748, CVE-2025-1097 and CVE-2025-24514). They trim them first.
    """
    if value is not None and not _ENDS_A_DIRECTIVE.isdisjoint(value.strip()):
        raise Unreadable


_ENDS_A_DIRECTIVE = frozenset("\n\r;{}")


@dataclass(frozen=True, slots=True)
class Code:
    """Is taken over into the controller's configuration, where it may do anything, or forbid it."""

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open whatever it says, or did not let pass."""
        if not values.after:
            yield Told(f"whatever {KEY} stopped", "code removed", ranks.CODE)
        else:
            how = "code changed" if values.before else "code added"
            yield Told(f"whatever {KEY} says", how, ranks.CODE)


@dataclass(frozen=True, slots=True)
class Guard:
    """Stops requests while it is there, unless its value is empty or one of ``off`` (in lower case).

    ``on`` are all other values that it may have, where they are few. ``hands`` says to whom one that is added
    hands requests: to a server that it names, maybe instead of one that an admin set for all Ingresses.
    ``plain`` where its value is no JSON, and written into the controller's configuration.
    """

    what: str = "authentication"
    off: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()
    hands: str = ""
    plain: bool = True

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open what it stopped where it goes, and what another lets in where it changes."""
        if self.plain:
            _refuse_directives(values.after)
        was, is_on = self._guard_of(values.before), self._guard_of(values.after)
        if was and not is_on:
            yield Told(f"requests without {KEY}", f"{self.what} removed", ranks.NO_GUARD)
        elif is_on and not was:
            yield from self._added()
        elif was != is_on:
            yield Told(f"requests that another {KEY} lets in", f"{self.what} changed", ranks.NO_GUARD)
            yield closing(f"requests that the earlier {KEY} let in")
        elif values.before is None:
            yield Told(f"requests without {KEY}, {WHATEVER_STANDS}", f"{self.what} off", ranks.NO_GUARD)

    def _added(self) -> Iterator[Told]:
        yield closing(f"requests without {KEY}")
        if self.hands:
            yield Told(self.hands, f"{self.what} elsewhere", ranks.NO_GUARD)

    def _guard_of(self, value: str | None) -> str:
        """Return the value of a guard that is there and on, else "". Raises Unreadable."""
        word = (value or "").strip()
        if word.lower() in self.off:
            return ""
        if word and self.on and word not in self.on:
            raise Unreadable
        return word


@dataclass(frozen=True, slots=True)
class Setting:
    """Decides something that no order puts above or below: any change may open.

    ``plain`` where neither braces nor semicolons nor lines of its own belong into its value; ``reads_paths``
    where, while it is there, only the controller can tell which requests a path of the spec takes.
    """

    what: str
    rank: int = ranks.ROUTE
    plain: bool = True
    reads_paths: bool = False

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:  # noqa: ARG002  # a port
        """Open whatever it decides."""
        yield Told(_decided(values), self.what, self.rank)
        if self.plain:
            _refuse_directives(values.after)


def _decided(values: Values) -> str:
    before, after, shown = values
    if not shown:
        how = "removed" if after is None else "added" if before is None else "changed"
        return f"requests by {KEY}, {how}"
    was = "" if before is None else f", was {name_of(before)}"
    return f"requests without {KEY}{was}" if after is None else f"requests by {KEY} {name_of(after)}{was}"
