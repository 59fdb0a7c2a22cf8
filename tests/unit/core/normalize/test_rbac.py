"""The laws of the canonical forms of roles and bindings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    Object,
    aggregated_role,
    cluster_role,
    cluster_role_binding,
    drop,
    kind_of,
    labelled,
    person,
    put,
    role,
    role_binding,
    rule,
)
from webhook.core.normalize import normalize


def form(obj: Object) -> Object:
    canonical = normalize(obj, kind_of(obj))
    assert normalize(canonical, kind_of(obj)) == canonical
    return canonical


def rules_form(*rules: Any) -> Object:
    return form(role(rules=list(rules)))


def all_different(forms: list[Object]) -> bool:
    return all(a != b for i, a in enumerate(forms) for b in forms[i + 1 :])


# Roles: the same meaning


@pytest.mark.parametrize("build", [role, cluster_role])
def test_no_rules_missing_null_or_empty(build: Any) -> None:
    assert form(build(rules=None)) == form(build(rules=[])) == form(drop(build(), "/rules"))


def test_rules_and_every_list_in_them_are_sets() -> None:
    pods = {
        "verbs": ["get", "list"],
        "apiGroups": ["", "apps"],
        "resources": ["pods", "pods/log"],
        "resourceNames": ["a", "b"],
    }
    reversed_pods = {name: [*values[::-1], values[0]] for name, values in pods.items()}
    urls = {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez"]}
    assert rules_form(pods, urls) == rules_form(
        {**urls, "nonResourceURLs": ["/livez", "/healthz"]}, reversed_pods, pods
    )


@pytest.mark.parametrize("field", ["apiGroups", "resources", "resourceNames", "nonResourceURLs", "verbs"])
def test_a_list_of_a_rule_missing_null_or_empty(field: str) -> None:
    get = rule("get", "pods")
    assert rules_form({**get, field: []}) == rules_form({**get, field: None})
    assert rules_form({**get, field: []}) == rules_form(
        {name: value for name, value in get.items() if name != field}
    )


def test_nulls_in_lists_are_stored_as_empty() -> None:
    assert rules_form(None) == rules_form({})
    assert rules_form({"verbs": [None]}) == rules_form({"verbs": [""]})


# Roles: different meaning


def test_rules() -> None:
    get = rule("get", "pods")
    assert all_different(
        [
            rules_form(*rules)
            for rules in (
                (),
                ({},),
                (get,),
                (rule("get list", "pods"),),
                (rule("*", "pods"),),
                (rule("GET", "pods"),),
                (rule("get", "pods/log"),),
                (rule("get", "*"),),
                (rule("get", "pods", "*"),),
                (rule("get", "pods", "apps"),),
                ({**get, "resourceNames": [""]},),
                ({**get, "resourceNames": ["a"]},),
                ({**get, "nonResourceURLs": ["/"]},),
                (get, rule("get", "services")),
                (rule("get", "pods services"),),
            )
        ]
    )


def test_a_role_is_not_a_cluster_role() -> None:
    assert form(role()) != form(cluster_role())


def test_a_label_of_a_cluster_role_grants_power() -> None:
    label = {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}
    assert form(labelled(cluster_role(), label)) != form(cluster_role())


# Aggregated ClusterRoles


def test_the_rules_of_an_aggregated_role_are_not_compared() -> None:
    assert (
        form(aggregated_role(rule("*", "*")))
        == form(aggregated_role())
        == form(drop(aggregated_role(), "/rules"))
    )


def test_its_aggregation_rule_and_labels_are() -> None:
    monitoring = aggregated_role()
    other = put(monitoring, "/aggregationRule/clusterRoleSelectors/0/matchLabels", {"other": "true"})
    assert all_different(
        [
            form(monitoring),
            form(other),
            form(labelled(monitoring, {"a": "b"})),
            form(drop(monitoring, "/aggregationRule")),
        ]
    )


def test_selectors_of_an_aggregation_rule_are_a_set() -> None:
    one, two = {"matchLabels": {"a": "1"}}, {"matchLabels": {"b": "2"}}
    ways = [
        put(aggregated_role(), "/aggregationRule/clusterRoleSelectors", way)
        for way in ([one, two], [two, one, one])
    ]
    assert form(ways[0]) == form(ways[1])


def test_a_null_aggregation_rule_is_none() -> None:
    assert form(put(cluster_role(), "/aggregationRule", None)) == form(cluster_role())


def test_a_role_in_a_namespace_cannot_be_aggregated() -> None:
    odd = put(role(), "/aggregationRule", {"clusterRoleSelectors": []})
    assert form(odd)["rules"] == form(role())["rules"]


# Bindings: the same meaning


def test_subjects_are_a_set() -> None:
    bob, sre = person("bob"), {"kind": "Group", "name": "sre"}
    assert form(role_binding(bob, sre)) == form(role_binding(sre, bob, sre))


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_people_and_groups_are_of_the_rbac_group(kind: str) -> None:
    named = {"kind": kind, "name": "bob", "apiGroup": "rbac.authorization.k8s.io"}
    unnamed = {"kind": kind, "name": "bob"}
    assert (
        form(role_binding(named))
        == form(role_binding(unnamed))
        == form(role_binding({**unnamed, "apiGroup": ""}))
    )


def test_service_accounts_are_of_the_core_group() -> None:
    account = {"kind": "ServiceAccount", "name": "a", "namespace": "shop"}
    assert form(role_binding(account)) == form(role_binding({**account, "apiGroup": ""}))


def test_the_role_ref_is_of_the_rbac_group() -> None:
    readers = role_binding()
    assert (
        form(readers)
        == form(drop(readers, "/roleRef/apiGroup"))
        == form(put(readers, "/roleRef/apiGroup", ""))
    )


def test_no_subjects_missing_null_or_empty() -> None:
    readers = role_binding()
    assert (
        form(put(readers, "/subjects", []))
        == form(put(readers, "/subjects", None))
        == form(drop(readers, "/subjects"))
    )


# Bindings: different meaning


def test_subjects() -> None:
    assert all_different(
        [
            form(role_binding(subject))
            for subject in (
                person("bob"),
                person("Bob"),
                person("eve"),
                {"kind": "Group", "name": "bob"},
                {"kind": "ServiceAccount", "name": "bob"},
                {"kind": "ServiceAccount", "name": "bob", "namespace": "shop"},
                {"kind": "ServiceAccount", "name": "bob", "namespace": "bank"},
                {"kind": "User", "name": "bob", "apiGroup": "other"},
                {"kind": "User", "name": "bob", "namespace": "shop"},
            )
        ]
    )


def test_role_refs() -> None:
    assert all_different(
        [form(role_binding(to=to)) for to in ("Role/reader", "ClusterRole/reader", "Role/writer")]
    )


def test_a_role_binding_is_not_a_cluster_role_binding() -> None:
    assert form(role_binding(to="ClusterRole/reader")) != form(cluster_role_binding())


# What the API would not take


@pytest.mark.parametrize(
    ("build", "content"),
    [
        (role, {"rules": "all"}),
        (role, {"rules": [5, "a"]}),
        (role, {"rules": [{"verbs": "*"}]}),
        (role, {"rules": [{"verbs": {"a": 1}}]}),
        (role, {"rules": [{"verbs": ["get", 5, None, ["x"]]}]}),
        (role, {"rule": []}),
        (cluster_role, {"aggregationRule": "all", "rules": []}),
        (cluster_role, {"aggregationRule": {"clusterRoleSelectors": "all"}}),
    ],
)
def test_what_cannot_be_read_is_kept_and_equals_nothing_valid(build: Any, content: Object) -> None:
    assert all_different([form(build(**content)), form(build()), form(build(rules=[]))])


@pytest.mark.parametrize(
    "content",
    [{"subjects": 5}, {"subjects": ["bob"]}, {"roleRef": "admin"}, {"roleRef": None}, {"roleRef": {}}],
)
def test_a_binding_that_cannot_be_read_equals_no_valid_one(content: Object) -> None:
    readers = role_binding()
    assert form({**readers, **content}) != form(readers)
