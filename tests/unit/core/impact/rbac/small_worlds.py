"""Roles and bindings of few words, and all that can be asked of them.

Of each kind of word there is one that no role mentions (``other``): it stands for all the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from hypothesis import strategies as st

from tests.builders import Object, baseline, key_of, kind_of, person
from tests.unit.core.impact.rbac.authorizer import Request, Resource, Url
from webhook.core.impact import Change, DeclaredSurroundings, Impact, change_of, impact_of
from webhook.core.impact.rbac.gains import EVERYWHERE, Gain
from webhook.core.kinds import RBAC

VERBS = ("get", "list", "other")
GROUPS = ("", "apps", "other")
RESOURCES = ("pods", "pods/log", "nodes/log", "other", "other/log", "other/other")
NAMES = ("", "a", "other")
PATHS = ("/", "/a", "/a/b", "/a*b", "/ab", "/other")
NAMESPACES = ("", "shop", "other")


def _some(*values: str, most: int = 2, least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=most)


verbs = _some("get", "list", "*")
resource_rules = st.fixed_dictionaries(
    {
        "verbs": verbs,
        "apiGroups": _some("", "apps", "*"),
        "resources": _some("pods", "pods/log", "nodes/log", "*/log", "*"),
    },
    optional={"resourceNames": _some("a", "", least=0)},
)
url_rules = st.fixed_dictionaries(
    {"verbs": verbs, "nonResourceURLs": _some("/a", "/a*", "/a/*", "/a**", "*", "/", "/a*b")}
)
role_rules = st.lists(resource_rules, max_size=3)
cluster_rules = st.lists(resource_rules | url_rules, max_size=3)

subjects = st.sampled_from(
    [
        person("alice"),
        person("system:serviceaccount:ci:builder"),
        {"kind": "User", "name": "devs"},
        {"kind": "Group", "apiGroup": RBAC, "name": "devs"},
        {"kind": "Group", "name": "alice"},
        {"kind": "ServiceAccount", "namespace": "ci", "name": "builder"},
        {"kind": "ServiceAccount", "apiGroup": "", "namespace": "shop", "name": "builder"},
    ]
)
local_subjects = subjects | st.just({"kind": "ServiceAccount", "name": "builder"})


def requests(namespaces: tuple[str, ...] = ("",)) -> Iterator[Request]:
    """Yield all that can be asked; a path is in no namespace."""
    for namespace, verb, group, resource, name in product(namespaces, VERBS, GROUPS, RESOURCES, NAMES):
        kind, _, subresource = resource.partition("/")
        yield Resource(verb, group, kind, subresource, name, namespace)
    yield from (Url(verb, path) for verb, path in product(VERBS, PATHS))


def reports(gain: Gain, request: Request) -> bool:
    """Tell whether a request is among what a gain allows, beside what was allowed before."""
    if gain.grants is None or gain.scope not in (None, EVERYWHERE, request.namespace):
        return False
    asked = frozenset({request.verb})
    if isinstance(request, Url):
        return bool(gain.grants.allowed_on_url(asked, request.path))
    combined = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    return bool(gain.grants.allowed(asked, (request.group, combined), request.name))


def change(old: Object | None, new: Object | None) -> Change:
    some = new or old
    assert some is not None
    return change_of(kind_of(some), key_of(some), old, new)


def surroundings(*git: Object) -> DeclaredSurroundings:
    return DeclaredSurroundings(baseline(*git))


def impact(old: Object | None, new: Object | None, *git: Object) -> Impact:
    """Return the impact of a change beside what Git declares."""
    return impact_of(change(old, new), surroundings(*git))


def lines(impact: Impact) -> Mapping[str, Any]:
    """Return what is told, by where; what is not there is left out."""
    told = {"opens": impact.opens, "closes": impact.closes, "unknown": impact.unknown}
    return {place: [str(item) for item in items] for place, items in told.items() if items}
