"""What one set of rules allows beyond another, exactly, and each thing said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac.grants import (
    ByName,
    Grants,
    Place,
    Verbs,
    covers,
    grants_of,
    less,
    verbs_on,
)
from webhook.core.impact.rbac.rules import ALL, Rules

_EVERY_VERB: Verbs = frozenset({ALL})
_LOOKUPS_A_STEP = 3
_URLS_A_STEP = 4
_CHARACTERS_A_STEP = 1_000


def compared(rules: Rules, others: Rules, budget: Budget) -> tuple[Grants, Grants]:
    """Return what some rules allow and others do not, and the other way round. Raises TooLargeError."""
    if rules == others:
        return Grants(), Grants()
    mine, theirs, common = (
        grants_of(some, budget) for some in (rules - others, others - rules, rules & others)
    )
    gained = _beyond(mine, [some for some in (theirs, common) if some], budget)
    lost = _beyond(theirs, [some for some in (mine, common) if some], budget)
    return _said_once(gained, budget), _said_once(lost, budget)


def _beyond(grants: Grants, others: Sequence[Grants], budget: Budget) -> Grants:
    """Return what some grants allow and none of the others does."""
    resources: dict[Place, ByName] = {}
    width = sum(other.width for other in others)
    for place, by_name in grants.resources.items():
        budget.spend(len(by_name) + width // _LOOKUPS_A_STEP)
        covering = [held for other in others for held in other.covering(place)]
        if left := _left(by_name, covering) if covering else by_name:
            resources[place] = left
    urls = grants.urls
    for other in others:
        budget.spend(_cost_of_urls(urls, other.urls))
        urls = {url: verbs - other.allowed_on_url(verbs, url) for url, verbs in urls.items()}
    return Grants(resources, {url: verbs for url, verbs in urls.items() if verbs}, others)


def _said_once(grants: Grants, budget: Budget) -> Grants:
    """Return the same without what a broader grant allows as well."""
    resources: dict[Place, ByName] = {}
    for place, by_name in grants.resources.items():
        budget.spend(len(by_name) + grants.width // _LOOKUPS_A_STEP)
        broader = [held for held in grants.covering(place) if held is not by_name]
        if left := _said(by_name, broader):
            resources[place] = left
    budget.spend(_cost_of_urls(grants.urls, grants.urls))
    urls = {url: _said_on_url(grants, verbs, url) for url, verbs in grants.urls.items()}
    return Grants(resources, {url: verbs for url, verbs in urls.items() if verbs}, grants.besides)


def _left(by_name: ByName, covering: Sequence[ByName]) -> ByName:
    """Return what at a place is not held."""
    return {name: left for name, verbs in by_name.items() if (left := less(verbs, verbs_on(name, covering)))}


def _said(by_name: ByName, broader: Sequence[ByName]) -> ByName:
    """Return what must be said at a place where other places cover it, and each name is one of every name."""
    on_every_name = by_name.get(None)
    said = {}
    for name, verbs in by_name.items():
        held = verbs_on(name, broader) if broader else []
        if name is not None and on_every_name is not None:
            held.append(on_every_name)
        if left := _shortest(verbs, held):
            said[name] = left
    return said


def _said_on_url(grants: Grants, verbs: Verbs, url: str) -> Verbs:
    broader = [held for other, held in grants.urls.items() if other != url and covers(other, url)]
    return _shortest(verbs, broader)


def _shortest(verbs: Verbs, held: Iterable[Verbs]) -> Verbs:
    """Return what of some verbs must be said beside others that are held."""
    return less(_EVERY_VERB if ALL in verbs else verbs, held)


def _cost_of_urls(urls: Mapping[str, Verbs], others: Mapping[str, Verbs]) -> int:
    """Return the steps that it takes to compare each URL with each other one."""
    characters = sum(map(len, others))
    return len(urls) * (1 + len(others) // _URLS_A_STEP + characters // _CHARACTERS_A_STEP)
