"""Which object another one refers to: a binding to its role, an aggregating role to all ClusterRoles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webhook.core.kinds import BINDINGS, CLUSTER_ROLE, RBAC, ROLE, Kind
from webhook.core.objects import ObjectKey

ALL_CLUSTER_ROLES = ObjectKey(RBAC, CLUSTER_ROLE.name, "", "")
"""What a ClusterRole with an ``aggregationRule`` refers to: which of them it gathers, their labels tell."""


def reference_of(kind: Kind, content: Mapping[str, Any], namespace: str) -> ObjectKey | None:
    """Return the key of what an object refers to, None where it is no binding or its roleRef is no role.

    ``namespace`` is the object's own.
    """
    if kind is CLUSTER_ROLE and content.get("aggregationRule") is not None:
        return ALL_CLUSTER_ROLES
    role_ref = content.get("roleRef")
    if kind not in BINDINGS or not isinstance(role_ref, dict):
        return None
    name = role_ref.get("name")
    if not isinstance(name, str) or role_ref.get("kind") not in (ROLE.name, CLUSTER_ROLE.name):
        return None
    is_role = role_ref["kind"] == ROLE.name
    return ObjectKey(RBAC, role_ref["kind"], namespace if is_role else "", name)
