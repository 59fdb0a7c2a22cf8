"""What a change of RBAC may not grant under break-glass, because it would outlive its own end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    MAY_BREAK_GLASS,
    Object,
    aggregated_role,
    baseline,
    claimed,
    cluster_role,
    cluster_role_binding,
    decision,
    drop,
    kind_of,
    labelled,
    network_policy,
    person,
    put,
    review,
    role,
    role_binding,
    rule,
    ruling,
)
from webhook.core.escalation import escalation

AGGREGATE_TO_ADMIN = {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}
GIT = baseline(role(), cluster_role())


def fault(new: Object, old: Object | None = None, git: Any = GIT) -> str | None:
    return escalation(kind_of(new), old, new, "shop", git)


# Roles


@pytest.mark.parametrize("build", [role, cluster_role])
@pytest.mark.parametrize(
    ("granted", "why"),
    [
        (rule("break-glass", "networkpolicies", "baseward.io"), "it grants the verb break-glass"),
        (rule("get impersonate", "users"), "it grants the verb impersonate"),
        (rule("escalate", "roles", "rbac.authorization.k8s.io"), "it grants the verb escalate"),
        (rule("bind", "clusterroles", "rbac.authorization.k8s.io"), "it grants the verb bind"),
        (rule("*", "pods"), "it grants a wildcard in verbs"),
        (rule("get", "*"), "it grants a wildcard in resources"),
        (rule("get", "*/status"), "it grants a wildcard in resources"),
        (rule("get", "pods", "*"), "it grants a wildcard in apiGroups"),
        ({"verbs": ["get"], "nonResourceURLs": ["/metrics/*"]}, "it grants a wildcard in nonResourceURLs"),
        ({"verbs": ["get"], "nonResourceURLs": ["*"]}, "it grants a wildcard in nonResourceURLs"),
        *(
            (
                rule(verb, resource, "admissionregistration.k8s.io"),
                "it grants writes to webhook configurations",
            )
            for verb in ("create", "update", "patch", "delete", "deletecollection")
            for resource in ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
        ),
    ],
)
def test_a_role_that_grants_lasting_power_is_refused(build: Any, granted: Object, why: str) -> None:
    harmless = rule("get", "pods")
    assert fault(build(rules=[harmless, granted])) == why
    assert fault(build(rules=[harmless, granted]), build(rules=[harmless])) == why


@pytest.mark.parametrize(
    "verb",
    [
        "impersonate:user-info",
        "impersonate:serviceaccount",
        "impersonate:arbitrary-node",
        "impersonate-on:user-info:list",
    ],
)
def test_constrained_impersonation_is_impersonation(verb: str) -> None:
    # KEP-5284, on by default since Kubernetes 1.36.
    assert fault(role(rules=[rule(verb, "users", "authentication.k8s.io")])) == f"it grants the verb {verb}"


@pytest.mark.parametrize(
    "granted",
    [
        rule("get list watch", "validatingwebhookconfigurations", "admissionregistration.k8s.io"),
        rule("create update patch delete", "networkpolicies", "networking.k8s.io"),
        {"verbs": ["get"], "nonResourceURLs": ["/healthz"]},
        rule("get", "pods", resourceNames=["*"]),
    ],
)
def test_a_role_that_grants_something_else_is_not(granted: Object) -> None:
    assert fault(cluster_role(rules=[granted])) is None


def test_what_was_granted_before_may_stay() -> None:
    powerful = cluster_role(rules=[rule("*", "pods"), rule("bind", "roles")])
    assert fault(put(powerful, "/rules/-", rule("get", "pods")), powerful) is None
    assert fault(drop(powerful, "/rules/0"), powerful) is None


def test_what_was_granted_before_may_not_be_widened() -> None:
    bounded = cluster_role(rules=[rule("bind", "clusterroles", resourceNames=["view"])])
    assert fault(drop(bounded, "/rules/0/resourceNames"), bounded) == "it grants the verb bind"


@pytest.mark.parametrize(
    "name", ["aggregate-to-admin", "aggregate-to-edit", "aggregate-to-view", "aggregate-to-mine"]
)
def test_an_aggregate_to_label_is_refused(name: str) -> None:
    label = f"rbac.authorization.k8s.io/{name}"
    assert fault(labelled(cluster_role(), {label: "true"}), cluster_role()) == f"it sets the label {label}"
    assert fault(labelled(cluster_role(), {label: "true"})) == f"it sets the label {label}"
    before = labelled(cluster_role(), {label: "false"})
    assert fault(labelled(cluster_role(), {label: "true"}), before) == f"it sets the label {label}"


def test_an_aggregate_to_label_may_stay_or_go() -> None:
    labelled_role = labelled(cluster_role(), AGGREGATE_TO_ADMIN)
    assert fault(put(labelled_role, "/rules/-", rule("get", "secrets")), labelled_role) is None
    assert fault(cluster_role(), labelled_role) is None


def test_another_label_may_bring_power_that_was_there_under_an_aggregation_rule() -> None:
    powerful = cluster_role(rules=[rule("*", "pods")])
    assert fault(labelled(powerful, {"a": "b"}), powerful) == "it grants a wildcard in verbs"
    assert fault(labelled(cluster_role(), {"a": "b"}), cluster_role()) is None


def test_what_an_aggregation_rule_gathers_is_not_known() -> None:
    why = "it changes the aggregationRule, and what that gathers is not known"
    assert fault(aggregated_role()) == why
    assert fault(cluster_role("monitoring"), aggregated_role()) == why
    assert (
        fault(put(aggregated_role(), "/aggregationRule/clusterRoleSelectors", [{}]), aggregated_role()) == why
    )


def test_the_rules_of_an_aggregated_role_are_looked_at_too() -> None:
    widened = aggregated_role(rule("*", "*"))
    assert fault(widened, aggregated_role()) is not None


def test_nobody_breaks_the_glass_to_fill_an_aggregated_role_with_power() -> None:
    powerful = claimed(aggregated_role(rule("*", "*")))
    by_oncall = review("UPDATE", aggregated_role(), powerful, user="oncall")
    assert ruling(by_oncall, [aggregated_role()], access=MAY_BREAK_GLASS) == "13 denied break-glass-rejected"


@pytest.mark.parametrize("rules", [5, "all", True, {"verbs": ["*"]}, ["all"], [5], [["*"]]])
def test_rules_that_cannot_be_read_are_refused(rules: Any) -> None:
    assert fault(role(rules=rules)) == "its rules cannot be read"


@pytest.mark.parametrize("rules", [5, "all", True, {"verbs": ["*"]}, ["all"], [5], [["*"]]])
def test_rules_that_could_not_be_read_before_are_no_error(rules: Any) -> None:
    assert fault(role(), role(rules=rules)) is None
    assert fault(labelled(role(rules=rules), {"a": "b"}), role(rules=rules)) == "its rules cannot be read"


# Bindings

TO_JOIN = [
    (role_binding, person("mallory"), person("bob")),
    (cluster_role_binding, person("mallory"), person("bob")),
]


@pytest.mark.parametrize(("build", "mallory", "bob"), TO_JOIN)
def test_a_binding_to_a_clean_role_of_the_snapshot_is_not_refused(
    build: Any, mallory: Object, bob: Object
) -> None:
    assert fault(build(bob, mallory)) is None
    assert fault(build(bob, mallory), build(bob)) is None


def test_a_role_binding_resolves_its_role_in_its_own_namespace() -> None:
    of_another_namespace = baseline(put(role(), "/metadata/namespace", "bank"))
    assert (
        fault(role_binding(), git=of_another_namespace)
        == "it binds Role shop/reader, which Git does not declare"
    )
    assert fault(role_binding(to="ClusterRole/reader")) is None
    assert fault(role_binding(to="ClusterRole/reader"), git=baseline(role())) == (
        "it binds ClusterRole reader, which Git does not declare"
    )


def test_a_binding_to_a_role_that_is_not_clean_is_refused() -> None:
    powerful = baseline(cluster_role(rules=[rule("get", "pods"), rule("impersonate", "users")]))
    assert (
        fault(cluster_role_binding(), git=powerful)
        == "it binds ClusterRole reader, and it grants the verb impersonate"
    )


def test_a_binding_to_a_role_with_gathered_rules_is_refused() -> None:
    gathered = baseline(aggregated_role(name="reader"))
    assert fault(cluster_role_binding(), git=gathered) == (
        "it binds ClusterRole reader, whose rules are aggregated and not known"
    )


@pytest.mark.parametrize("rules", [5, "all", {"verbs": ["get"]}, ["all"]])
def test_a_binding_to_a_role_that_cannot_be_read_is_refused(rules: Any) -> None:
    odd = baseline(cluster_role(rules=rules))
    assert (
        fault(cluster_role_binding(), git=odd) == "it binds ClusterRole reader, and its rules cannot be read"
    )


def test_a_binding_is_refused_before_there_is_a_snapshot() -> None:
    assert (
        fault(cluster_role_binding(), git=None) == "it binds ClusterRole reader, which Git does not declare"
    )


def test_fewer_subjects_are_never_refused() -> None:
    admins = cluster_role_binding(person("bob"), person("eve"), to="cluster-admin")
    assert fault(drop(admins, "/subjects/0"), admins, git=None) is None
    assert fault(put(admins, "/subjects", []), admins, git=None) is None


def test_the_same_subjects_for_another_role_are_judged() -> None:
    readers = cluster_role_binding(person("bob"))
    assert fault(cluster_role_binding(person("bob"), to="cluster-admin"), readers) == (
        "it binds ClusterRole cluster-admin, which Git does not declare"
    )


@pytest.mark.parametrize("role_ref", [None, "admin", 5, ["a"]])
def test_a_binding_whose_role_cannot_be_read_is_refused(role_ref: Any) -> None:
    assert fault(put(role_binding(), "/roleRef", role_ref)) == "its roleRef cannot be read"


@pytest.mark.parametrize("subjects", [5, "all", True, {"a": "b"}, [5]])
def test_subjects_that_cannot_be_read_are_no_error(subjects: Any) -> None:
    odd = put(cluster_role_binding(to="gone"), "/subjects", subjects)
    assert fault(odd, cluster_role_binding(to="gone")) is not None
    assert fault(cluster_role_binding(to="gone"), odd) is not None


def test_a_hostile_name_is_made_safe() -> None:
    why = fault(cluster_role_binding(to="\x1b[31m\nadmin" + "x" * 999))
    assert why is not None
    assert why.isprintable()
    assert len(why) < 200


# What it means for a decision


@pytest.mark.parametrize("new", [network_policy(podSelector={})])
def test_other_kinds_grant_nothing(new: Object) -> None:
    assert fault(new) is None


def test_a_claim_that_would_escalate_is_rejected_and_says_why() -> None:
    widened = claimed(put(cluster_role(), "/rules/-", rule("escalate", "roles")))
    by_oncall = review("UPDATE", cluster_role(), widened, user="oncall")
    verdict = decision(by_oncall, [cluster_role()], access=MAY_BREAK_GLASS)
    assert (verdict.row, verdict.reason, verdict.note) == (
        13,
        "break-glass-rejected",
        "it grants the verb escalate",
    )


def test_a_harmless_change_of_rbac_may_be_made_under_break_glass() -> None:
    widened = claimed(put(cluster_role(), "/rules/-", rule("get", "secrets")))
    joined = claimed(role_binding(person("bob"), person("oncall")))
    for new, git in ((widened, [cluster_role()]), (joined, [role(), role_binding()])):
        by_oncall = review("CREATE", new=new, user="oncall")
        assert ruling(by_oncall, git, access=MAY_BREAK_GLASS) == "7 warned break-glass"


def test_deleting_rbac_grants_nothing() -> None:
    powerful = claimed(cluster_role(rules=[rule("*", "*")]))
    by_oncall = review("DELETE", powerful, user="oncall")
    assert ruling(by_oncall, [cluster_role()], access=MAY_BREAK_GLASS) == "7 warned break-glass"
