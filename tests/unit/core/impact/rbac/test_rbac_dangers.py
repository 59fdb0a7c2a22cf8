"""Which grants are named as dangerous, and how they rank."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.builders import Object, cluster_role, cluster_role_binding, person, role, role_binding, rule
from tests.unit.core.impact.rbac.small_worlds import impact
from webhook.core.impact import Finding
from webhook.core.kinds import RBAC

ADMISSION = "admissionregistration.k8s.io"
CERTIFICATES = "certificates.k8s.io"
AUTHENTICATION = "authentication.k8s.io"
WORST_FIRST = [
    ("everything", [rule("*", "*", "*")]),
    ("wildcard", [rule("*", "pods")]),
    ("wildcard", [rule("get", "leases", "*")]),
    ("wildcard", [rule("list", "*", "apps")]),
    ("wildcard", [rule("list", "*/status", "apps")]),
    ("wildcard", [rule("*", "*", "*", resourceNames=["a"])]),
    ("escalates its own rights", [rule("escalate", "roles", RBAC)]),
    ("escalates its own rights", [rule("escalate", "clusterroles", RBAC, resourceNames=["a"])]),
    ("binds any role", [rule("bind", "clusterroles", RBAC)]),
    ("impersonates others", [rule("impersonate", "users")]),
    ("impersonates others", [rule("impersonate", "uids", AUTHENTICATION)]),
    ("impersonates others", [rule("impersonate:user-info", "groups", AUTHENTICATION)]),
    ("writes RBAC", [rule("patch", "rolebindings", RBAC)]),
    ("breaks the glass", [rule("break-glass", "networkpolicies", "baseward.io")]),
    ("writes admission control", [rule("delete", "validatingwebhookconfigurations", ADMISSION)]),
    ("writes admission control", [rule("create", "mutatingadmissionpolicybindings", ADMISSION)]),
    ("approves certificates", [rule("update", "certificatesigningrequests/approval", CERTIFICATES)]),
    ("approves certificates", [rule("approve", "signers", CERTIFICATES)]),
    ("reaches into nodes", [rule("get", "nodes/proxy")]),
    ("reaches files of nodes", [rule("create", "persistentvolumes")]),
    ("reads secrets", [rule("get", "secrets")]),
    ("reads secrets", [rule("watch", "secrets", resourceNames=["app"])]),
    ("makes tokens of ServiceAccounts", [rule("create", "serviceaccounts/token")]),
    ("runs commands in pods", [rule("create", "pods/exec")]),
    ("runs commands in pods", [rule("get", "pods/attach")]),
    ("adds containers to pods", [rule("patch", "pods/ephemeralcontainers")]),
    ("starts pods", [rule("create", "pods")]),
    ("starts pods", [rule("update", "daemonsets", "apps")]),
    ("starts pods", [rule("patch", "cronjobs", "batch")]),
    ("relabels namespaces", [rule("patch", "namespaces")]),
    ("relabels namespaces", [rule("update", "namespaces/status", resourceNames=["shop"])]),
    ("reaches ports of pods", [rule("create", "pods/portforward")]),
    ("", [rule("get list watch", "pods")]),
    ("", [rule("create", "secrets")]),
    ("", [rule("update", "pods")]),
    ("", [rule("update", "persistentvolumes")]),
    ("", [rule("create delete", "namespaces")]),
    ("", [rule("get", "secrets", "example.com")]),
]


def found(rules: list[Object], before: list[Object]) -> Finding:
    (finding,) = impact(cluster_role(rules=before), cluster_role(rules=rules)).opens
    return finding


@pytest.mark.parametrize(("danger", "rules"), WORST_FIRST)
def test_a_danger_is_named(danger: str, rules: list[Object]) -> None:
    assert found(rules, []).danger.split(", ")[0] == danger


def test_the_worst_ranks_first() -> None:
    ranks = [found(rules, []).rank for _, rules in WORST_FIRST]
    assert all(before <= after for before, after in pairwise(ranks))
    assert len(set(ranks)) == len({danger for danger, _ in WORST_FIRST})


def test_what_a_wildcard_covers_is_named_behind_it() -> None:
    assert found([rule("get", "*")], []).danger == ("wildcard, reaches into nodes, reads secrets and 2 more")
    assert found([rule("create", "*/exec", "")], []).danger == "wildcard, runs commands in pods"


def test_what_was_allowed_before_is_no_danger_of_the_change() -> None:
    assert found([rule("get", "*")], [rule("get", "secrets nodes/proxy")]).danger == (
        "wildcard, runs commands in pods, reaches ports of pods"
    )


def test_a_finding_ranks_by_the_worst_of_it() -> None:
    both = found([rule("get", "secrets"), rule("create", "pods")], [])
    assert both.danger == "reads secrets, starts pods"
    assert both.rank == found([rule("get", "secrets")], []).rank


# In one namespace

NOTHING_IN_A_NAMESPACE = [
    rule("escalate", "clusterroles", RBAC),
    rule("impersonate", "users groups"),
    rule("impersonate", "users groups uids userextras nodes", AUTHENTICATION),
    rule("create", "clusterroles clusterrolebindings", RBAC),
    rule("break-glass", "clusterroles clusterrolebindings", "baseward.io"),
    rule("create", "validatingwebhookconfigurations mutatingadmissionpolicies", ADMISSION),
    rule("update", "certificatesigningrequests/approval", CERTIFICATES),
    rule("approve", "signers", CERTIFICATES),
    rule("get", "nodes/proxy"),
    rule("create", "persistentvolumes"),
]


@pytest.mark.parametrize("granted", NOTHING_IN_A_NAMESPACE)
def test_what_means_nothing_in_a_namespace_is_told_there_but_is_no_danger(granted: Object) -> None:
    bound = role_binding(person("eve"), to="ClusterRole/reader")
    git = cluster_role(rules=[granted])
    for found in (impact(None, role(rules=[granted])), impact(None, bound, git)):
        assert [finding.danger for finding in found.opens] == [""]
    assert [bool(finding.danger) for finding in impact(None, git).opens] == [True]


@pytest.mark.parametrize(
    ("danger", "granted"),
    [
        ("escalates its own rights", rule("escalate", "roles", RBAC)),
        ("binds any role", rule("bind", "clusterroles", RBAC)),  # asked for where the binding is
        ("impersonates others", rule("impersonate", "serviceaccounts")),
        ("writes RBAC", rule("create", "rolebindings", RBAC)),
        ("breaks the glass", rule("break-glass", "networkpolicies", "baseward.io")),
        ("relabels namespaces", rule("patch", "namespaces")),  # a namespace is asked for in itself
        ("everything", rule("*", "*", "*")),
        ("wildcard, reads secrets, runs commands in pods, reaches ports of pods", rule("get", "*")),
    ],
)
def test_what_is_dangerous_in_a_namespace_is_named(danger: str, granted: Object) -> None:
    (finding,) = impact(None, role(rules=[granted])).opens
    assert finding.danger.startswith(danger)


def test_one_role_is_as_dangerous_as_each_scope_in_which_it_is_bound_makes_it() -> None:
    git = [
        role_binding(person("eve"), to="ClusterRole/reader"),
        cluster_role_binding(person("bob"), to="reader"),
    ]
    found = impact(cluster_role(rules=[]), cluster_role(rules=[rule("get", "nodes/proxy")]), *git)
    assert [str(finding) for finding in found.opens] == [
        "User bob -> get nodes/proxy in the whole cluster (reaches into nodes)",
        "User eve -> get nodes/proxy in shop",
    ]
