"""Which requests go elsewhere: both sides are asked where they send one request of each kind.

Where the document leaves it to the controller, a change is told if it is one by either way of reading: a
request that no path of its most special host takes may go to the paths of more general hosts (Traefik,
HAProxy) or to the default backend (ingress-nginx), and a Prefix path's last slash may count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress.hosts import Side
from webhook.core.impact.ingress.paths import Backends, Request, Segments, Table, requests_at

_ASKING, _ANSWERING = 4, 5  # steps for the requests at one path, and for their answers in one reading
_COMPARED = 3  # backends that are compared in one step


class Turn(NamedTuple):
    """From where to where requests move; ``unmatched`` where no path takes them, neither before nor after."""

    before: Backends
    after: Backends
    unmatched: bool


class Reading(NamedTuple):
    """One way to read what the document leaves to the controller."""

    falls_through: bool
    slash_counts: bool


@dataclass(frozen=True, slots=True)
class _Router:
    """One side's answers for one host."""

    chain: Sequence[Table]
    default: Backends
    budget: Budget

    def route(self, request: Request, reading: Reading) -> tuple[Backends, bool]:
        """Return who may get a request, and whether a path says so."""
        for table in self.chain if reading.falls_through else self.chain[:1]:
            if found := table.route(request, slash_counts=reading.slash_counts, budget=self.budget):
                return found, True
        return self.default, False


def turns_at(
    host: str, before: Side, after: Side, budget: Budget
) -> Iterator[tuple[Request, tuple[Turn, ...]]]:
    """Yield one request of each kind to a host, and how it moves: not at all, or in some reading.

    No path may be opaque. Raises UnreadableError, TooLargeError.
    """
    if _falls_through_alike(host, before, after):
        return
    budget.spend(_ASKING)
    left, right = (_Router(side.chain(host), side.default, budget) for side in (before, after))
    tables = [*left.chain, *right.chain]
    readings = _readings(tables, several_hosts=max(len(left.chain), len(right.chain)) > 1)
    for segments, requests in _requests(tables, budget):
        budget.spend(len(readings) * _ANSWERING + len(segments) ** 2 // 64)
        for request in requests:
            yield request, tuple(dict.fromkeys(_turns(request, left, right, readings, budget)))


def _requests(tables: Sequence[Table], budget: Budget) -> Iterator[tuple[Segments, tuple[Request, ...]]]:
    """Yield the requests that some path of these tables may tell apart, in the order of their paths."""
    budget.spend(_ASKING * sum(len(table.requests) for table in tables))
    found: dict[Segments, tuple[Request, ...]] = {(): requests_at(())}
    for table in tables:
        found |= table.requests
    yield from sorted(found.items(), key=lambda item: item[1][0].path)


def _falls_through_alike(host: str, before: Side, after: Side) -> bool:
    """Tell whether no request to a host leaves its paths, and these have not changed."""
    left, right = before.table(host), after.table(host)
    return left is not None and right is not None and left.takes_everything and left.entries == right.entries


def _readings(tables: Sequence[Table], *, several_hosts: bool) -> list[Reading]:
    """Return the readings that may differ."""
    slashes = any(table.has_slashed for table in tables)
    either, one = (False, True), (False,)
    return [
        Reading(*choice) for choice in product(either if several_hosts else one, either if slashes else one)
    ]


def _turns(
    request: Request, before: _Router, after: _Router, readings: Sequence[Reading], budget: Budget
) -> Iterator[Turn]:
    for reading in readings:
        left, was_matched = before.route(request, reading)
        right, is_matched = after.route(request, reading)
        budget.spend((len(left) + len(right)) // _COMPARED)
        if left != right:
            yield Turn(left, right, unmatched=not (was_matched or is_matched))
