"""The governed kinds: group, version, resource and scope of each."""

from __future__ import annotations

from dataclasses import dataclass

NETWORKING = "networking.k8s.io"
RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Kind:
    """One governed kind, as the API server serves it."""

    group: str
    version: str
    name: str
    resource: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        """Return ``group/version``, as a manifest writes it."""
        return f"{self.group}/{self.version}"

    @property
    def singular(self) -> str:
        """Return the name that kubectl takes on its command line."""
        return self.name.lower()


INGRESS = Kind(NETWORKING, "v1", "Ingress", "ingresses", namespaced=True)
NETWORK_POLICY = Kind(NETWORKING, "v1", "NetworkPolicy", "networkpolicies", namespaced=True)
ROLE = Kind(RBAC, "v1", "Role", "roles", namespaced=True)
ROLE_BINDING = Kind(RBAC, "v1", "RoleBinding", "rolebindings", namespaced=True)
CLUSTER_ROLE = Kind(RBAC, "v1", "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = Kind(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False)

GOVERNED = (INGRESS, NETWORK_POLICY, ROLE, ROLE_BINDING, CLUSTER_ROLE, CLUSTER_ROLE_BINDING)
ROLES = (ROLE, CLUSTER_ROLE)
BINDINGS = (ROLE_BINDING, CLUSTER_ROLE_BINDING)

BY_NAME = {kind.name: kind for kind in GOVERNED}
_BY_GROUP_AND_NAME = {(kind.group, kind.name): kind for kind in GOVERNED}

# Groups and versions that once held these kinds and that the API no longer serves:
# https://kubernetes.io/docs/reference/using-api/deprecation-guide/
_REMOVED = {
    "Ingress": ("extensions/v1beta1", "networking.k8s.io/v1beta1"),
    "NetworkPolicy": ("extensions/v1beta1",),
    **{
        kind.name: (f"{RBAC}/v1alpha1", f"{RBAC}/v1beta1")
        for kind in (ROLE, ROLE_BINDING, CLUSTER_ROLE, CLUSTER_ROLE_BINDING)
    },
}


def governed(group: str, name: str) -> Kind | None:
    """Return the governed kind of that group and name; a namesake in another group is not ours."""
    return _BY_GROUP_AND_NAME.get((group, name))


def is_removed(api_version: str, name: str) -> bool:
    """Tell whether a governed kind is written in a version that the API no longer serves."""
    return api_version in _REMOVED.get(name, ())
