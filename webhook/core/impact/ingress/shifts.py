"""Where requests go now, said by place: ``shop.example.com/cart -> service evil:80 (was cart:80)``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from webhook.core.impact.finding import Finding, Impact
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.exposure import ANY_HOST
from webhook.core.impact.ingress.paths import EXACT, SPECIFIC, Backends, Ending, Segments
from webhook.core.impact.naming import listed, name_of

UNMATCHED = "any unmatched request"


class Shift(NamedTuple):
    """A place, such as ``shop.example.com/cart``, with those that may get its requests before and after."""

    place: str
    before: Backends
    after: Backends
    is_new_host: bool


class _Line(NamedTuple):
    """What the places of one finding have in common."""

    end: str
    danger: str
    rank: int


def impact_of(shifts: Iterable[Shift]) -> Impact:
    """Tell who gets requests that it did not surely get before, and who no longer surely gets them."""
    opens: dict[_Line, list[str]] = defaultdict(list)
    closes: dict[_Line, list[str]] = defaultdict(list)
    for shift in shifts:
        for backend in _gained(shift.before, shift.after):
            opens[_opening(shift, str(backend))].append(shift.place)
        for backend in _gained(shift.after, shift.before):
            closes[_Line(str(backend), "", ranks.NEW_PATH)].append(shift.place)
    return Impact(_findings(opens), _findings(closes))


def _gained(before: Backends, after: Backends) -> Backends:
    """Return those that may get requests now; who was one of several before did not surely get them."""
    return tuple(backend for backend in after if before != (backend,))


def _opening(shift: Shift, backend: str) -> _Line:
    if shift.place == UNMATCHED:
        danger, rank = "default backend", ranks.RE_POINTED
    elif shift.is_new_host:
        danger, rank = "new host", ranks.NEW_HOST
    else:
        danger, rank = "", ranks.RE_POINTED if shift.before else ranks.NEW_PATH
    was = " or ".join(backend.short for backend in shift.before)
    return _Line(f"{backend} (was {was})" if was else backend, danger, rank)


def _findings(lines: Mapping[_Line, list[str]]) -> tuple[Finding, ...]:
    return tuple(
        Finding(f"{listed(list(dict.fromkeys(places)))} -> {line.end}", line.danger, line.rank)
        for line, places in lines.items()
    )


def place_of(host: str, path: str, note: str = "") -> str:
    """Name a path of a host; ``note`` says what of it is meant."""
    place = name_of(f"{host}{path}") if host != ANY_HOST else f"every host {name_of(path)}"
    return f"{place} ({note})" if note else place


def place_as_written(host: str, path: str, path_type: str) -> str:
    """Name a path by what the document says of it."""
    return place_of(host, path, {EXACT: "exact", SPECIFIC: SPECIFIC}.get(path_type, ""))


def places_of(host: str, segments: Segments, endings: set[Ending]) -> list[str]:
    """Name the requests that begin with these segments and end in one of these ways, in few words."""
    path = "/" + "/".join(segments)
    slashed = path if path == "/" else f"{path}/"
    bare, slash, below = (ending in endings for ending in Ending)
    if slash and below and (bare or not segments):
        return [place_of(host, path)]
    return [
        *([place_of(host, path, "exact")] if bare else []),
        *([place_of(host, slashed)] if slash and below else []),
        *([place_of(host, slashed, "exact")] if slash and not below else []),
        *([place_of(host, f"{slashed}*")] if below and not slash else []),
    ]
