"""Grants as a person reads them: those of the same verbs on the same names together, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from webhook.core.impact.budget import Budget
from webhook.core.impact.naming import listed, name_of
from webhook.core.impact.rbac.grants import ByName, Grants, Place, Verbs
from webhook.core.impact.rbac.rules import ALL

Names = tuple[str, ...]

_HARMLESS = 100
_MOST_VERBS = 10
_MOST = 4
_FEW_NAMES = 2
_MOST_GRANTS = 3
_WIDE = 100
_SEPARATOR = "; "
_WRITE = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True, slots=True)
class Grant:
    """Verbs on resources of one API group, on every name where ``names`` is None."""

    verbs: Names
    group: str
    resources: Names
    names: Names | None = None

    def __str__(self) -> str:
        """Return words such as ``get, list secrets named app`` and ``create deployments.apps``."""
        resources = listed([_resource(self.group, resource) for resource in self.resources], _MOST)
        named = "" if self.names is None else f" named {_names(self.names)}"
        return f"{_verbs(self.verbs)} {resources}{named}"

    @property
    def brief(self) -> str:
        """Return the first resource in words in which nothing is listed in part."""
        if self.names is None:
            named = ""
        elif len(self.names) <= _FEW_NAMES:
            named = f" named {_names(self.names)}"
        else:
            named = f" of {len(self.names)} names"
        return f"{_brief_verbs(self.verbs)} {_resource(self.group, self.resources[0])}{named}"

    @property
    def cuts(self) -> int:
        """Return how many lists the words cut."""
        return _is_cut(self.verbs, _MOST_VERBS) + _is_cut(self.resources) + _is_cut(self.names or ())

    @property
    def parts(self) -> int:
        """Return on how many resources it is."""
        return len(self.resources)


@dataclass(frozen=True, slots=True)
class UrlGrant:
    """Verbs on paths of the API server that are no resources; a trailing ``*`` stands for all below."""

    verbs: Names
    urls: Names

    def __str__(self) -> str:
        """Return words such as ``get URL "/metrics"``."""
        return f"{_verbs(self.verbs)} URL {_names(self.urls)}"

    @property
    def brief(self) -> str:
        """Return the first URL in words in which nothing is listed in part."""
        return f"{_brief_verbs(self.verbs)} URL {name_of(self.urls[0])}"

    @property
    def cuts(self) -> int:
        """Return how many lists the words cut."""
        return _is_cut(self.verbs, _MOST_VERBS) + _is_cut(self.urls)

    @property
    def parts(self) -> int:
        """Return on how many URLs it is."""
        return len(self.urls)


Phrase: TypeAlias = Grant | UrlGrant


def in_full(phrases: Sequence[Phrase]) -> str | None:
    """Return grants in one line, None where that is too long or hard to read.

    Where there are several, none is told in part: nobody could say what a number is the rest of.
    """
    if len(phrases) == 1 and phrases[0].cuts <= 1:
        return str(phrases[0])
    if len(phrases) > _MOST_GRANTS or any(phrase.cuts for phrase in phrases):
        return None
    text = _SEPARATOR.join(map(str, phrases))
    return text if len(text) <= _WIDE else None


def in_brief(phrases: Sequence[Phrase]) -> str:
    """Return the worst one or two grants in words, and how many more there are."""
    worst = [phrase.brief for phrase in phrases[:2]]
    if len(_SEPARATOR.join(worst)) > _WIDE:
        del worst[1:]
    more = sum(phrase.parts for phrase in phrases) - len(worst)
    return _SEPARATOR.join([*worst, f"and {more} more {'grant' if more == 1 else 'grants'}"])


def phrases_of(grants: Grants, ranks: Mapping[Place, int], budget: Budget) -> list[Phrase]:
    """Return grants in few parts; ``ranks`` says how dangerous places are, 0 is the worst.

    Raises TooLargeError.
    """
    found = sorted(_on_resources(grants, ranks, budget), key=lambda both: both[0])
    return [*(grant for _, grant in found), *_on_urls(grants)]


def _on_resources(
    grants: Grants, ranks: Mapping[Place, int], budget: Budget
) -> Iterator[tuple[tuple[int, str, Names, Names, Names], Grant]]:
    """Yield grants with what they are sorted by."""
    resources: dict[tuple[Verbs, str, Names | None], list[tuple[int, str]]] = {}
    budget.spend(sum(map(len, grants.resources.values())))
    for place, by_name in grants.resources.items():
        group, resource = place
        for verbs, names in _by_verbs(by_name):
            ranked = (ranks.get(place, _HARMLESS), resource)
            resources.setdefault((verbs, group, names), []).append(ranked)
    for (verbs, group, names), all_ranked in resources.items():
        all_ranked.sort()
        in_order = tuple(resource for _, resource in all_ranked)
        grant = Grant(tuple(sorted(verbs)), group, in_order, names)
        yield (all_ranked[0][0], group, in_order, grant.verbs, names or ()), grant


def _on_urls(grants: Grants) -> list[UrlGrant]:
    urls: dict[Verbs, list[str]] = {}
    for url, verbs in grants.urls.items():
        urls.setdefault(verbs, []).append(url)
    in_order = sorted((sorted(verbs), sorted(found)) for verbs, found in urls.items())
    return [UrlGrant(tuple(verbs), tuple(found)) for verbs, found in in_order]


def _by_verbs(by_name: ByName) -> Iterator[tuple[Verbs, Names | None]]:
    """Yield verbs with the names that they are on; None, which is every name, stands alone."""
    named: dict[Verbs, list[str]] = {}
    for name, verbs in by_name.items():
        if name is None:
            yield verbs, None
        else:
            named.setdefault(verbs, []).append(name)
    yield from ((verbs, tuple(sorted(names))) for verbs, names in named.items())


def _verbs(verbs: Names) -> str:
    return "do anything to" if ALL in verbs else listed([*map(name_of, verbs)], _MOST_VERBS)


def _brief_verbs(verbs: Names) -> str:
    """Name verbs, all those that write as one; where they are too many, say how many."""
    if ALL in verbs:
        return _verbs(verbs)
    brief = verbs
    if _WRITE.issubset(verbs):
        brief = (*(verb for verb in verbs if verb not in _WRITE), "write")
    return f"use {len(verbs)} verbs on" if _is_cut(brief, _MOST_VERBS) else _verbs(brief)


def _names(names: Names) -> str:
    return listed([*map(name_of, names)], _MOST)


def _is_cut(names: Names, most: int = _MOST) -> bool:
    return len(names) > most


def _resource(group: str, resource: str) -> str:
    """Name a resource as kubectl does (``deployments.apps/scale``); what stands for all, in words."""
    if resource == ALL:
        of_group = {ALL: "all resources", "": "all core resources"}
        return of_group.get(group) or f"all resources of {name_of(group)}"
    if group == ALL:
        return f"{name_of(resource)} of all API groups"
    kind, slash, subresource = resource.partition("/")
    if group:
        return name_of(f"{kind}.{group}{slash}{subresource}")
    # No core resource has a dot: one that has must not be taken for one of another group.
    return f"core {name_of(resource)}" if "." in kind else name_of(resource)
