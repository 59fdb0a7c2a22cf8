"""A RoleBinding or ClusterRoleBinding as a value: who is bound to which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac.principals import Principal, principals_of
from webhook.core.kinds import CLUSTER_ROLE, RBAC, ROLE
from webhook.core.objects import ObjectKey

_FIELDS = frozenset({"metadata", "subjects", "roleRef"})
_ROLE_REF = frozenset({"apiGroup", "kind", "name"})


@dataclass(frozen=True, slots=True)
class Binding:
    """Some principals, and the role that they are bound to; no role where there is no binding."""

    role: ObjectKey | None = None
    principals: frozenset[Principal] = frozenset()


NO_BINDING = Binding()


def binding_of(form: Mapping[str, Any], namespace: str, budget: Budget) -> Binding:
    """Read a binding; ``namespace`` is its own, "" for a ClusterRoleBinding.

    Raises UnreadableError for what the API server would refuse (kubernetes
    ``pkg/apis/rbac/validation``), TooLargeError.
    """
    if not _FIELDS.issuperset(form):
        raise UnreadableError("one of its fields cannot be read")
    return Binding(_role_of(form.get("roleRef"), namespace), principals_of(form, namespace, budget))


def _role_of(role_ref: Any, namespace: str) -> ObjectKey:
    if not isinstance(role_ref, dict) or role_ref.keys() != _ROLE_REF or role_ref["apiGroup"] != RBAC:
        raise UnreadableError("its roleRef cannot be read")
    kind, name = role_ref["kind"], role_ref["name"]
    if not isinstance(name, str) or not name:
        raise UnreadableError("its roleRef cannot be read")
    if kind == CLUSTER_ROLE.name:
        return ObjectKey(RBAC, CLUSTER_ROLE.name, "", name)
    if kind == ROLE.name and namespace:
        return ObjectKey(RBAC, ROLE.name, namespace, name)
    raise UnreadableError("its roleRef cannot be read")
