"""The ClusterRoles that every API server has and that people bind: cluster-admin, admin, edit, view.

As Kubernetes 1.36 serves them (``plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go``), written down
from ``kubectl get clusterrole -o json``; a test holds them to what a real API server serves. admin, edit
and view have no rules of their own: they gather those of the three roles behind them, and of each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_READ = "get list watch"
_WRITE = "create delete deletecollection patch update"
_WORKLOADS = "daemonsets deployments deployments/scale replicasets replicasets/scale"
_BATCH = "cronjobs jobs"
_CLAIMS = "resourceclaims resourceclaimtemplates"
_INTO_PODS = "pods/attach pods/exec pods/portforward pods/proxy"
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"


def _rule(verbs: str, group: str, resources: str) -> dict[str, Any]:
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split()}


def _role(name: str, part_of: str = "", **content: Any) -> Mapping[str, Any]:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    if part_of:
        labels[_AGGREGATE + part_of] = "true"
    return {"metadata": {"name": name, "labels": labels}, **content}


def _gathering(name: str, part_of: str = "") -> Mapping[str, Any]:
    selectors = [{"matchLabels": {_AGGREGATE + name: "true"}}]
    return _role(name, part_of, aggregationRule={"clusterRoleSelectors": selectors})


_ADMIN_RULES = [
    _rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
    _rule(f"{_READ} {_WRITE}", "rbac.authorization.k8s.io", "rolebindings roles"),
]
_EDIT_RULES = [
    _rule(_READ, "", f"{_INTO_PODS} secrets services/proxy"),
    _rule("impersonate", "", "serviceaccounts"),
    _rule(_WRITE, "", f"{_INTO_PODS} pods"),
    _rule("create", "", "pods/eviction serviceaccounts/token"),
    _rule(
        _WRITE,
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets"
        " serviceaccounts services services/proxy",
    ),
    _rule(_WRITE, "events.k8s.io", "events"),
    _rule(_WRITE, "apps", f"{_WORKLOADS} deployments/rollback statefulsets statefulsets/scale"),
    _rule(_WRITE, "autoscaling", "horizontalpodautoscalers"),
    _rule(_WRITE, "batch", _BATCH),
    _rule(
        _WRITE,
        "extensions",
        f"{_WORKLOADS} deployments/rollback ingresses networkpolicies replicationcontrollers/scale",
    ),
    _rule(_WRITE, "policy", "poddisruptionbudgets"),
    _rule(_WRITE, "networking.k8s.io", "ingresses networkpolicies"),
    _rule(f"{_READ} {_WRITE}", "coordination.k8s.io", "leases"),
    _rule(_WRITE, "resource.k8s.io", _CLAIMS),
]
_VIEW_RULES = [
    _rule(
        _READ,
        "",
        "bindings configmaps endpoints events limitranges namespaces namespaces/status persistentvolumeclaims"
        " persistentvolumeclaims/status pods pods/log pods/status replicationcontrollers"
        " replicationcontrollers/scale replicationcontrollers/status resourcequotas resourcequotas/status"
        " serviceaccounts services services/status",
    ),
    _rule(_READ, "events.k8s.io", "events"),
    _rule(_READ, "discovery.k8s.io", "endpointslices"),
    _rule(
        _READ,
        "apps",
        f"{_WORKLOADS} controllerrevisions daemonsets/status deployments/status replicasets/status"
        " statefulsets statefulsets/scale statefulsets/status",
    ),
    _rule(_READ, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    _rule(_READ, "batch", f"{_BATCH} cronjobs/status jobs/status"),
    _rule(
        _READ,
        "extensions",
        f"{_WORKLOADS} daemonsets/status deployments/status ingresses ingresses/status networkpolicies"
        " replicasets/status replicationcontrollers/scale",
    ),
    _rule(_READ, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    _rule(_READ, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    _rule(_READ, "resource.k8s.io", f"{_CLAIMS} resourceclaims/status"),
]
_EVERYTHING = [_rule("*", "*", "*"), {"verbs": ["*"], "nonResourceURLs": ["*"]}]

BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    role["metadata"]["name"]: role
    for role in (
        _role("cluster-admin", rules=_EVERYTHING),
        _gathering("admin"),
        _gathering("edit", part_of="admin"),
        _gathering("view", part_of="edit"),
        _role("system:aggregate-to-admin", part_of="admin", rules=_ADMIN_RULES),
        _role("system:aggregate-to-edit", part_of="edit", rules=_EDIT_RULES),
        _role("system:aggregate-to-view", part_of="view", rules=_VIEW_RULES),
    )
}
"""By name, as normal forms."""

CLUSTER_ADMIN = "cluster-admin"
