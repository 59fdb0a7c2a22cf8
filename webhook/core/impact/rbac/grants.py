"""What rules allow together, as an index in which a grant is looked up.

The semantics are the authorizer's: kubernetes ``pkg/apis/rbac/v1/evaluation_helpers.go`` and ``RuleAllows``
in ``plugin/pkg/auth/authorizer/rbac``. Rules are broken down into elementary grants of one verb, API group,
resource and name, each concrete or for all. A grant for all is covered by other rules only where one of
them is for all as well, as there is always one more verb, group, resource or name that nobody wrote down
(``component-helpers/auth/rbac/validation.Covers`` rests on the same). So a grant is looked up in an index at
a handful of places, and is covered by what stands at one of them or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TypeAlias

from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac.rules import ALL, Rules
from webhook.core.lazy import lazy

Verbs: TypeAlias = frozenset[str]
Place: TypeAlias = tuple[str, str]
"""An API group, and a resource: ``pods``, ``pods/log``, ``*``, ``*/log``."""
ByName: TypeAlias = dict[str | None, Verbs]
"""Verbs by the name of an object; under None those on every name, and where there is no name."""

_NO_VERBS: Verbs = frozenset()
_VERBS_A_STEP = 16


class Grants:
    """What is allowed, by place and name, and by URL; less what is allowed ``besides``, by others."""

    def __init__(
        self,
        resources: Mapping[Place, ByName] | None = None,
        urls: Mapping[str, Verbs] | None = None,
        besides: Sequence[Grants] = (),
    ) -> None:
        """Hold an index; a pattern among the URLs ends in one ``*``."""
        self.resources = resources or {}
        self.urls = urls or {}
        self.besides = besides
        self._groups = {ALL} if any(group == ALL for group, _ in self.resources) else set()
        self._resources = {resource for _, resource in self.resources if resource.startswith(ALL)}
        # At how many places a look-up has to look.
        self.width = (1 + len(self._groups)) * (1 + min(len(self._resources), 2))

    def __bool__(self) -> bool:
        """Tell whether anything is allowed."""
        return bool(self.resources or self.urls)

    def allowed(self, verbs: Verbs, place: Place, name: str | None) -> Verbs:
        """Return which of some verbs are allowed on a name: None is every name, "" is none."""
        mine = verbs - less(verbs, verbs_on(name, self.covering(place)))
        for others in self.besides:
            mine -= others.allowed(mine, place, name)
        return mine

    def allowed_on_url(self, verbs: Verbs, url: str) -> Verbs:
        """Return which of some verbs are allowed on a URL, or on all that a pattern stands for."""
        held = (verbs for pattern, verbs in self.urls.items() if covers(pattern, url))
        mine = verbs - less(verbs, held)
        for others in self.besides:
            mine -= others.allowed_on_url(mine, url)
        return mine

    @lazy
    def on_resources(self) -> Grants:
        """Return what counts in a namespace, which no URL is in."""
        return Grants(self.resources, besides=self.besides) if self.urls else self

    @lazy
    def on_urls(self) -> Grants:
        """Return what counts in no namespace."""
        return Grants(urls=self.urls, besides=self.besides) if self.resources else self

    def covering(self, place: Place) -> list[ByName]:
        """Return what stands at each place that covers one, itself among them."""
        if self.width == 1:
            return [self.resources[place]] if place in self.resources else []
        group, resource = place
        resources = [resource, *[other for other in _broader(resource) if other in self._resources]]
        places = [(some, other) for some in (group, *self._groups) for other in resources]
        return [self.resources[other] for other in places if other in self.resources]


def grants_of(rules: Rules, budget: Budget) -> Grants:
    """Return what rules allow. Raises TooLargeError before it lays out more than can be looked at."""
    resources: dict[Place, ByName] = {}
    urls: dict[str, Verbs] = {}
    for rule in rules:
        names: Iterable[str | None] = rule.names or (None,)
        laid_out = len(rule.groups) * len(rule.resources) * max(1, len(rule.names)) + len(rule.urls)
        budget.spend(laid_out * (1 + len(rule.verbs) // _VERBS_A_STEP))
        for place in product(rule.groups, rule.resources):
            by_name = resources.setdefault(place, {})
            for name in names:
                by_name[name] = _united(by_name.get(name), rule.verbs, budget)
        for url in rule.urls:
            urls[url] = _united(urls.get(url), rule.verbs, budget)
    return Grants(resources, urls)


def places_covering(place: Place) -> list[Place]:
    """Return the places at which a grant covers one at that place, itself among them."""
    group, resource = place
    return list(product({group, ALL}, {resource, *_broader(resource)}))


def _broader(resource: str) -> tuple[str, ...]:
    _, _, subresource = resource.partition("/")
    return (ALL, f"{ALL}/{subresource}") if subresource else (ALL,)


def less(verbs: Verbs, held: Iterable[Verbs]) -> Verbs:
    """Return which of some verbs are not held."""
    for others in held:
        if ALL in others:
            return _NO_VERBS
        verbs -= others
    return verbs


def verbs_on(name: str | None, covering: Sequence[ByName]) -> list[Verbs]:
    """Return the verbs that are held on a name at some places, those on every name among them."""
    held = [by_name[None] for by_name in covering if None in by_name]
    if name is not None:
        held += [by_name[name] for by_name in covering if name in by_name]
    return held


def _united(held: Verbs | None, verbs: Verbs, budget: Budget) -> Verbs:
    if held is None:
        return verbs
    budget.spend((len(held) + len(verbs)) // _VERBS_A_STEP)
    return held | verbs


def covers(pattern: str, url: str) -> bool:
    """Tell whether a URL, or a pattern of URLs, is one that a pattern stands for."""
    return pattern == url or (pattern.endswith(ALL) and url.startswith(pattern[:-1]))
