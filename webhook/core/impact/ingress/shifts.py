"""Where requests go now, said by place: ``shop.example.com/cart -> service evil:80 (was cart:80)``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import Finding, Impact
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.backends import Backend
from webhook.core.impact.ingress.exposure import ANY_HOST
from webhook.core.impact.ingress.paths import EXACT, SPECIFIC, Backends, Ending, Segments
from webhook.core.impact.naming import listed, name_of

_CHARACTERS = 64  # of names that are put into words in one step


class Place(NamedTuple):
    """Requests to a host by their path; ``note`` says which of them: ``exact``, for one."""

    host: str
    path: str
    note: str = ""

    def __str__(self) -> str:
        """Return ``shop.example.com/cart (exact)``."""
        at_host = f"{self.host}{self.path}"
        named = name_of(at_host) if self.host != ANY_HOST else f"every host {name_of(self.path)}"
        return f"{named} ({self.note})" if self.note else named


UNMATCHED = Place(ANY_HOST, "", "that no path takes")
"""Stands for the requests to every host that no path takes."""


class Shift(NamedTuple):
    """A place with those that may get its requests before and after."""

    place: Place
    before: Backends
    after: Backends
    is_new_host: bool


class _Line(NamedTuple):
    """What the places of one finding have in common."""

    backend: Backend
    was: str = ""
    danger: str = ""
    rank: int = ranks.NEW_PATH


def impact_of(shifts: Sequence[Shift], budget: Budget) -> Impact:
    """Tell who gets requests that it did not surely get before, and who no longer surely gets them.

    Raises TooLargeError.
    """
    budget.spend(sum(len(shift.before) + len(shift.after) for shift in shifts) // 2)
    names = {backend: backend.short for backend in {one for shift in shifts for one in shift.before}}
    opens: dict[_Line, list[Place]] = defaultdict(list)
    closes: dict[_Line, list[Place]] = defaultdict(list)
    for shift in shifts:
        was = listed([names[backend] for backend in shift.before])
        gained, lost = _gained(shift.before, shift.after), _gained(shift.after, shift.before)
        characters = len(was) + len(shift.place.path)
        budget.spend((1 + len(gained) + len(lost)) * (characters // _CHARACTERS))
        for backend in gained:
            opens[_Line(backend, was, *_danger(shift))].append(shift.place)
        for backend in lost:
            closes[_Line(backend)].append(shift.place)
    return Impact(_findings(opens), _findings(closes))


def _gained(before: Backends, after: Backends) -> Backends:
    """Return those that may get requests now; who was one of several before did not surely get them."""
    return tuple(backend for backend in after if before != (backend,))


def _danger(shift: Shift) -> tuple[str, int]:
    if shift.place == UNMATCHED:
        return "default backend", ranks.RE_POINTED
    if shift.is_new_host:
        return "new host", ranks.NEW_HOST
    return "", ranks.RE_POINTED if shift.before else ranks.NEW_PATH


def _findings(lines: Mapping[_Line, list[Place]]) -> tuple[Finding, ...]:
    return tuple(
        Finding(f"{_said(places)} -> {line.backend}{_earlier(line.was)}", line.danger, line.rank)
        for line, places in lines.items()
    )


def _said(places: list[Place]) -> str:
    distinct = dict.fromkeys(places)
    return listed(["any unmatched request" if place == UNMATCHED else str(place) for place in distinct])


def _earlier(was: str) -> str:
    return f" (was {was})" if was else ""


def place_as_written(host: str, path: str, path_type: str) -> Place:
    """Name a path by what the document says of it."""
    return Place(host, path, {EXACT: "exact", SPECIFIC: SPECIFIC}.get(path_type, ""))


def places_of(host: str, segments: Segments, endings: set[Ending]) -> list[Place]:
    """Name the requests that begin with these segments and end in one of these ways, in few words."""
    path = "/" + "/".join(segments)
    slashed = path if path == "/" else f"{path}/"
    bare, slash, below = (ending in endings for ending in Ending)
    if slash and below and (bare or not segments):
        return [Place(host, path)]
    return [
        *([Place(host, path, "exact")] if bare else []),
        *([Place(host, slashed)] if slash and below else []),
        *([Place(host, slashed, "exact")] if slash and not below else []),
        *([Place(host, f"{slashed}*")] if below and not slash else []),
    ]
