"""From single requests that go elsewhere to the places of which a person speaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from webhook.core.impact.ingress.exposure import Exposure
from webhook.core.impact.ingress.hosts import general_hosts
from webhook.core.impact.ingress.paths import Ending, Request, Segments, below
from webhook.core.impact.ingress.routes import Turn
from webhook.core.impact.ingress.shifts import UNMATCHED, Shift, places_of

Turns: TypeAlias = Mapping[tuple[str, Request], tuple[Turn, ...]]
"""How requests move, by host and request; not at all where there is no turn."""


def shifts_of(turns: Turns, before: Exposure) -> Iterator[Shift]:
    """Say by place what moves: what goes for a whole place is not said again of each path below it."""
    endings: dict[tuple[str, Segments, Turn], set[Ending]] = defaultdict(set)
    for (host, request), found in turns.items():
        implied = _implied(host, request, turns) if found else set()
        for turn in found:
            if turn not in implied:
                endings[host, request.segments, turn].add(request.ending)
    for (host, segments, turn), which in endings.items():
        for place in [UNMATCHED] if turn.unmatched else places_of(host, segments, which):
            yield Shift(place, turn.before, turn.after, host not in before.paths and not turn.unmatched)


def _implied(host: str, request: Request, turns: Turns) -> set[Turn]:
    """Return what is said of more general hosts already, or of all that is below the next shorter path."""
    implied = set[Turn]().union(*(turns.get((general, request), ()) for general in general_hosts(host)))
    for length in range(len(request.segments) - 1, -1, -1):
        above = turns.get((host, below(request.segments[:length])))
        if above is not None:
            return implied.union(above)
    return implied
