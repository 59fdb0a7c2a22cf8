"""What stands around the object that changes, as far as it bears on what the change opens.

The webhook knows of the baseline only. A process that watches the cluster may put the live objects in
its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from webhook.core.errors import TooLargeError, UnreadableError
from webhook.core.impact.naming import name_of
from webhook.core.kinds import CLUSTER_ROLE, INGRESS, NETWORK_POLICY, Kind
from webhook.core.objects import Baseline, Declared, ObjectKey
from webhook.core.references import ALL_CLUSTER_ROLES

Form = Mapping[str, Any]
"""The normal form of an object, its ``metadata`` included; may be shared, and is never changed."""

MAX_OBJECTS = 500
MAX_BYTES = 1_000_000
"""How many objects of one kind are looked at, and how much JSON: a request waits for it."""


class Policies(Protocol):
    """The NetworkPolicies beside the one that changes."""

    def network_policies(self, namespace: str) -> Sequence[Form]:
        """Return the NetworkPolicies of a namespace. Raises ImpactError as ``Surroundings`` does."""


class Surroundings(Policies, Protocol):
    """The objects beside the one that changes.

    Each method but ``role`` raises TooLargeError for too many. Those that return all there are raise
    UnreadableError where they are not known; the bindings of a role never are.
    """

    def ingresses(self) -> Sequence[Form]:
        """Return the Ingresses of all namespaces."""

    def role(self, key: ObjectKey) -> Form | None:
        """Return a Role or ClusterRole, None where it is not known."""

    def cluster_roles(self) -> Sequence[Form]:
        """Return all ClusterRoles that are known."""

    def aggregating_roles(self) -> Sequence[Form]:
        """Return the ClusterRoles that have an ``aggregationRule``."""

    def bindings_of(self, role: ObjectKey) -> Sequence[Form]:
        """Return the RoleBindings and ClusterRoleBindings that refer to a role."""


@dataclass(frozen=True, slots=True)
class DeclaredSurroundings:
    """What Git declares, taken for what there is."""

    baseline: Baseline

    def network_policies(self, namespace: str) -> Sequence[Form]:
        """Return the NetworkPolicies that Git declares in a namespace."""
        return self._all(NETWORK_POLICY, namespace)

    def ingresses(self) -> Sequence[Form]:
        """Return the Ingresses that Git declares in all namespaces."""
        return self._all(INGRESS, None)

    def role(self, key: ObjectKey) -> Form | None:
        """Return a role that Git declares."""
        declared = self.baseline.declared(key)
        return declared.content if declared is not None else None

    def cluster_roles(self) -> Sequence[Form]:
        """Return the ClusterRoles that Git declares."""
        return self._all(CLUSTER_ROLE, "")

    def aggregating_roles(self) -> Sequence[Form]:
        """Return the ClusterRoles with an ``aggregationRule`` that Git declares."""
        self._check_read(CLUSTER_ROLE, "")
        return _contents(self.baseline.referring(ALL_CLUSTER_ROLES))

    def bindings_of(self, role: ObjectKey) -> Sequence[Form]:
        """Return the bindings that Git declares for a role."""
        return _contents(self.baseline.referring(role))

    def _all(self, kind: Kind, namespace: str | None) -> Sequence[Form]:
        self._check_read(kind, namespace)
        return _contents(self.baseline.within(kind, namespace))

    def _check_read(self, kind: Kind, namespace: str | None) -> None:
        if namespace is None:
            unread = self.baseline.unread_anywhere(kind)
        else:
            unread = self.baseline.unread_source(ObjectKey(kind.group, kind.name, namespace, ""))
        if unread is not None:
            raise UnreadableError(f"source {name_of(unread)}, which was never read, may declare more of it")


def _contents(found: Iterable[Declared]) -> Sequence[Form]:
    """Parse what is found, and stop where it becomes too much."""
    contents: list[Form] = []
    size = 0
    for declared in found:
        size += len(declared.content_json)
        if len(contents) == MAX_OBJECTS or size > MAX_BYTES:
            raise TooLargeError
        contents.append(declared.content)
    return contents
