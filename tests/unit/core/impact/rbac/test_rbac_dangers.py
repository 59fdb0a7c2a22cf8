"""Which grants are named as dangerous, and how they rank."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.builders import Object, cluster_role, rule
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
    ("reads secrets", [rule("get", "secrets")]),
    ("reads secrets", [rule("watch", "secrets", resourceNames=["app"])]),
    ("makes tokens of ServiceAccounts", [rule("create", "serviceaccounts/token")]),
    ("runs commands in pods", [rule("create", "pods/exec")]),
    ("runs commands in pods", [rule("get", "pods/attach")]),
    ("adds containers to pods", [rule("patch", "pods/ephemeralcontainers")]),
    ("starts pods", [rule("create", "pods")]),
    ("starts pods", [rule("update", "daemonsets", "apps")]),
    ("starts pods", [rule("patch", "cronjobs", "batch")]),
    ("reaches ports of pods", [rule("create", "pods/portforward")]),
    ("", [rule("get list watch", "pods")]),
    ("", [rule("create", "secrets")]),
    ("", [rule("update", "pods")]),
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
