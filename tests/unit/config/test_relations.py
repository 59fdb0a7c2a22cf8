"""What must fit together across the file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.config.sample import faults_in, minimal, problem_at

PLATFORM = {"name": "platform", "repository": "/srv/git/platform"}
SHOP = {"name": "shop", "repository": "/srv/git/shop"}


def baseline(*sources: dict[str, Any], **values: Any) -> dict[str, Any]:
    return minimal() | {"baseline": {"sources": list(sources), **values}}


def approvers(*entries: dict[str, Any]) -> dict[str, Any]:
    return baseline(PLATFORM, SHOP) | {"approvers": list(entries)}


def test_an_approvers_sources_must_be_configured() -> None:
    assert faults_in(approvers({"user": "a", "sources": ["shop"]}, {"user": "b", "sources": ["*"]})) == ()
    document = approvers({"user": "a", "sources": ["shop", "platfrom"]})
    assert problem_at("approvers[0].sources[1]", document) == (
        'no source is named "platfrom"; did you mean "platform"?'
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"content": "trusted"}),
        ({}, {"kinds": ["*"], "namespaces": ["*"], "sources": ["*"]}),
        ({}, {"kinds": ["*", "Role"]}),
        ({"kinds": ["Role", "Ingress"]}, {"kinds": ["Ingress", "Role"]}),
    ],
)
def test_the_same_approver_twice_is_a_fault(first: dict[str, Any], second: dict[str, Any]) -> None:
    problem = problem_at("approvers[1]", approvers({"user": "a", **first}, {"user": "a", **second}))
    assert problem == "the same user, namespaces, kinds, sources as approvers[0]; remove one of the two"


@pytest.mark.parametrize(
    "second",
    [{"user": "b"}, {"user": "a", "kinds": ["Role"]}, {"user": "a", "namespaces": ["shop-*"]}],
)
def test_approvers_that_differ_in_user_or_narrowing_are_two(second: dict[str, Any]) -> None:
    assert faults_in(approvers({"user": "a"}, second)) == ()


def with_addresses(own: str | None, served: str | None) -> dict[str, Any]:
    receiver = {"secret": "hook", "address": own}
    return baseline(PLATFORM, receiver=receiver) | {"serve": {"address": served}}


CONFLICTS = [
    ("0.0.0.0:8443", None, "baseline.receiver.address"),
    ("127.0.0.1:8443", "127.0.0.1:8443", "baseline.receiver.address"),
    ("127.0.0.1:8443", "[::]:8443", "baseline.receiver.address"),
    (None, "0.0.0.0:9444", "serve.address"),
    (None, "127.0.0.1:9444", "serve.address"),
]


@pytest.mark.parametrize(("own", "served", "place"), CONFLICTS)
def test_receiver_and_server_share_a_pod_and_so_its_ports(
    own: str | None, served: str | None, place: str
) -> None:
    problem = problem_at(place, with_addresses(own, served))
    assert problem.endswith("both are in one pod: choose another")


@pytest.mark.parametrize(
    ("own", "served"),
    [(None, None), ("127.0.0.1:9444", "127.0.0.1:8443"), ("127.0.0.1:8443", "127.0.0.2:8443")],
)
def test_two_ports_or_two_addresses_are_enough(own: str | None, served: str | None) -> None:
    assert faults_in(with_addresses(own, served)) == ()


def test_without_a_receiver_its_port_is_free() -> None:
    assert faults_in(minimal() | {"serve": {"address": "0.0.0.0:9444"}}) == ()


@pytest.mark.parametrize("section", ["rules", "approvers"])
def test_cluster_scoped_kinds_in_a_namespace_match_nothing(section: str) -> None:
    def entry(kinds: list[str], namespaces: list[str]) -> dict[str, Any]:
        user = {"user": "a"} if section == "approvers" else {}
        return minimal() | {section: [{**user, "kinds": kinds, "namespaces": namespaces}]}

    assert faults_in(entry(["ClusterRole"], ["*"])) == ()
    assert faults_in(entry(["ClusterRole", "Role"], ["shop"])) == ()
    assert faults_in(entry(["*"], ["shop"])) == ()
    problem = problem_at(f"{section}[0].namespaces", entry(["ClusterRole", "ClusterRoleBinding"], ["shop-*"]))
    assert problem.startswith("matches nothing: ClusterRole and ClusterRoleBinding have no namespace")


def test_fields_without_an_update_narrow_nothing() -> None:
    controller = {"user": "a", "kinds": ["Ingress"], "operations": ["CREATE"], "fields": ["/spec/tls"]}
    problem = problem_at("controllers[0].fields", minimal() | {"controllers": [controller]})
    assert problem.startswith("narrows an UPDATE, which is not among the operations")


def test_relations_are_reported_along_with_faults_that_keep_values_from_being_made() -> None:
    document = baseline(PLATFORM, PLATFORM, interval="1m", maxAge="1s", history="many")
    document |= {"mode": "off", "approvers": [{"user": "*", "sources": ["none"]}]}
    document |= {"ignore": [{"kinds": ["Role", "Rule"], "fields": ["/spec/tls"]}]}

    assert {fault.path for fault in faults_in(document)} == {
        "approvers[0].sources[0]",
        "approvers[0].user",
        "baseline.history",
        "baseline.maxAge",
        "baseline.sources[1].name",
        "ignore[0].fields[0]",
        "ignore[0].kinds[1]",
        "mode",
    }
