"""Hosts with paths that only the controller can read (a regular expression, for one): compared as written.

Nobody but the controller knows which requests such a path takes, nor which of several wins. So each path
stands for itself, and the requests of one that is gone may go to any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import NO_IMPACT, Finding, Impact
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.backends import Backend
from webhook.core.impact.ingress.exposure import ANY_HOST, Exposure
from webhook.core.impact.ingress.hosts import Side
from webhook.core.impact.ingress.paths import SPECIFIC, Backends, Table
from webhook.core.impact.ingress.shifts import UNMATCHED, Shift, place_as_written
from webhook.core.impact.naming import listed, name_of
from webhook.core.normalize.ingress import path_label

_Key: TypeAlias = tuple[str, str]
_COMPARING = 6  # steps to compare one path


def is_opaque(host: str, before: Side, after: Side) -> bool:
    """Tell whether a path that only the controller can read may take requests to a host."""
    return any(table.opaque for side in (before, after) for table in side.chain(host))


def shifts_at(host: str, before: Side, after: Side, budget: Budget) -> Iterator[Shift]:
    """Yield the paths of a host that are new, gone, or sent elsewhere. Raises UnreadableError."""
    left, right = _by_key(before.table(host), budget), _by_key(after.table(host), budget)
    is_new = before.table(host) is None
    for key in dict.fromkeys([*left, *right]):
        if left.get(key, ()) != right.get(key, ()):
            yield Shift(place_as_written(host, *key), left.get(key, ()), right.get(key, ()), is_new)
    if before.default != after.default:
        yield Shift(UNMATCHED, before.default, after.default, is_new_host=False)


def orphans_at(host: str, before: Side, after: Side, budget: Budget) -> Iterator[str]:
    """Yield what took requests that something else may take now: paths, or a host as a whole."""
    if not (_takes_requests(host, before) and _takes_requests(host, after)):
        return
    if (before.table(host) is None) != (after.table(host) is None):
        yield "every host" if host == ANY_HOST else name_of(host)
        return
    left, right = _by_key(before.table(host), budget), _by_key(after.table(host), budget)
    yield from (str(place_as_written(host, *key)) for key in left if key not in right)


def _takes_requests(host: str, side: Side) -> bool:
    return bool(side.default) or any(table.entries for table in side.chain(host))


def elsewhere(orphans: Sequence[str]) -> Impact:
    """Tell that requests may now go wherever the controller finds a place for them."""
    if not orphans:
        return NO_IMPACT
    text = f"what went to {listed(list(orphans))} -> whatever else takes it"
    return Impact((Finding(text, rank=ranks.NEW_PATH),))


def _by_key(table: Table | None, budget: Budget) -> Mapping[_Key, Backends]:
    """Return who gets what a path takes, by the path and its type."""
    entries = table.entries if table is not None else ()
    budget.spend(_COMPARING * len(entries))
    found: dict[_Key, dict[Backend, None]] = defaultdict(dict)
    for entry in entries:
        found[entry.path, entry.path_type][entry.backend] = None
    return {key: tuple(backends) for key, backends in found.items()}


def reordering(before: Exposure, after: Exposure, budget: Budget) -> Impact:
    """Tell whether paths stand in another order where that may count: an ALB tries them one by one."""
    left, right = _order(before, budget), _order(after, budget)
    if not any(label.endswith(SPECIFIC) for label in (*left, *right)):
        return NO_IMPACT
    kept = set(left) & set(right)
    if [label for label in left if label in kept] == [label for label in right if label in kept]:
        return NO_IMPACT
    text = "requests, by the new order of its paths -> whatever takes them first"
    return Impact((Finding(text, rank=ranks.RE_POINTED),))


def _order(side: Exposure, budget: Budget) -> list[str]:
    budget.spend(sum(map(len, side.paths.values())) // 2)
    return [f"{host} {path_label(path)}" for host, path in side.order]
