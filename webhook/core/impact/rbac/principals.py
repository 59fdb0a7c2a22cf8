"""Whom a binding names: users and groups. A ServiceAccount is the user of a certain name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.naming import name_of
from webhook.core.impact.rbac.dangers import SUBJECTS, Danger
from webhook.core.kinds import RBAC

_SERVICE_ACCOUNT = "system:serviceaccount:"
_FIELDS = frozenset({"kind", "apiGroup", "name", "namespace"})
_STEPS_A_SUBJECT = 3
_UNREADABLE = "one of its subjects cannot be read"


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """A ``User`` or a ``Group``, as the API server authenticates it."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return kind and name, such as ``Group devs`` and ``ServiceAccount ci/builder``."""
        if self.kind == "User" and self.name.startswith(_SERVICE_ACCOUNT):
            namespace, colon, name = self.name.removeprefix(_SERVICE_ACCOUNT).partition(":")
            if colon:
                return f"ServiceAccount {name_of(f'{namespace}/{name}')}"
        return f"{self.kind} {name_of(self.name)}"

    @property
    def danger(self) -> Danger | None:
        """Return what is dangerous about granting it anything."""
        return SUBJECTS.get((self.kind, self.name))


def principals_of(binding: Mapping[str, Any], namespace: str, budget: Budget) -> frozenset[Principal]:
    """Return whom a binding names; ``namespace`` is its own, "" for a ClusterRoleBinding.

    Raises UnreadableError for what the API server would refuse (kubernetes
    ``pkg/apis/rbac/validation``), TooLargeError.
    """
    subjects = binding.get("subjects", [])
    if not isinstance(subjects, list):
        raise UnreadableError("its subjects cannot be read")
    budget.spend(_STEPS_A_SUBJECT * len(subjects))
    return frozenset(_principal(subject, namespace) for subject in subjects)


def _principal(subject: Any, namespace: str) -> Principal:
    if not isinstance(subject, dict) or not _FIELDS.issuperset(subject):
        raise UnreadableError(_UNREADABLE)
    kind, group, name, home = (subject.get(name, "") for name in ("kind", "apiGroup", "name", "namespace"))
    if not all(isinstance(text, str) for text in (kind, group, name, home)) or not name:
        raise UnreadableError(_UNREADABLE)
    if kind in ("User", "Group") and group == RBAC:
        return Principal(kind, name)
    # In a RoleBinding, a ServiceAccount without a namespace is one of the binding's own: the authorizer's
    # appliesToUser (kubernetes pkg/registry/rbac/validation/rule.go).
    if kind == "ServiceAccount" and group == "" and (home or namespace):
        return Principal("User", f"{_SERVICE_ACCOUNT}{home or namespace}:{name}")
    raise UnreadableError(_UNREADABLE)
