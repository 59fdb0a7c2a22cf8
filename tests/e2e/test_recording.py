"""What was decided stands in the decision log and in the cluster's own audit log."""

from __future__ import annotations

import pytest

from tests.builders import put
from tests.e2e.audit import audited
from tests.e2e.baseward import Baseward
from tests.e2e.changes import annotating, apply, claim, opened, patch
from tests.e2e.cluster import Cluster
from tests.e2e.repository import Object

pytestmark = pytest.mark.usefixtures("baseward")


def test_a_denial_lands_in_the_audit_log_of_the_cluster(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    patch(cluster, policy, {"spec": opened(policy)["spec"]})
    assert audited(cluster, policy, "patch") == {
        "decision": "denied",
        "reason": "drift",
        "action": "deny",
        "commit": baseward.repository.head,
    }


def test_a_broken_glass_lands_in_the_audit_log_of_the_cluster(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    patch(cluster, policy, annotating(claim()), as_user="oncall")
    assert audited(cluster, policy, "patch") == {
        "decision": "warned",
        "reason": "break-glass",
        "commit": baseward.repository.head,
    }


def test_what_is_cluster_scoped_lands_there_too(cluster: Cluster, cluster_role: Object) -> None:
    patch(cluster, cluster_role, {"rules": []}, as_user="oncall")
    assert audited(cluster, cluster_role, "patch", "cluster")["decision"] == "denied"


def test_what_the_gitops_account_does_is_recorded(cluster: Cluster, policy: Object) -> None:
    cluster.unwatched("apply", "-f", "-", input=put(policy, "/metadata/labels/tier", "front"))
    apply(cluster, policy, as_user="gitops")
    audit = audited(cluster, policy, "patch")
    assert (audit["decision"], audit["reason"]) == ("allowed", "restores-git")


def test_a_dry_run_is_recorded_as_one(cluster: Cluster, baseward: Baseward, policy: Object) -> None:
    patch(cluster, policy, {"spec": opened(policy)["spec"]}, "--dry-run=server")
    (line,) = baseward.decisions(policy)
    assert (line["dryRun"], line["decision"]) == (True, "denied")


def test_no_secret_of_an_annotation_is_recorded(
    cluster: Cluster, baseward: Baseward, ingress: Object
) -> None:
    secret = "Basic-c2hvcDpodW50ZXIy"
    patch(cluster, ingress, annotating({"nginx.ingress.kubernetes.io/auth-headers": secret}))
    (line,) = baseward.decisions(ingress)
    assert secret not in str(line)
    assert secret not in str(audited(cluster, ingress, "patch"))
    assert secret not in baseward.errors
