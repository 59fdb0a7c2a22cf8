"""What a finding says, read back by tests: which requests it speaks of, and of which service."""

from __future__ import annotations

import re

_FINDING = re.compile(r"(?P<places>.+) -> service (?P<backend>\w+):80(?: \(.*\))?\Z")
_EXACT, _BELOW = " (exact)", "/*"


def backend_of(finding: str) -> str:
    return _parts(finding)["backend"]


def speaks_of(finding: str, host: str, path: str) -> bool:
    """Tell whether a finding speaks of a request; one that leaves places out, of any."""
    places = _parts(finding)["places"]
    return bool(re.search(r" and \d+ more$", places)) or any(
        _is_at(place, host, path) for place in places.split(", ")
    )


def _parts(finding: str) -> dict[str, str]:
    found = _FINDING.match(finding)
    assert found, finding
    return found.groupdict()


def _is_at(place: str, host: str, path: str) -> bool:
    if place == "any unmatched request":
        return True
    pattern, slash, rest = place.removeprefix("every host ").partition("/")
    return _is_host(pattern, host) and _is_path(slash + rest, path)


def _is_host(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.split(".", 1)[1] == pattern[2:]
    return pattern in ("", host)


def _is_path(place: str, path: str) -> bool:
    if place.endswith(_EXACT):
        return path == place.removesuffix(_EXACT)
    if place.endswith(_BELOW):
        return path.startswith(place[:-1]) and path != place[:-1]
    return path == place or path.startswith(place.rstrip("/") + "/")
