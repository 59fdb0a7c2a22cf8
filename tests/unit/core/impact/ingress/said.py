"""What is told of a change, for tests to read: which requests a place is about, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from webhook.core.impact.ingress.shifts import UNMATCHED, Place, Shift

_FINDING = re.compile(r"(?P<places>.+) -> service (?P<backend>\w+):80(?: \(.*\))?\Z")
_MORE = re.compile(r" and (\d+) more\Z")
_BELOW = "/*"


def gains(shifts: list[Shift]) -> Iterator[tuple[Place, str]]:
    """Yield each place with each service that may get its requests, and did not surely get them before."""
    for place, before, after, _ in shifts:
        yield from ((place, backend.name) for backend in after if before != (backend,))


def is_about(place: Place, host: str, path: str) -> bool:
    """Tell whether a place holds a request; requests that no path takes may be any."""
    return place == UNMATCHED or (_is_host(place.host, host) and _is_path(place, path))


def counted(finding: str) -> tuple[str, int]:
    """Return the service that a finding speaks of, and of how many places, named or only counted."""
    found = _FINDING.match(finding)
    assert found, finding
    more = _MORE.search(found["places"])
    named = _MORE.sub("", found["places"]).split(", ")
    return found["backend"], len(named) + (int(more[1]) if more else 0)


def _is_host(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.split(".", 1)[1] == pattern[2:]
    return pattern in ("", host)


def _is_path(place: Place, path: str) -> bool:
    if place.note == "exact":
        return path == place.path
    if place.path.endswith(_BELOW):
        return path.startswith(place.path[:-1]) and path != place.path[:-1]
    return path == place.path or path.startswith(place.path.rstrip("/") + "/")
