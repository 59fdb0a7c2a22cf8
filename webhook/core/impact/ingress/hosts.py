"""Which hosts need looking at, and whose paths take a request to one: its own, its wildcard's, any host's."""

from __future__ import annotations

from dataclasses import dataclass, field

from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress.exposure import ANY_HOST, Exposure, wildcard_over
from webhook.core.impact.ingress.paths import Backends, Table, table_of
from webhook.core.impact.ingress.reading import spelled


def general_hosts(host: str) -> tuple[str, ...]:
    """Return the patterns that take a host beside itself, the more special first."""
    if host == ANY_HOST:
        return ()
    wildcard = wildcard_over(host)
    return (ANY_HOST,) if wildcard is None else (wildcard, ANY_HOST)


@dataclass(slots=True)
class Side:
    """The hosts of one side of a change, their paths read once, and only where they are asked for."""

    exposure: Exposure
    opaque: bool
    budget: Budget
    _tables: dict[str, Table] = field(default_factory=dict)

    @property
    def default(self) -> Backends:
        """Return who gets what no path takes."""
        return () if self.exposure.default is None else (self.exposure.default,)

    def table(self, host: str) -> Table | None:
        """Return the paths of a host, None where no rule names it. Raises UnreadableError, TooLargeError."""
        paths = self.exposure.paths.get(host)
        if paths is None:
            return None
        if host not in self._tables:
            self._tables[host] = table_of(paths, opaque=self.opaque, budget=self.budget)
        return self._tables[host]

    def chain(self, host: str) -> list[Table]:
        """Return the tables that take requests to a host, the most special first."""
        found = (self.table(pattern) for pattern in (host, *general_hosts(host)))
        return [table for table in found if table is not None]


def changed_hosts(before: Exposure, after: Exposure, budget: Budget) -> set[str]:
    """Return the hosts whose rules are written differently."""
    return {
        host
        for host in before.paths.keys() | after.paths.keys()
        if _spelling(before, host, budget) != _spelling(after, host, budget)
    }


def _spelling(side: Exposure, host: str, budget: Budget) -> bytes | None:
    paths = side.paths.get(host)
    if paths is None:
        return None
    budget.spend(2 + len(paths) // 2)
    return spelled(paths)


def affected_hosts(before: Exposure, after: Exposure, budget: Budget) -> list[str]:
    """Return the hosts where a request may now go elsewhere; "" is one that no rule names."""
    changed = changed_hosts(before, after, budget)
    everywhere = ANY_HOST in changed or before.default != after.default
    named = before.paths.keys() | after.paths.keys()
    return sorted(
        host
        for host in {*named, ANY_HOST}
        if everywhere or host in changed or not changed.isdisjoint(general_hosts(host))
    )
