"""Roles and bindings: who could grant, as far as RBAC goes, is held to Git like everybody."""

from __future__ import annotations

import pytest

from tests import builders
from tests.builders import put, rule
from tests.e2e.answers import assert_allowed, denial_of
from tests.e2e.changes import apply, patch
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock

pytestmark = pytest.mark.usefixtures("baseward")

EVERYBODY = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"}


@pytest.mark.parametrize("user", ["oncall", "admin"])
def test_a_binding_is_not_opened_to_everybody(
    cluster: Cluster, cluster_role_binding: Object, user: str
) -> None:
    binding, name = cluster_role_binding, cluster_role_binding["metadata"]["name"]
    operation = {"op": "add", "path": "/subjects/-", "value": EVERYBODY}
    answer = patch(cluster, binding, [operation], "--type=json", as_user=user)
    denial = denial_of(answer)
    assert f"ClusterRoleBinding {name} is declared in Git" in denial
    assert "system:authenticated" in denial
    assert f"kubectl baseward break-glass clusterrolebinding/{name} --for" in denial


def test_a_role_is_not_widened(cluster: Cluster, role: Object) -> None:
    operation = {"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}
    denial = denial_of(patch(cluster, role, [operation], "--type=json", as_user="oncall"))
    assert "rules[0].verbs   + delete" in denial


def test_a_role_in_another_order_is_the_same_role(cluster: Cluster, role: Object) -> None:
    operation = {"op": "replace", "path": "/rules/0/verbs", "value": ["patch", "list", "get"]}
    assert_allowed(patch(cluster, role, [operation], "--type=json", as_user="oncall"))


def test_a_label_that_aggregates_a_role_into_another_is_denied(
    cluster: Cluster, cluster_role: Object
) -> None:
    label = "rbac.authorization.k8s.io/aggregate-to-edit=true"
    answer = cluster.kubectl("label", *target(cluster_role), label, as_user="oncall", check=False)
    assert "metadata.labels[rbac.authorization.k8s.io/aggregate-to-edit]" in denial_of(answer)


def test_an_aggregated_role_gathers_no_more_than_git_says(cluster: Cluster, aggregated: Object) -> None:
    wider = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"example.com/all": "true"}}]}}
    denial = denial_of(patch(cluster, aggregated, wider, as_user="oncall"))
    assert "aggregationRule" in denial
    assert "example.com/all" in denial


def test_a_role_that_git_does_not_declare_is_not_created(cluster: Cluster, stock: Stock) -> None:
    role = builders.cluster_role(stock.name("root"), rules=[rule("*", "*", "*")])
    denial = denial_of(apply(cluster, role, as_user="admin"))
    assert f"ClusterRole {role['metadata']['name']} is not declared in Git" in denial


def test_a_binding_is_not_deleted_to_be_made_anew_for_another_role(
    cluster: Cluster, cluster_role_binding: Object
) -> None:
    """As roleRef can't be changed, this is how a binding is re-pointed."""
    denial_of(cluster.kubectl("delete", *target(cluster_role_binding), as_user="oncall", check=False))
    cluster.unwatched("delete", *target(cluster_role_binding))
    other = put(cluster_role_binding, "/roleRef/name", "cluster-admin")
    assert "roleRef.name   ~ view -> cluster-admin" in denial_of(apply(cluster, other, as_user="oncall"))


def test_kubectl_auth_reconcile_does_not_widen_a_role(cluster: Cluster, role: Object) -> None:
    wider = {**role, "rules": [*role["rules"], rule("get", "secrets")]}
    answer = cluster.kubectl("auth", "reconcile", "-f", "-", as_user="admin", input=wider, check=False)
    assert "secrets" in denial_of(answer)
