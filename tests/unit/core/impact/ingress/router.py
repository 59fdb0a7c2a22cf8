"""A router of the tests' own, as plain as can be: it shares no code with what it checks.

It asks of concrete requests who answers them, in every reading that the Ingress document leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

from tests.builders import Object

HOSTS = ["a.example.com", "b.example.com", "new.example.com", "x.a.example.com", "elsewhere.org"]
PATHS = [
    "/",
    "/a",
    "/a/",
    "/ab",
    "/a/new",
    "/a/b",
    "/a/b/",
    "/a/b/new",
    "/a/bc",
    "/b",
    "/b/",
    "/b/new",
    "/new",
]

Answers = tuple[str, ...]


class Asked(NamedTuple):
    """A request that a service may answer now, and did not surely answer before."""

    host: str
    path: str
    backend: str


class Reading(NamedTuple):
    falls_through: bool
    slash_counts: bool
    opaque: Opaque | None = None


class Opaque(NamedTuple):
    """One way in which a controller may read a path that only it can read."""

    takes: Callable[[str, str], bool]
    before_known: bool


READINGS = [Reading(falls, counts) for falls, counts in product([False, True], repeat=2)]
OPAQUE_READINGS = [
    Reading(falls_through, slash_counts=False, opaque=Opaque(takes, before_known))
    for takes in (
        lambda pattern, path: path.startswith(pattern.partition("(")[0]),
        lambda pattern, path: path == pattern,
        lambda _pattern, _path: True,
        lambda _pattern, _path: False,
    )
    for before_known in (False, True)
    for falls_through in (False, True)
]


def newly_answered(before: Object, after: Object, readings: list[Reading] = READINGS) -> set[Asked]:
    news = set()
    for host, path, reading in product(HOSTS, PATHS, readings):
        left, right = answers(before, host, path, reading), answers(after, host, path, reading)
        if left != right:
            news |= {Asked(host, path, backend) for backend in right if left != (backend,)}
    return news


def answers(spec: Object, host: str, path: str, reading: Reading) -> Answers:
    """Return the services that may answer a request: several, in order, where one path is given twice."""
    for paths in _by_host(spec, host, reading):
        if found := _by_path(paths, path, reading):
            return found
    default = spec.get("defaultBackend")
    return () if default is None else (_name(default),)


def _by_host(spec: Object, host: str, reading: Reading) -> Iterator[list[Any]]:
    patterns = [host, "*." + host.split(".", 1)[1], None]
    for pattern in patterns:
        rules = [rule for rule in spec.get("rules") or [] if (rule.get("host") or None) == pattern]
        if rules:
            yield [path for rule in rules for path in (rule.get("http") or {}).get("paths") or []]
            if not reading.falls_through:
                return


def _by_path(paths: list[Any], path: str, reading: Reading) -> Answers:
    # The order of two paths counts only where they are the same.
    taking: list[tuple[tuple[int, ...], str]] = []
    for index, one in enumerate(sorted(paths, key=lambda one: str(one["path"]))):
        if one["pathType"] == "ImplementationSpecific":
            if reading.opaque and reading.opaque.takes(one["path"], path):
                place = 1 if reading.opaque.before_known else -1
                taking.append(((place, 0, -index), _name(one["backend"])))
        elif one["pathType"] == "Exact":
            if one["path"] == path:
                taking.append(((0, 1_000, 1), _name(one["backend"])))
        elif _is_below(one["path"], path, reading):
            taking.append(((0, len(_segments(one["path"])), 0), _name(one["backend"])))
    best = max((rank for rank, _ in taking), default=None)
    return tuple(dict.fromkeys(backend for rank, backend in taking if rank == best))


def _is_below(prefix: str, path: str, reading: Reading) -> bool:
    if reading.slash_counts and prefix != "/" and prefix == path + "/":
        return False
    return _segments(path)[: len(_segments(prefix))] == _segments(prefix)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _name(backend: Any) -> str:
    return str(backend["service"]["name"])
