"""A break-glass claim that does not hold is denied, and the denial says exactly why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests import builders
from tests.builders import annotated, network_policy, person, role_binding, rule
from tests.e2e.answers import Answer, assert_allowed, denial_of, unwrapped, warnings_of
from tests.e2e.baseward import Baseward
from tests.e2e.changes import annotating, apply, claim, collection_of, opened, patch
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock

pytestmark = pytest.mark.usefixtures("baseward")


NO_TIME = "its end is no RFC 3339 time, such as 2030-01-31T18:00:00Z"
TOO_FAR = "its end is 3 h away, more than the 60 min allowed"
NOBODY = "it does not say by whom: set baseward.io/break-glass-by to your username"
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"ends_in": timedelta(minutes=-5)}, "it expired 5 min ago"),
    "too long": ({"ends_in": timedelta(hours=3)}, TOO_FAR),
    "no end": ({"expires": None}, NO_TIME),
    "an end in words": ({"expires": "tomorrow"}, NO_TIME),
    "no reason": ({"reason": ""}, "it has no reason"),
    "a reason of blanks": ({"reason": " " * 20}, "it has no reason"),
    "a short reason": ({"reason": "help"}, "its reason does not match the required '.{10,}'"),
    "nobody's": ({"by": ""}, NOBODY),
    "somebody else's": ({"by": "alice"}, "it is alice's, not yours"),
}


@pytest.mark.parametrize(("faulty", "why"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_claim_does_not_hold(
    cluster: Cluster,
    baseward: Baseward,
    policy: Object,
    faulty: Object,
    why: str,
) -> None:
    content = {**annotating(claim(**faulty)), "spec": opened(policy)["spec"]}
    denial = denial_of(patch(cluster, policy, content, as_user="oncall"))
    name = policy["metadata"]["name"]
    assert unwrapped(denial) == f"NetworkPolicy shop/{name}: the break-glass claim does not hold: {why}."
    assert baseward.last_decision(policy) == ("denied", "break-glass-rejected")


def test_a_faulty_claim_alone_is_denied_too(cluster: Cluster, policy: Object) -> None:
    denial = denial_of(patch(cluster, policy, annotating(claim(reason="help")), as_user="oncall"))
    assert "the break-glass claim does not hold" in denial


def test_who_has_no_right_to_it_by_rbac_does_not_break_it(baseward: Baseward, policy: Object) -> None:
    reason = ["--reason", "the shop is down, INC-4711"]
    name = policy["metadata"]["name"]
    answer = baseward.break_glass(f"netpol/{name}", "-n", "shop", *reason, as_user="alice")
    assert answer.returncode == 1
    assert (
        "the break-glass claim does not hold: you may not break-glass networkpolicies in namespace shop: "
        "RBAC would have to grant the verb break-glass on networkpolicies in the API group baseward.io"
    ) in unwrapped(denial_of(answer))


def test_an_expired_claim_that_is_still_there_decides_nothing(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    expired = annotated(opened(policy), claim(ends_in=timedelta(minutes=-5)))
    cluster.unwatched("apply", "-f", "-", input=expired)
    denial = denial_of(patch(cluster, policy, {"metadata": {"labels": {"tier": "front"}}}, as_user="oncall"))
    assert "the break-glass claim on it does not hold: it expired 5 min ago" in unwrapped(denial)
    assert baseward.last_decision(policy) == ("denied", "drift")
    assert_allowed(patch(cluster, policy, {"spec": policy["spec"]}))


def test_an_expired_claim_is_not_made_longer_by_who_may_not(cluster: Cluster, policy: Object) -> None:
    cluster.unwatched("apply", "-f", "-", input=annotated(policy, claim(ends_in=timedelta(minutes=-5))))
    longer = {"baseward.io/break-glass-expires": claim()["baseward.io/break-glass-expires"]}
    assert "it is oncall's, not yours" in denial_of(patch(cluster, policy, annotating(longer)))


@pytest.mark.parametrize("claimed_by", ["oncall", "admin"])
def test_a_collection_is_not_deleted_under_a_claim(cluster: Cluster, policy: Object, claimed_by: str) -> None:
    warnings_of(patch(cluster, policy, annotating(claim(by=claimed_by)), as_user=claimed_by))
    answer = cluster.kubectl("delete", "--raw", collection_of(policy), as_user=claimed_by, check=False)
    assert "is declared in Git, and may not be deleted" in denial_of(answer)
    assert cluster.get(policy)


def test_a_claim_for_a_generated_name_asks_for_that_name(cluster: Cluster, stock: Stock) -> None:
    debug = annotated(network_policy("unused"), claim(by="alice"))
    del debug["metadata"]["name"]
    debug["metadata"]["generateName"] = f"{stock.name('debug')}-"
    answer = cluster.kubectl("create", "-f", "-", as_user="alice", input=debug, check=False)
    assert "you may not break-glass networkpolicies" in unwrapped(denial_of(answer))


# Who may is plain RBAC


@pytest.fixture
def granted(cluster: Cluster, stock: Stock) -> Iterator[Callable[..., None]]:
    """A way to grant rules in the namespace shop to a user or a group, as if before Baseward."""
    name = stock.name("granted")
    role = builders.role(name)

    def grant(subject: Object, *rules: Object) -> None:
        cluster.unwatched("apply", "-f", "-", input={**role, "rules": list(rules)})
        cluster.unwatched("apply", "-f", "-", input=role_binding(subject, to=f"Role/{name}", name=name))

    yield grant
    for kind in ("role", "rolebinding"):
        cluster.unwatched("delete", kind, name, "-n", "shop", "--ignore-not-found")


MAY_WRITE = rule("get patch", "networkpolicies", "networking.k8s.io")


def test_a_right_on_one_object_breaks_the_glass_on_that_one(
    cluster: Cluster, stock: Stock, granted: Callable[..., None]
) -> None:
    mine, other = stock.take("NetworkPolicy"), stock.take("NetworkPolicy")
    name = mine["metadata"]["name"]
    granted(person("alice"), rule("break-glass", "networkpolicies", "baseward.io", resourceNames=[name]))
    content = annotating(claim(by="alice"))
    assert "glass broken by alice" in warnings_of(patch(cluster, mine, content))[0]
    assert "you may not break-glass networkpolicies" in unwrapped(denial_of(patch(cluster, other, content)))


def test_a_right_of_a_group_is_a_right_of_its_members(
    cluster: Cluster, policy: Object, granted: Callable[..., None]
) -> None:
    firefighters = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "firefighters"}
    granted(firefighters, MAY_WRITE, rule("break-glass", "networkpolicies", "baseward.io"))
    content = annotating(claim(by="bob"))
    member = ["--as=bob", "--as-group=firefighters"]
    assert "glass broken by bob" in warnings_of(patch(cluster, policy, content, *member, as_user="admin"))[0]


def test_a_right_to_do_anything_with_policies_breaks_no_glass(
    cluster: Cluster, policy: Object, granted: Callable[..., None]
) -> None:
    granted(person("carol"), rule("*", "*", "networking.k8s.io"))
    answer = patch(cluster, policy, annotating(claim(by="carol")), "--as=carol", as_user="admin")
    assert "you may not break-glass networkpolicies" in unwrapped(denial_of(answer))


# What is granted under break-glass may not outlast it

RULES = {
    "break-glass": rule("break-glass", "networkpolicies", "baseward.io"),
    "impersonate": rule("impersonate", "users"),
    "escalate": rule("get escalate", "roles", "rbac.authorization.k8s.io"),
    "bind": rule("bind", "clusterroles", "rbac.authorization.k8s.io"),
    "any verb": rule("*", "pods"),
    "any resource": rule("get", "*"),
    "any group": rule("get", "pods", "*"),
    "webhook configurations": rule(
        "get update", "validatingwebhookconfigurations", "admissionregistration.k8s.io"
    ),
}


def claimed_with(rules: list[Object]) -> Object:
    return {**annotating(claim()), "rules": rules}


@pytest.mark.parametrize("power", RULES.values(), ids=RULES)
def test_it_grants_no_lasting_power(cluster: Cluster, cluster_role: Object, power: Object) -> None:
    content = claimed_with([*cluster_role["rules"], power])
    denial = denial_of(patch(cluster, cluster_role, content, as_user="oncall"))
    assert "the break-glass claim does not hold: it grants" in unwrapped(denial)


def test_it_grants_no_lasting_power_under_a_claim_from_before_either(cluster: Cluster, role: Object) -> None:
    warnings_of(patch(cluster, role, annotating(claim()), as_user="oncall"))
    wider = {"rules": [*role["rules"], rule("*", "secrets")]}
    assert "it grants a wildcard in verbs" in denial_of(patch(cluster, role, wider, as_user="oncall"))


def test_it_grants_what_ends_with_the_drift(cluster: Cluster, role: Object) -> None:
    content = claimed_with([*role["rules"], rule("get", "pods")])
    assert "glass broken by oncall" in warnings_of(patch(cluster, role, content, as_user="oncall"))[0]


def test_it_aggregates_nothing(cluster: Cluster, cluster_role: Object) -> None:
    content = annotating(claim())
    content["metadata"]["labels"] = {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}
    denial = denial_of(patch(cluster, cluster_role, content, as_user="oncall"))
    assert "it sets the label rbac.authorization.k8s.io/aggregate-to-admin" in unwrapped(denial)


def create(cluster: Cluster, obj: Object) -> Answer:
    return cluster.kubectl("create", "-f", "-", as_user="oncall", input=obj, check=False)


def test_it_creates_no_role_of_lasting_power(cluster: Cluster, stock: Stock) -> None:
    root = annotated(builders.cluster_role(stock.name("root"), rules=[rule("*", "*", "*")]), claim())
    assert "it grants a wildcard in verbs" in denial_of(create(cluster, root))


def test_it_binds_no_role_that_git_does_not_declare(cluster: Cluster, stock: Stock) -> None:
    binding = builders.cluster_role_binding(person("oncall"), to="cluster-admin", name=stock.name("root"))
    denial = unwrapped(denial_of(create(cluster, annotated(binding, claim()))))
    assert "it binds ClusterRole cluster-admin, which Git does not declare" in denial


def test_it_binds_a_role_that_git_declares_and_that_is_harmless(
    cluster: Cluster, stock: Stock, role: Object
) -> None:
    name = role["metadata"]["name"]
    binding = role_binding(person("bob"), to=f"Role/{name}", name=stock.name("helpers"))
    try:
        answer = create(cluster, annotated(binding, claim()))
        assert "glass broken by oncall" in warnings_of(answer)[0]
    finally:
        cluster.unwatched("delete", *target(binding), "--ignore-not-found")


def test_a_claim_of_the_gitops_account_keeps_nobody_off(cluster: Cluster, policy: Object) -> None:
    by = "system:serviceaccount:gitops-system:gitops"
    patch(cluster, policy, annotating(claim(by=by)), as_user="gitops")
    removed = annotating(dict.fromkeys(claim()))
    assert_allowed(patch(cluster, policy, removed))


def test_the_gitops_account_does_not_break_it(cluster: Cluster, baseward: Baseward, policy: Object) -> None:
    by = "system:serviceaccount:gitops-system:gitops"
    answer = apply(cluster, annotated(opened(policy), claim(by=by)), as_user="gitops")
    assert baseward.last_decision(policy) == ("warned", "approver-mismatch")
    assert not any("glass broken" in warning for warning in warnings_of(answer))
