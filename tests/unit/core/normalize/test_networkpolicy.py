"""The laws of a NetworkPolicy's canonical form: what means the same, and what never does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Object, drop, network_policy, peer, put
from webhook.core.kinds import NETWORK_POLICY
from webhook.core.normalize import normalize

ABSENT = "absent"
ALL_PODS: Object = {"podSelector": {}}


def form(**spec: Any) -> Object:
    """Return the canonical form of a policy; a field that is ``ABSENT`` is not written at all."""
    written = {name: value for name, value in spec.items() if value is not ABSENT}
    canonical = normalize(
        network_policy(**written) if written else drop(network_policy(), "/spec"), NETWORK_POLICY
    )
    assert normalize(canonical, NETWORK_POLICY) == canonical
    return canonical


def rule_form(**rule: Any) -> Object:
    """Return the canonical form of a policy with one ingress rule."""
    written = {name: value for name, value in rule.items() if value is not ABSENT}
    return form(podSelector={}, ingress=[written])


def all_the_same(forms: list[Object]) -> bool:
    return all(each == forms[0] for each in forms)


def all_different(forms: list[Object]) -> bool:
    return all(a != b for i, a in enumerate(forms) for b in forms[i + 1 :])


# The same meaning


@pytest.mark.parametrize("nothing", [None, [], ABSENT])
def test_no_ingress_rules_missing_null_or_empty(nothing: Any) -> None:
    assert form(podSelector={}, ingress=nothing) == form(podSelector={})


@pytest.mark.parametrize("nothing", [None, [], ABSENT])
def test_no_egress_rules_missing_null_or_empty(nothing: Any) -> None:
    assert form(podSelector={}, policyTypes=["Egress"], egress=nothing) == form(
        podSelector={}, policyTypes=["Egress"]
    )


@pytest.mark.parametrize("field", ["from", "ports"])
def test_a_rule_for_everything_missing_null_or_empty(field: str) -> None:
    nothing: list[Any] = [None, [], ABSENT]
    assert all_the_same([rule_form(**{field: value}) for value in nothing])


def test_an_egress_rule_to_everything_missing_null_or_empty() -> None:
    rules: list[Object] = [{"to": None}, {"to": []}, {}]
    assert all_the_same([form(podSelector={}, egress=[rule]) for rule in rules])


def test_a_null_rule_allows_everything_as_an_empty_one_does() -> None:
    assert form(podSelector={}, ingress=[None]) == form(podSelector={}, ingress=[{}])
    assert form(podSelector={}, egress=[None]) == form(podSelector={}, egress=[{}])


def test_a_null_port_is_any_tcp_port() -> None:
    assert rule_form(ports=[None]) == rule_form(ports=[{}]) == rule_form(ports=[{"protocol": "TCP"}])


def test_a_pod_selector_missing_null_or_empty_selects_all_pods() -> None:
    assert form(podSelector=None, ingress=[{}]) == form(ingress=[{}]) == form(podSelector={}, ingress=[{}])


def test_a_policy_without_a_spec_is_one_with_an_empty_spec() -> None:
    assert form(podSelector=ABSENT) == form(podSelector={})
    assert normalize(put(network_policy(), "/spec", None), NETWORK_POLICY) == form(podSelector={})


def test_tcp_is_the_protocol_of_a_port_that_names_none() -> None:
    assert rule_form(ports=[{"port": 80}]) == rule_form(ports=[{"port": 80, "protocol": "TCP"}])
    assert rule_form(ports=[{"port": 80, "protocol": None}]) == rule_form(ports=[{"port": 80}])


def test_a_range_of_one_port_is_that_port() -> None:
    assert rule_form(ports=[{"port": 80, "endPort": 80}]) == rule_form(ports=[{"port": 80}])


@pytest.mark.parametrize(
    "selector",
    [{"matchLabels": None}, {"matchLabels": {}}, {"matchExpressions": []}, {"matchExpressions": None}],
)
def test_a_selector_that_asks_for_nothing_is_empty(selector: Object) -> None:
    assert form(podSelector=selector) == form(podSelector={})
    assert rule_form(**{"from": [{"namespaceSelector": selector}]}) == rule_form(
        **{"from": [{"namespaceSelector": {}}]}
    )


def test_a_null_label_is_the_empty_string() -> None:
    assert form(podSelector={"matchLabels": {"app": None}}) == form(podSelector={"matchLabels": {"app": ""}})


def test_values_of_an_expression_missing_null_or_empty() -> None:
    nothing: list[Object] = [{}, {"values": None}, {"values": []}]
    expressions = [{"key": "app", "operator": "Exists", **values} for values in nothing]
    assert all_the_same([form(podSelector={"matchExpressions": [each]}) for each in expressions])


def test_rules_peers_ports_and_types_are_sets() -> None:
    a, b = {"from": [peer("a"), peer("b")], "ports": [{"port": 1}, {"port": 2}]}, {"from": [peer("c")]}
    a_reversed = {"from": [peer("b"), peer("a")], "ports": [{"port": 2}, {"port": 1}]}
    one = form(podSelector={}, policyTypes=["Ingress", "Egress"], ingress=[a, b])
    other = form(podSelector={}, policyTypes=["Egress", "Ingress"], ingress=[b, a_reversed, a])
    assert one == other


def test_except_and_the_values_of_expressions_are_sets() -> None:
    def selecting(values: list[str], excepted: list[str]) -> Object:
        expression = {"key": "app", "operator": "In", "values": values}
        return form(
            podSelector={"matchExpressions": [{"key": "z", "operator": "Exists"}, expression]},
            ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": excepted}}]}],
        )

    assert selecting(["a", "b"], ["10.1.0.0/16", "10.2.0.0/16"]) == selecting(
        ["b", "a", "a"], ["10.2.0.0/16", "10.1.0.0/16"]
    )


def test_the_order_of_expressions_does_not_matter() -> None:
    exists, gone = {"key": "a", "operator": "Exists"}, {"key": "b", "operator": "DoesNotExist"}
    assert form(podSelector={"matchExpressions": [exists, gone]}) == form(
        podSelector={"matchExpressions": [gone, exists]}
    )


# policyTypes, as for a fresh create


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ({}, ["Ingress"]),
        ({"ingress": [{}]}, ["Ingress"]),
        ({"egress": [{}]}, ["Egress", "Ingress"]),
        ({"egress": [None]}, ["Egress", "Ingress"]),
        ({"egress": []}, ["Ingress"]),
        ({"egress": None}, ["Ingress"]),
        ({"egress": [{}], "policyTypes": []}, ["Egress", "Ingress"]),
        ({"egress": [{}], "policyTypes": None}, ["Egress", "Ingress"]),
        ({"egress": [{}], "policyTypes": ["Ingress"]}, ["Ingress"]),
        ({"policyTypes": ["Egress"]}, ["Egress"]),
    ],
)
def test_policy_types_are_resolved_before_empty_rules_are_dropped(spec: Object, types: list[str]) -> None:
    assert form(podSelector={}, **spec)["spec"]["policyTypes"] == types


def test_an_empty_egress_with_its_type_denies_all_and_without_it_says_nothing() -> None:
    denies_all = form(podSelector={}, policyTypes=["Ingress", "Egress"], egress=[])
    assert denies_all != form(podSelector={}, egress=[])


# Different meaning


def test_no_rule_is_not_a_rule_for_everything() -> None:
    assert all_different([form(podSelector={}), form(podSelector={}, ingress=[{}])])
    assert all_different(
        [
            form(podSelector={}, policyTypes=["Egress"]),
            form(podSelector={}, policyTypes=["Egress"], egress=[{}]),
        ]
    )


def test_no_ports_are_not_any_tcp_port() -> None:
    assert all_different([rule_form(ports=[]), rule_form(ports=[{}])])


def test_peers() -> None:
    both = {"podSelector": {"matchLabels": {"a": "b"}}, "namespaceSelector": {"matchLabels": {"c": "d"}}}
    pods, namespaces = ({name: value} for name, value in both.items())
    ways: list[list[Object]] = [
        [],
        [both],
        [pods, namespaces],
        [pods],
        [namespaces],
        [ALL_PODS],
        [{"namespaceSelector": {}}],
        [{"podSelector": {}, "namespaceSelector": {}}],
        [{"ipBlock": {"cidr": "0.0.0.0/0"}}],
        [{"ipBlock": {"cidr": "::/0"}}],
        [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}],
    ]
    assert all_different([rule_form(**{"from": peers}) for peers in ways])


def test_ports() -> None:
    assert all_different(
        [
            rule_form(ports=ports)
            for ports in (
                [{"port": 80}],
                [{"port": "80"}],
                [{"port": "http"}],
                [{"port": 80, "protocol": "UDP"}],
                [{"port": 80, "endPort": 81}],
                [{"port": 81}],
                [{"port": 80}, {"port": 81}],
                [{"protocol": "UDP"}],
            )
        ]
    )


def test_selectors() -> None:
    assert all_different(
        [
            form(podSelector=selector)
            for selector in (
                {},
                {"matchLabels": {"app": "web"}},
                {"matchLabels": {"app": ""}},
                {"matchLabels": {"app": "web", "tier": "web"}},
                {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
                {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
                {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]},
                {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]},
                {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]},
            )
        ]
    )


def test_from_is_not_to_and_ingress_is_not_egress() -> None:
    peers = [peer("a")]
    types = ["Ingress", "Egress"]
    assert all_different(
        [
            form(podSelector={}, policyTypes=types, ingress=[{"from": peers}]),
            form(podSelector={}, policyTypes=types, egress=[{"to": peers}]),
            form(podSelector={}, policyTypes=types, ingress=[{"to": peers}]),
        ]
    )


def test_one_rule_with_two_halves_is_not_two_rules() -> None:
    ports = [{"port": 80}]
    assert all_different(
        [
            form(podSelector={}, ingress=[{"from": [peer("a")], "ports": ports}]),
            form(podSelector={}, ingress=[{"from": [peer("a")]}, {"ports": ports}]),
        ]
    )


def test_host_bits_of_a_cidr_are_kept_as_the_server_keeps_them() -> None:
    assert rule_form(**{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}) != rule_form(
        **{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}
    )


# What the API would not take


@pytest.mark.parametrize(
    "spec",
    [
        "all",
        ["all"],
        5,
        {"ingress": {}},
        {"ingress": "all"},
        {"ingress": [5]},
        {"ingress": [{"from": "all"}]},
        {"ingress": [{"ports": {"port": 80}}]},
        {"podSelector": []},
        {"podSelector": {"matchLabels": ["app"]}},
        {"policyTypes": "Ingress"},
        {"policyTypes": [None]},
        {"unknown": []},
        {"unknown": {}},
        {"ingress": [{"unknown": None, "from": [{"unknown": [None]}]}]},
    ],
)
def test_what_cannot_be_read_is_kept_and_equals_nothing_valid(spec: Any) -> None:
    odd = normalize(put(network_policy(), "/spec", spec), NETWORK_POLICY)
    assert normalize(odd, NETWORK_POLICY) == odd
    assert all_different([odd, form(podSelector={}), form(podSelector={}, ingress=[{}])])


def test_an_unknown_field_is_kept_and_compared() -> None:
    assert form(podSelector={}, future=[2, 1])["spec"]["future"] == [2, 1]
    assert form(podSelector={}, future=[2, 1]) != form(podSelector={}, future=[1, 2])
    assert rule_form(**{"from": [{"podSelector": {}, "future": {"a": None}}]})["spec"]["ingress"][0][
        "from"
    ] == [{"podSelector": {}, "future": {"a": None}}]
