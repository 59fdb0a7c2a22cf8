"""Anybody may bring an object back to what Git declares; half of the way is allowed where it is safe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.builders import annotated, put
from tests.e2e.answers import Answer, assert_allowed, denial_of, warnings_of
from tests.e2e.baseward import Baseward, eventually
from tests.e2e.changes import SNIPPET, apply, opened, patch, relabelled
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object
from webhook.core.normalize.metadata import LAST_APPLIED

pytestmark = pytest.mark.usefixtures("baseward")


def drift(cluster: Cluster, obj: Object) -> Object:
    """Have an object be in the cluster as given, since before Baseward."""
    cluster.unwatched("apply", "-f", "-", input=obj)
    return obj


def test_drift_from_before_baseward_is_brought_back_by_applying_the_manifest(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    drift(cluster, relabelled(opened(policy)))
    assert_allowed(apply(cluster, policy))
    assert spec_and_labels(cluster, policy) == (policy["spec"], policy["metadata"]["labels"])
    assert baseward.last_decision(policy) == ("allowed", "restores-git")


def spec_and_labels(cluster: Cluster, policy: Object) -> tuple[Object, Object]:
    live = cluster.get(policy)
    assert live is not None
    live["spec"]["ingress"][0]["ports"] = [{"port": 8080}]  # the API server adds the protocol
    return live["spec"], live["metadata"]["labels"]


@pytest.mark.parametrize("way", ["replace", "server-side apply", "merge patch"])
def test_drift_is_brought_back_in_other_ways_too(cluster: Cluster, policy: Object, way: str) -> None:
    drift(cluster, opened(policy))
    answer = {"replace": replace, "server-side apply": server_side_apply, "merge patch": merge_patch}[way](
        cluster, policy
    )
    assert_allowed(answer)
    assert spec_and_labels(cluster, policy)[0] == policy["spec"]


def test_drift_of_what_was_applied_server_side_is_brought_back_by_kubectl_apply(
    cluster: Cluster, policy: Object
) -> None:
    """GitOps controllers leave no last-applied-configuration; kubectl then adds it by itself."""
    drift(cluster, opened(policy))
    cluster.unwatched("annotate", *target(policy), f"{LAST_APPLIED}-")
    answer = apply(cluster, policy)
    assert answer.returncode == 0, answer.stderr
    assert spec_and_labels(cluster, policy)[0] == policy["spec"]


def replace(cluster: Cluster, obj: Object) -> Answer:
    return cluster.kubectl("replace", "-f", "-", input=obj, check=False)


def server_side_apply(cluster: Cluster, obj: Object) -> Answer:
    return apply(cluster, obj, "--server-side", "--force-conflicts")


def merge_patch(cluster: Cluster, obj: Object) -> Answer:
    return patch(cluster, obj, {"spec": obj["spec"]})


def test_drift_from_a_broken_glass_is_brought_back_by_somebody_else_once_the_claim_has_expired(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    claim = ["--for", "3s", "--reason", "the shop is down, INC-4711"]
    assert baseward.break_glass(f"netpol/{policy['metadata']['name']}", "-n", "shop", *claim).returncode == 0
    assert warnings_of(patch(cluster, policy, {"spec": opened(policy)["spec"]}, as_user="oncall"))
    live = cluster.get(policy)
    assert live is not None
    end = datetime.fromisoformat(live["metadata"]["annotations"]["baseward.io/break-glass-expires"])
    eventually(lambda: datetime.now(UTC) > end, "the claim expires")
    assert_allowed(apply(cluster, policy))
    assert spec_and_labels(cluster, policy)[0] == policy["spec"]


def test_a_declared_object_that_is_missing_is_created_by_its_manifest(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    cluster.unwatched("delete", *target(policy))
    assert_allowed(apply(cluster, policy))
    assert cluster.get(policy)
    assert baseward.last_decision(policy) == ("allowed", "restores-git")


def test_a_declared_object_that_is_missing_is_not_created_otherwise(cluster: Cluster, policy: Object) -> None:
    cluster.unwatched("delete", *target(policy))
    denial = denial_of(apply(cluster, opened(policy)))
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in denial
    assert "It does not exist yet: put a break-glass claim into the manifest's annotations:" in denial
    assert cluster.get(policy) is None


def test_a_change_that_only_comes_closer_to_git_is_allowed_and_told_what_is_left(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    drift(cluster, relabelled(opened(policy)))
    name = policy["metadata"]["name"]
    answer = cluster.kubectl("label", *target(policy), "tier-", check=False)
    assert warnings_of(answer) == [
        f"NetworkPolicy shop/{name} comes closer to Git, and still deviates:",
        "spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}",
    ]
    assert baseward.last_decision(policy) == ("warned", "converges")


def test_half_of_a_spec_is_no_way_back(cluster: Cluster, policy: Object) -> None:
    both = put(opened(policy), "/spec/policyTypes", ["Ingress", "Egress"])
    drift(cluster, both)
    denial = denial_of(patch(cluster, policy, {"spec": {"policyTypes": ["Ingress"]}}))
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in denial


def test_what_comes_closer_here_may_not_go_away_there(cluster: Cluster, policy: Object) -> None:
    drift(cluster, relabelled(policy))
    content = {"metadata": {"labels": {"tier": None}}, "spec": opened(policy)["spec"]}
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in denial_of(patch(cluster, policy, content))


def test_a_snippet_from_before_baseward_may_be_removed(cluster: Cluster, ingress: Object) -> None:
    drift(cluster, annotated(ingress, {SNIPPET: "deny all;"}))
    assert_allowed(cluster.kubectl("annotate", *target(ingress), f"{SNIPPET}-", check=False))


def test_an_annotation_that_went_before_baseward_may_be_put_back(
    cluster: Cluster, baseward: Baseward, ingress: Object
) -> None:
    drift(cluster, {**ingress, "metadata": {**ingress["metadata"], "annotations": {}}})
    assert_allowed(apply(cluster, ingress))
    assert baseward.last_decision(ingress) == ("allowed", "restores-git")
