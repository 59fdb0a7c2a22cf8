"""Declared against proposed, for people: paths, signs, sets, order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    Object,
    aggregated_role,
    annotated,
    cluster_role,
    drop,
    ingress,
    kind_of,
    labelled,
    network_policy,
    owner,
    path,
    peer,
    person,
    put,
    role_binding,
    rule,
)
from webhook.core.diff import FieldChange, deviations, diff
from webhook.core.normalize import normalize

WEB = network_policy()
SHOP = ingress()
FROM = "/spec/ingress/0/from"


def changes(declared: Object, proposed: Object) -> tuple[FieldChange, ...]:
    kind = kind_of(declared)
    forms = (normalize(obj, kind, as_written=True) for obj in (declared, proposed))
    return diff(kind, *forms)


def told(declared: Object, proposed: Object) -> list[tuple[str, str, Any, Any]]:
    return [
        (change.path, change.sign, change.declared, change.proposed) for change in changes(declared, proposed)
    ]


# Fields


def test_nothing_differs() -> None:
    assert told(WEB, WEB) == []


def test_a_scalar() -> None:
    assert told(SHOP, put(SHOP, "/spec/ingressClassName", "nginx")) == [
        ("spec.ingressClassName", "+", None, "nginx")
    ]
    nginx, traefik = (put(SHOP, "/spec/ingressClassName", name) for name in ("nginx", "traefik"))
    assert told(nginx, traefik) == [("spec.ingressClassName", "~", "nginx", "traefik")]
    assert told(nginx, SHOP) == [("spec.ingressClassName", "-", "nginx", None)]


def test_labels_and_annotations_one_by_one() -> None:
    assert told(WEB, labelled(WEB, {"a": "1", "b": "2"})) == [
        ("metadata.labels[a]", "+", None, "1"),
        ("metadata.labels[b]", "+", None, "2"),
    ]
    assert told(labelled(WEB, {"a": "1"}), labelled(WEB, {"a": "2"})) == [
        ("metadata.labels[a]", "~", "1", "2")
    ]
    assert told(annotated(WEB, {"x.io/y": "1"}), WEB) == [("metadata.annotations[x.io/y]", "-", "1", None)]


def test_a_pointer_leads_to_the_nearest_map() -> None:
    (label,) = changes(WEB, labelled(WEB, {"a": "1"}))
    (port,) = changes(WEB, put(WEB, "/spec/ingress/0/ports/0/port", 1))
    assert label.pointer == ("metadata", "labels", "a")
    assert port.pointer[:2] == ("spec", "ingress")


def test_a_selector_shows_the_labels_that_differ() -> None:
    other = put(WEB, "/spec/podSelector/matchLabels", {"app": "api", "tier": "x"})
    assert told(WEB, other) == [
        ("spec.podSelector.matchLabels[app]", "~", "web", "api"),
        ("spec.podSelector.matchLabels[tier]", "+", None, "x"),
    ]


def test_an_unknown_field_and_one_of_another_type() -> None:
    assert told(WEB, put(WEB, "/spec/unknown", {"a": [1]})) == [("spec.unknown", "+", None, {"a": [1]})]
    assert told(put(WEB, "/unknown/a", 1), put(WEB, "/unknown/a", 2)) == [("unknown[a]", "~", 1, 2)]
    assert told(WEB, put(WEB, "/spec/podSelector", "web")) == [
        ("spec.podSelector", "~", {"matchLabels": {"app": "web"}}, "web")
    ]
    assert told(WEB, put(WEB, "/spec", [])) == [("spec", "~", WEB["spec"], [])]


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ([1], [True]), ({"a": 1}, {"a": True})])
def test_what_only_python_takes_for_equal_is_told(one: Any, other: Any) -> None:
    assert told(put(WEB, "/spec/unknown", one), put(WEB, "/spec/unknown", other)) != []


# Sets


def test_an_added_peer() -> None:
    block = {"ipBlock": {"cidr": "0.0.0.0/0"}}
    assert told(WEB, put(WEB, f"{FROM}/-", block)) == [("spec.ingress[0].from", "+", None, block)]


def test_a_removed_peer() -> None:
    two = put(WEB, f"{FROM}/-", peer("api"))
    assert told(two, WEB) == [("spec.ingress[0].from", "-", peer("api"), None)]


def test_a_changed_peer_shows_what_changed_inside() -> None:
    assert told(WEB, put(WEB, f"{FROM}/0", peer("api"))) == [
        ("spec.ingress[0].from[0].podSelector.matchLabels[app]", "~", "gateway", "api")
    ]


def test_the_index_is_the_one_in_git() -> None:
    three = put(
        WEB,
        "/spec/ingress",
        [
            {"from": [peer(app)], "ports": [{"protocol": "TCP", "port": port}]}
            for app, port in (("c", 3), ("b", 2), ("a", 1))
        ],
    )
    changed = put(three, "/spec/ingress/1/ports/0/port", 4)
    shuffled = put(changed, "/spec/ingress", changed["spec"]["ingress"][::-1])
    assert told(three, shuffled) == [("spec.ingress[1].ports[0].port", "~", 2, 4)]


def test_order_and_repetition_of_a_set_are_no_change() -> None:
    two = put(WEB, f"{FROM}/-", peer("api"))
    reversed_and_repeated = put(two, FROM, [peer("api"), peer("gateway"), peer("api")])
    assert told(two, reversed_and_repeated) == []


def test_strings_of_a_set_are_added_and_removed_one_by_one() -> None:
    assert told(WEB, put(WEB, "/spec/policyTypes", ["Egress"])) == [
        ("spec.policyTypes", "-", "Ingress", None),
        ("spec.policyTypes", "+", None, "Egress"),
    ]


def test_a_whole_set_that_comes_or_goes_is_told_by_its_elements() -> None:
    assert told(WEB, drop(WEB, "/spec/ingress")) == [("spec.ingress", "-", WEB["spec"]["ingress"][0], None)]
    assert told(WEB, put(WEB, "/metadata/finalizers", ["a", "b"])) == [
        ("metadata.finalizers", "+", None, "a"),
        ("metadata.finalizers", "+", None, "b"),
    ]
    assert told(WEB, put(WEB, "/metadata/ownerReferences", [owner("a")])) == [
        ("metadata.ownerReferences", "+", None, owner("a"))
    ]


def test_rules_are_paired_with_those_they_are_most_like() -> None:
    reader = cluster_role(
        rules=[rule("get list", "pods"), rule("get list", "services"), rule("get", "nodes")]
    )
    edited = cluster_role(
        rules=[rule("get", "nodes"), rule("get list", "services endpoints"), rule("get list delete", "pods")]
    )
    assert told(reader, edited) == [
        ("rules[0].verbs", "+", None, "delete"),
        ("rules[1].resources", "+", None, "endpoints"),
    ]


def test_more_rules_than_can_be_paired_are_told_whole() -> None:
    many = cluster_role(rules=[rule("get", f"r{i}") for i in range(40)])
    others = cluster_role(rules=[rule("list", f"r{i}") for i in range(40)])
    assert [change.sign for change in changes(many, others)] == ["-"] * 40 + ["+"] * 40


def test_subjects() -> None:
    assert told(role_binding(person("bob")), role_binding(person("bob"), person("eve"))) == [
        ("subjects", "+", None, person("eve"))
    ]
    assert told(role_binding(person("bob")), role_binding(person("eve"))) == [
        ("subjects[0].name", "~", "bob", "eve")
    ]


def test_what_an_aggregation_rule_selects() -> None:
    other = put(aggregated_role(), "/aggregationRule/clusterRoleSelectors/0/matchLabels", {"a": "b"})
    assert {change.path for change in changes(aggregated_role(), other)} == {
        "aggregationRule.clusterRoleSelectors[0].matchLabels[example.com/aggregate-to-monitoring]",
        "aggregationRule.clusterRoleSelectors[0].matchLabels[a]",
    }


# Rules and paths of an Ingress, by name


def test_rules_and_paths_are_named_and_not_numbered() -> None:
    changed = put(SHOP, "/spec/rules/0/http/paths/0/backend/service/port/number", 81)
    assert told(SHOP, changed) == [
        (
            "spec.rules[host=shop.example.com].http.paths[/cart Prefix].backend.service.port.number",
            "~",
            80,
            81,
        )
    ]


def test_a_rule_or_path_more_or_less() -> None:
    other_host = {"host": "b.example.com", "http": {"paths": [path("/", "b")]}}
    admin = path("/admin", "admin")
    assert told(SHOP, put(SHOP, "/spec/rules/-", other_host)) == [
        ("spec.rules[host=b.example.com]", "+", None, other_host)
    ]
    two_paths = put(SHOP, "/spec/rules/0/http/paths/-", admin)
    assert told(two_paths, SHOP) == [
        ("spec.rules[host=shop.example.com].http.paths[/admin Prefix]", "-", admin, None)
    ]


def test_all_rules_gone_are_told_as_a_whole() -> None:
    assert told(SHOP, put(SHOP, "/spec/rules", [])) == [("spec.rules", "-", SHOP["spec"]["rules"], None)]


def test_a_path_of_another_type_is_another_path() -> None:
    exact = put(SHOP, "/spec/rules/0/http/paths/0/pathType", "Exact")
    assert [(change.path.rpartition(".")[2], change.sign) for change in changes(SHOP, exact)] == [
        ("paths[/cart Prefix]", "-"),
        ("paths[/cart Exact]", "+"),
    ]


def test_a_changed_order_is_told_where_it_counts() -> None:
    first, second = path("/*", "a", "ImplementationSpecific"), path("/b", "b", "ImplementationSpecific")
    shop = put(SHOP, "/spec/rules/0/http/paths", [first, second])
    reordered = put(SHOP, "/spec/rules/0/http/paths", [second, first])
    assert told(shop, reordered) == [
        (
            "spec.rules[host=shop.example.com].http.paths (order)",
            "~",
            ["/* ImplementationSpecific", "/b ImplementationSpecific"],
            ["/b ImplementationSpecific", "/* ImplementationSpecific"],
        )
    ]


def test_a_changed_order_is_not_told_where_it_does_not_count() -> None:
    two = put(SHOP, "/spec/rules/0/http/paths/-", path("/admin", "admin"))
    reordered = put(two, "/spec/rules/0/http/paths", two["spec"]["rules"][0]["http"]["paths"][::-1])
    changed = labelled(reordered, {"a": "b"})
    assert told(two, changed) == [("metadata.labels[a]", "+", None, "b")]


def test_rules_that_share_a_host_are_told_as_a_whole() -> None:
    twice = put(SHOP, "/spec/rules", [{"host": "a", "http": {"paths": [path("/", x)]}} for x in ("a", "b")])
    swapped = put(SHOP, "/spec/rules", twice["spec"]["rules"][::-1])
    assert told(twice, swapped) == [("spec.rules", "~", twice["spec"]["rules"], swapped["spec"]["rules"])]


def test_rules_that_cannot_be_named_are_told_as_a_whole() -> None:
    odd = put(SHOP, "/spec/rules", ["x"])
    assert told(SHOP, odd) == [("spec.rules", "~", SHOP["spec"]["rules"], ["x"])]


# Deviations: the coarser view that tells whether a change only converges


def units(declared: Object, actual: Object) -> set[tuple[str, ...]]:
    kind = kind_of(declared)
    return {pointer for pointer, _, _ in deviations(kind, normalize(declared, kind), normalize(actual, kind))}


def test_what_is_one_deviation() -> None:
    assert units(WEB, put(put(WEB, "/spec/egress", [{}]), "/spec/podSelector", {})) == {("spec",)}
    assert units(SHOP, annotated(put(SHOP, "/spec/rules", []), {"a": "1"})) == {("spec",)}
    assert units(cluster_role(), cluster_role(rules=[])) == {("rules",)}
    assert units(role_binding(), role_binding(person("a"), person("b"))) == {("subjects",)}


def test_what_is_one_deviation_each() -> None:
    drifted = put(put(labelled(WEB, {"a": "1", "b": "2"}), "/metadata/finalizers", ["x", "y"]), "/unknown", 1)
    assert units(WEB, annotated(drifted, {"c": "3"})) == {
        ("metadata", "labels", "a"),
        ("metadata", "labels", "b"),
        ("metadata", "annotations", "c"),
        ("metadata", "finalizers", '"x"'),
        ("metadata", "finalizers", '"y"'),
        ("unknown",),
    }


def test_a_deviation_carries_both_values() -> None:
    kind = kind_of(WEB)
    ((pointer, declared, actual),) = deviations(
        kind, normalize(WEB, kind), normalize(labelled(WEB, {"a": "1"}), kind)
    )
    assert (pointer, declared, actual) == (("metadata", "labels", "a"), b"", b'"1"')


def test_metadata_that_cannot_be_read_is_no_error() -> None:
    assert deviations(kind_of(WEB), {"metadata": "odd", "spec": {}}, {"metadata": {"name": "a"}, "spec": {}})
