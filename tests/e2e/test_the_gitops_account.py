"""The GitOps account brings what Git declares, now or lately; being it takes more than its name."""

from __future__ import annotations

import subprocess

import pytest

from tests.builders import put, rule
from tests.e2e.answers import assert_allowed, denial_of, warnings_of
from tests.e2e.baseward import GITOPS, Baseward
from tests.e2e.changes import apply, opened, patch, relabelled
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock

pytestmark = pytest.mark.usefixtures("baseward")

FLUX = ["--server-side", "--field-manager=kustomize-controller", "--force-conflicts"]


def apply_as_gitops(cluster: Cluster, obj: Object) -> subprocess.CompletedProcess[str]:
    return apply(cluster, obj, *FLUX, as_user="gitops")


KINDS = ["NetworkPolicy", "Ingress", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "aggregated"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_creates_what_git_declares(cluster: Cluster, baseward: Baseward, stock: Stock, kind: str) -> None:
    obj = stock.take(kind)
    cluster.unwatched("delete", *target(obj))
    assert_allowed(apply_as_gitops(cluster, obj))
    assert cluster.get(obj)
    assert baseward.last_decision(obj)[0] == "allowed"


def test_it_brings_drift_back(cluster: Cluster, policy: Object) -> None:
    cluster.unwatched("apply", "-f", "-", input=opened(policy))
    assert_allowed(apply_as_gitops(cluster, policy))


def test_it_prunes_what_git_does_not_declare_any_more(cluster: Cluster, undeclared: Object) -> None:
    assert_allowed(cluster.kubectl("delete", *target(undeclared), as_user="gitops", check=False))
    assert cluster.get(undeclared) is None


def test_it_may_write_the_bookkeeping_of_its_tool(cluster: Cluster, policy: Object) -> None:
    labels = {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}}
    assert_allowed(patch(cluster, policy, labels, as_user="gitops"))
    # ... which is no drift to others.
    assert_allowed(apply(cluster, policy))
    assert_allowed(patch(cluster, policy, {"spec": policy["spec"]}))


def test_the_rules_of_an_aggregated_role_are_no_drift_to_it(
    cluster: Cluster, baseward: Baseward, aggregated: Object
) -> None:
    cluster.unwatched("apply", "-f", "-", input={**aggregated, "rules": [rule("get", "pods")]})
    assert_allowed(apply_as_gitops(cluster, aggregated))
    assert baseward.last_decision(aggregated)[0] == "allowed"


def test_what_is_not_committed_yet_is_warned_about_and_not_denied(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    newer = put(policy, "/spec/ingress/0/ports/0/port", 9090)
    name = policy["metadata"]["name"]
    warnings = warnings_of(apply_as_gitops(cluster, newer))
    assert warnings[0].startswith(f"NetworkPolicy shop/{name}: no synced revision declares this")
    assert "8080 -> 9090" in warnings[1]
    assert baseward.last_decision(policy) == ("warned", "approver-mismatch")
    baseward.wait_until_served(baseward.repository.declare(newer))
    assert_allowed(patch(cluster, policy, {"spec": policy["spec"]}, as_user="gitops"))  # the revision before
    assert_allowed(apply_as_gitops(cluster, newer))
    assert baseward.last_decision(policy) == ("allowed", "restores-git")


def test_an_older_revision_is_allowed_to_it_and_to_nobody_else(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    newer = put(policy, "/spec/ingress/0/ports/0/port", 9090)
    baseward.wait_until_served(baseward.repository.declare(newer))
    assert_allowed(apply_as_gitops(cluster, newer))
    assert "9090 -> 8080" in denial_of(patch(cluster, policy, {"spec": policy["spec"]}))
    assert_allowed(apply_as_gitops(cluster, policy))
    assert baseward.last_decision(policy) == ("allowed", "approver")


def test_deleting_what_git_declares_is_warned_about(cluster: Cluster, policy: Object) -> None:
    answer = cluster.kubectl("delete", *target(policy), as_user="gitops", check=False)
    name = policy["metadata"]["name"]
    assert warnings_of(answer)[0].startswith(f"NetworkPolicy shop/{name}: no synced revision declares this")
    assert cluster.get(policy) is None


def test_leftovers_of_other_managers_are_named_with_their_manager(cluster: Cluster, policy: Object) -> None:
    cluster.unwatched("label", *target(policy), "tier=front", "--field-manager=hot-fix")
    warnings = warnings_of(
        apply_as_gitops(cluster, put(policy, "/metadata/annotations/example.com~1note", "1"))
    )
    assert "hot-fix" in warnings[0]
    assert any("metadata.labels[tier] + front" in warning for warning in warnings)


IMPERSONATIONS = {
    "name": [f"--as={GITOPS}"],
    "name and groups": [
        f"--as={GITOPS}",
        "--as-group=system:serviceaccounts",
        "--as-group=system:serviceaccounts:gitops-system",
        "--as-group=system:masters",
    ],
}


@pytest.mark.parametrize("impersonation", IMPERSONATIONS.values(), ids=IMPERSONATIONS)
def test_somebody_who_only_takes_its_name_is_not_it(
    cluster: Cluster, policy: Object, impersonation: list[str]
) -> None:
    answer = apply(cluster, opened(policy), *impersonation, as_user="admin")
    assert f"{GITOPS} is not an approved GitOps identity" in denial_of(answer).replace("\n", " ")


def test_another_service_account_of_its_namespace_is_not_it(cluster: Cluster, policy: Object) -> None:
    impersonation = ["--as=system:serviceaccount:gitops-system:gitops2", "--as-group=system:masters"]
    denial_of(apply(cluster, relabelled(policy), *impersonation, as_user="admin"))
