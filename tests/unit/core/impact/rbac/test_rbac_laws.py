"""The report holds exactly what the authorizer allows after a change and did not before, and the reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Object, cluster_role, cluster_role_binding, role, role_binding
from tests.unit.core.impact.rbac.authorizer import (
    Request,
    Resource,
    Url,
    User,
    aggregated,
    authorize,
    rules_allow,
)
from tests.unit.core.impact.rbac.small_worlds import (
    NAMESPACES,
    change,
    cluster_rules,
    impact,
    local_subjects,
    reports,
    requests,
    role_rules,
    subjects,
    surroundings,
)
from tests.unit.core.strategies import respelled
from webhook.core.impact import Effect
from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac import binding_change, role_change
from webhook.core.impact.rbac.builtin_roles import BUILT_IN
from webhook.core.impact.rbac.gains import Bound, Gain
from webhook.core.impact.rbac.grants import Grants
from webhook.core.impact.rbac.known import cluster_role_key
from webhook.core.impact.rbac.principals import Principal

Allows = Callable[[Request], bool]


def assert_exact(gains: Iterable[Gain], before: Allows, after: Allows, asked: Iterable[Request]) -> bool:
    """Compare a report with what is newly allowed; return whether anything is."""
    gains = list(gains)
    newly = {request for request in asked if after(request) and not before(request)}
    assert {request for request in asked if any(reports(gain, request) for gain in gains)} == newly
    return bool(newly)


def _effect(widens: bool, narrows: bool) -> Effect:
    return Effect.WIDENS if widens else Effect.NARROWS if narrows else Effect.NEITHER


# Roles


def roles(rules: list[Object], kind: str) -> Object:
    return role(rules=rules) if kind == "Role" else cluster_role(rules=rules)


@st.composite
def changed_rules(draw: st.DrawFn) -> tuple[str, list[Object], list[Object]]:
    kind = draw(st.sampled_from(["Role", "ClusterRole"]))
    rules = role_rules if kind == "Role" else cluster_rules
    before, after, kept = draw(rules), draw(rules), draw(rules)
    return kind, before + kept, kept + after


@given(changed_rules())
def test_a_role_opens_and_closes_what_its_rules_say(changed: tuple[str, list[Object], list[Object]]) -> None:
    kind, before, after = changed
    old, new = roles(before, kind), roles(after, kind)
    found = role_change.difference_of(change(old, new), surroundings(), Budget())
    asked = list(requests(("shop",)))
    then, now = (partial(rules_allow, rules) for rules in (before, after))
    widens = assert_exact(found.opens, then, now, asked)
    narrows = assert_exact(found.closes, now, then, asked)
    told = impact(old, new)
    assert (told.widens, told.narrows, told.effect) == (widens, narrows, _effect(widens, narrows))


@given(changed_rules())
def test_each_grant_that_is_told_is_new_as_it_stands(changed: tuple[str, list[Object], list[Object]]) -> None:
    """``list all core resources`` is not said of a role that only gains to list pods."""
    kind, before, after = changed
    found = role_change.difference_of(
        change(roles(before, kind), roles(after, kind)), surroundings(), Budget()
    )
    for gain in found.opens:
        assert gain.grants is not None
        for asked in told_by(gain.grants):
            assert rules_allow(after, asked)
            assert not rules_allow(before, asked)


def told_by(grants: Grants) -> Iterable[Request]:
    """Yield each grant as a request, with the word that nobody mentions in place of a wildcard."""
    for (group, resource), by_name in grants.resources.items():
        kind, _, subresource = resource.replace("*", "other").partition("/")
        for name, verbs in by_name.items():
            for verb in verbs:
                yield Resource(
                    verb.replace("*", "other"),
                    group.replace("*", "other"),
                    kind,
                    subresource,
                    "other" if name is None else name,
                )
    for url, verbs in grants.urls.items():
        for verb in verbs:
            yield Url(verb.replace("*", "other"), f"{url[:-1]}zz" if url.endswith("*") else url)


@st.composite
def split(draw: st.DrawFn, rules: list[Object]) -> list[Object]:
    """Generate other writings of rules: each cut in two along one of its lists, in any order, some twice."""
    parts = []
    for rule in rules:
        field = draw(st.sampled_from([name for name in rule if name != "resourceNames"]))
        at = draw(st.integers(0, len(rule[field])))
        parts += [{**rule, field: half} for half in (rule[field][:at], rule[field][at:]) if half]
    return list(draw(respelled(parts)))


@given(cluster_rules, st.data())
def test_the_same_rules_in_another_writing_are_neither(rules: list[Object], data: st.DataObject) -> None:
    old, new = cluster_role(rules=rules), cluster_role(rules=data.draw(split(rules)))
    assert impact(old, new).effect is Effect.NEITHER


# Bindings

USERS = [
    *(User(name) for name in ("alice", "devs", "other")),
    *(User(f"system:serviceaccount:{namespace}:builder") for namespace in ("ci", "shop", "other")),
    *(User("nobody", (group,)) for group in ("devs", "alice", "other")),
]


def is_held_by(gain: Gain, user: User) -> bool:
    names = {Principal("User", user.name), *(Principal("Group", group) for group in user.groups)}
    return gain.holder in names


@st.composite
def bindings(draw: st.DrawFn, kind: str) -> Object | None:
    if kind == "ClusterRoleBinding":
        named = draw(st.lists(subjects, max_size=3))
        binding = cluster_role_binding(to=draw(st.sampled_from(["reader", "writer"])))
    else:
        named = draw(st.lists(local_subjects, max_size=3))
        binding = role_binding(
            to=draw(st.sampled_from(["Role/reader", "ClusterRole/reader", "ClusterRole/writer"]))
        )
    return draw(st.none() | st.just({**binding, "subjects": named}))


@st.composite
def changed_bindings(draw: st.DrawFn) -> tuple[Object | None, Object | None]:
    kind = draw(st.sampled_from(["RoleBinding", "ClusterRoleBinding"]))
    return draw(bindings(kind)), draw(bindings(kind))


@given(changed_bindings(), role_rules, cluster_rules, cluster_rules)
def test_a_binding_opens_and_closes_what_its_role_allows_its_subjects(
    changed: tuple[Object | None, Object | None],
    of_role: list[Object],
    of_reader: list[Object],
    of_writer: list[Object],
) -> None:
    old, new = changed
    if old is new is None:
        return
    git = [
        role(rules=of_role),
        cluster_role(rules=of_reader),
        cluster_role("writer", rules=of_writer),
    ]
    before, after = (git if binding is None else [*git, binding] for binding in changed)
    found = binding_change.difference_of(change(old, new), surroundings(*git), Budget())
    asked = list(requests(NAMESPACES))
    widens = narrows = False
    for user in USERS:
        then, now = (partial(authorize, side, user) for side in (before, after))
        opens, closes = (
            [gain for gain in gains if is_held_by(gain, user)] for gains in (found.opens, found.closes)
        )
        widens |= assert_exact(opens, then, now, asked)
        narrows |= assert_exact(closes, now, then, asked)
    told = impact(old, new, *git)
    assert (told.widens, told.narrows, told.effect) == (widens, narrows, _effect(widens, narrows))


@given(cluster_rules, cluster_rules)
def test_a_role_opens_and_closes_for_those_who_are_known_to_be_bound_to_it(
    before: list[Object], after: list[Object]
) -> None:
    git = [
        role_binding(*({"kind": "User", "name": "alice"},), to="ClusterRole/reader"),
        cluster_role_binding({"kind": "Group", "name": "devs"}, to="reader"),
    ]
    old, new = cluster_role(rules=before), cluster_role(rules=after)
    found = role_change.difference_of(change(old, new), surroundings(*git), Budget())
    asked = list(requests(NAMESPACES))
    for user in (User("alice"), User("nobody", ("devs",)), User("other")):
        then, now = (partial(authorize, [*git, side], user) for side in (old, new))
        assert_exact([gain for gain in found.opens if is_held_by(gain, user)], then, now, asked)
        assert_exact([gain for gain in found.closes if is_held_by(gain, user)], now, then, asked)


# Aggregation

labels = st.dictionaries(st.sampled_from(["tier", "part"]), st.sampled_from(["a", "b"]))
selectors = st.fixed_dictionaries(
    {},
    optional={
        "matchLabels": labels,
        "matchExpressions": st.lists(
            st.sampled_from(
                [
                    {"key": "tier", "operator": "In", "values": ["a", "b"]},
                    {"key": "tier", "operator": "NotIn", "values": ["a"]},
                    {"key": "part", "operator": "Exists"},
                    {"key": "tier", "operator": "DoesNotExist"},
                ]
            ),
            max_size=2,
        ),
    },
)


@st.composite
def cluster_roles(draw: st.DrawFn, name: str) -> Object:
    """Generate a ClusterRole that allows its own verb, and may gather others."""
    content: Object = {"rules": [{"verbs": [name], "apiGroups": [""], "resources": ["pods"]}]}
    if draw(st.booleans()):
        content["aggregationRule"] = {
            "clusterRoleSelectors": draw(st.lists(selectors, min_size=1, max_size=2))
        }
        content["rules"] = []
    return cluster_role(name, {"labels": draw(labels)}, **content)


@given(st.data())
def test_what_a_role_lets_others_gather_is_never_left_out(data: st.DataObject) -> None:
    old, new, *git = (data.draw(cluster_roles(name)) for name in ("first", "first", "second", "third"))
    built_in = [{"kind": "ClusterRole", **form} for form in BUILT_IN.values()]
    before, after = (aggregated([*git, *built_in, side]) for side in (old, new))
    found = role_change.difference_of(change(old, new), surroundings(*git), Budget())
    for name in ("first", "second", "third", "edit"):
        reported = [gain for gain in found.opens if gain.holder == Bound(cluster_role_key(name))]
        for asked in (Resource(verb, "", "pods") for verb in ("first", "second", "third", "create")):
            then, now = (
                rules_allow(next(role["rules"] for role in side if role["metadata"]["name"] == name), asked)
                for side in (before, after)
            )
            assert then or not now or any(reports(gain, asked) for gain in reported)
