"""The controllers of Kubernetes do their own jobs, each under its real name; a person may not do the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.builders import annotated, network_policy, owner, put, role, rule
from tests.e2e.answers import Answer, assert_allowed, denial_of
from tests.e2e.baseward import Baseward
from tests.e2e.changes import opened, patch
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock

pytestmark = pytest.mark.usefixtures("baseward")

PEOPLE = ["alice", "oncall", "admin"]


# Namespace deletion


@pytest.fixture
def namespace(cluster: Cluster, baseward: Baseward, stock: Stock) -> Iterator[str]:
    """A namespace that is being deleted, with a declared policy and a declared role in it."""
    name = stock.name("old")
    policy = network_policy("web", {"namespace": name})
    reader = role("reader", {"namespace": name})
    baseward.wait_until_served(baseward.repository.declare(policy, reader))
    cluster.kubectl("create", "namespace", name, as_user="admin")
    for obj in (policy, reader):
        cluster.unwatched("apply", "-f", "-", input=obj)
    cluster.kubectl("delete", "namespace", name, "--wait=false", as_user="admin")
    yield name
    for resource in ("networkpolicies", "roles"):
        cluster.unwatched("delete", resource, "--all", "-n", name)
    emptied: Object = {"metadata": {"name": name}, "spec": {"finalizers": []}}
    finalize = ["replace", "--raw", f"/api/v1/namespaces/{name}/finalize", "-f", "-"]
    cluster.kubectl(*finalize, as_user="admin", input={"apiVersion": "v1", "kind": "Namespace", **emptied})


def delete_collections(cluster: Cluster, namespace: str, as_user: str) -> list[Answer]:
    """Delete all policies and all roles of a namespace as the namespace controller does: a request each."""
    paths = [
        f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies",
        f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles",
    ]
    return [cluster.kubectl("delete", "--raw", path, as_user=as_user, check=False) for path in paths]


def test_the_namespace_controller_empties_a_namespace(
    cluster: Cluster, baseward: Baseward, namespace: str
) -> None:
    for answer in delete_collections(cluster, namespace, "namespace-controller"):
        assert_allowed(answer)
    left = cluster.kubectl("get", "networkpolicies,roles", "-n", namespace, "-o", "name", as_user="admin")
    assert left.stdout == ""
    deleted = baseward.decisions(namespace=namespace, operation="DELETE", reason="system-controller")
    assert [(line["kind"], line["name"], line["decision"], line["action"]) for line in deleted] == [
        ("NetworkPolicy", "web", "allowed", "audit"),
        ("Role", "reader", "allowed", "audit"),
    ]


@pytest.mark.parametrize("person", ["oncall", "admin"])
def test_a_person_does_not_empty_a_namespace(cluster: Cluster, namespace: str, person: str) -> None:
    for answer in delete_collections(cluster, namespace, person):
        assert "is declared in Git, and may not be deleted" in denial_of(answer)


def test_the_name_of_the_namespace_controller_opens_no_other_door(cluster: Cluster, policy: Object) -> None:
    # RBAC keeps the real one from it already.
    name = "system:serviceaccount:kube-system:namespace-controller"
    impersonation = [f"--as={name}", "--as-group=system:masters"]
    denial_of(patch(cluster, policy, {"spec": opened(policy)["spec"]}, *impersonation, as_user="admin"))


# Garbage collection

GONE = owner("gone", blockOwnerDeletion=True, controller=True)


@pytest.fixture
def owned(cluster: Cluster, policy: Object) -> Object:
    """A declared policy with an owner that is gone, since before Baseward."""
    cluster.unwatched("apply", "-f", "-", input=put(policy, "/metadata/ownerReferences", [GONE]))
    return policy


def test_the_garbage_collector_deletes_what_lost_its_owner(
    cluster: Cluster, baseward: Baseward, owned: Object
) -> None:
    assert_allowed(cluster.kubectl("delete", *target(owned), as_user="garbage-collector", check=False))
    assert cluster.get(owned) is None
    assert baseward.last_decision(owned) == ("allowed", "system-controller")
    assert baseward.decisions(owned)[-1]["action"] == "audit"


@pytest.mark.parametrize("person", PEOPLE)
def test_a_person_does_not_delete_what_lost_its_owner(cluster: Cluster, owned: Object, person: str) -> None:
    denial_of(cluster.kubectl("delete", *target(owned), as_user=person, check=False))
    assert cluster.get(owned)


def unblocked(obj: Any) -> Object:
    """Return the patch by which the garbage collector lets an owner go before its dependents."""
    return {
        "metadata": {
            "uid": obj["metadata"]["uid"],
            "ownerReferences": [{**GONE, "blockOwnerDeletion": False}],
        }
    }


def orphaned(obj: Any) -> Object:
    """Return the patch by which the garbage collector makes an orphan."""
    removal = {"$patch": "delete", "uid": GONE["uid"]}
    return {"metadata": {"uid": obj["metadata"]["uid"], "ownerReferences": [removal]}}


RELEASES: dict[str, Callable[[Any], Object]] = {"unblocked": unblocked, "orphaned": orphaned}


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_the_garbage_collector_releases_owners(
    cluster: Cluster, baseward: Baseward, owned: Object, release: Callable[[Any], Object]
) -> None:
    content = release(cluster.get(owned))
    assert_allowed(patch(cluster, owned, content, "--type=strategic", as_user="garbage-collector"))
    live = cluster.get(owned)
    assert live is not None
    assert [ref["blockOwnerDeletion"] for ref in live["metadata"].get("ownerReferences", [])] in ([], [False])
    assert baseward.last_decision(owned) == ("allowed", "system-controller")


@pytest.mark.parametrize("person", PEOPLE)
def test_a_person_does_not_unblock_an_owner(cluster: Cluster, owned: Object, person: str) -> None:
    answer = patch(cluster, owned, unblocked(cluster.get(owned)), "--type=strategic", as_user=person)
    assert "metadata.ownerReferences" in denial_of(answer)


@pytest.mark.parametrize("person", PEOPLE)
def test_a_person_may_remove_an_owner_as_git_declares_none(
    cluster: Cluster, baseward: Baseward, owned: Object, person: str
) -> None:
    answer = patch(cluster, owned, orphaned(cluster.get(owned)), "--type=strategic", as_user=person)
    assert_allowed(answer)
    assert baseward.last_decision(owned) == ("allowed", "restores-git")


def test_the_garbage_collector_changes_nothing_else(cluster: Cluster, owned: Object) -> None:
    content = orphaned(cluster.get(owned))
    content["metadata"]["labels"] = {"tier": "front"}
    answer = patch(cluster, owned, content, "--type=strategic", as_user="garbage-collector")
    assert "metadata.labels[tier]   + front" in denial_of(answer)


# Aggregation

CONTROLLER = "clusterrole-aggregation-controller"
GATHERED = rule("get", "services")


def gather(cluster: Cluster, obj: Object, as_user: str) -> Answer:
    """Write the rules of an aggregated ClusterRole as its controller does, by a server-side apply."""
    gathered = {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "metadata": {"name": obj["metadata"]["name"]},
        "rules": [GATHERED],
    }
    options = ["--server-side", "--force-conflicts", f"--field-manager={CONTROLLER}"]
    return cluster.kubectl("apply", *options, "-f", "-", as_user=as_user, input=gathered, check=False)


def test_the_aggregation_controller_gathers_rules(
    cluster: Cluster, baseward: Baseward, aggregated: Object
) -> None:
    assert_allowed(gather(cluster, aggregated, CONTROLLER))
    live = cluster.get(aggregated)
    assert live is not None
    assert live["rules"] == [GATHERED]
    assert baseward.last_decision(aggregated) == ("allowed", "system-controller")


@pytest.mark.parametrize("person", ["oncall", "admin"])
def test_a_person_writes_no_gathered_rules(cluster: Cluster, aggregated: Object, person: str) -> None:
    assert "rules" in denial_of(gather(cluster, aggregated, person))


def test_the_aggregation_controller_changes_nothing_else(cluster: Cluster, aggregated: Object) -> None:
    label = {"metadata": {"labels": {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}}}
    answer = patch(cluster, aggregated, label, as_user=CONTROLLER)
    assert "rbac.authorization.k8s.io/aggregate-to-admin" in denial_of(answer)


def test_a_role_that_gathers_nothing_is_not_the_aggregation_controllers(
    cluster: Cluster, cluster_role: Object
) -> None:
    operation = {"op": "add", "path": "/rules/-", "value": GATHERED}
    answer = patch(cluster, cluster_role, [operation], "--type=json", as_user=CONTROLLER)
    assert "rules" in denial_of(answer)


def test_gathered_rules_are_no_drift_to_a_person(cluster: Cluster, aggregated: Object) -> None:
    gathered = annotated({**aggregated, "rules": [GATHERED]}, {"example.com/note": "1"})
    cluster.unwatched("apply", "-f", "-", input=gathered)
    restored = {"metadata": {"annotations": {"example.com/note": None}}}
    assert_allowed(patch(cluster, aggregated, restored, as_user="oncall"))
