"""System controllers: writers that are not people, each with its own job.

A controller is an exact username with kinds, operations and fields; never a field manager, a
label or a prefix. The built-in list is what every cluster runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from webhook.core.canonical import plain_json
from webhook.core.kinds import CLUSTER_ROLE, GOVERNED, RBAC, Kind
from webhook.core.normalize.left_out import RULES, is_aggregated
from webhook.core.normalize.metadata import SERVER_WRITTEN
from webhook.core.pointer import Pointer, changed_pointers
from webhook.core.review import CREATE, DELETE, UPDATE, AdmissionRequest

_PREFIX = "system:serviceaccount:kube-system:"
NAMESPACE_CONTROLLER = f"{_PREFIX}namespace-controller"
GARBAGE_COLLECTOR = f"{_PREFIX}generic-garbage-collector"
AGGREGATION_CONTROLLER = f"{_PREFIX}clusterrole-aggregation-controller"
CONTROLLER_MANAGER = "system:kube-controller-manager"
API_SERVER = "system:apiserver"

_SERVER_POINTERS = frozenset(("metadata", name) for name in SERVER_WRITTEN)
OWNER_REFERENCES: Pointer = ("metadata", "ownerReferences")


@dataclass(frozen=True, slots=True)
class SystemController:
    """A controller and what it writes by itself.

    ``kinds`` are names, ``*`` for all; ``fields`` narrow an UPDATE to subtrees, none of them means
    the whole object.
    """

    user: str
    kinds: tuple[str, ...]
    operations: tuple[str, ...]
    fields: tuple[Pointer, ...] = ()

    def governs(self, kind: Kind, operation: str) -> bool:
        """Tell whether the controller may do that to that kind at all."""
        return operation in self.operations and (kind.name in self.kinds or "*" in self.kinds)


_RBAC_KINDS = tuple(kind.name for kind in GOVERNED if kind.group == RBAC)

BUILT_IN = (
    SystemController(NAMESPACE_CONTROLLER, ("*",), (DELETE,)),
    SystemController(GARBAGE_COLLECTOR, ("*",), (DELETE,)),
    # Stands in for both where controllers have no credentials of their own.
    SystemController(CONTROLLER_MANAGER, ("*",), (DELETE,)),
    SystemController(API_SERVER, _RBAC_KINDS, (CREATE, UPDATE, DELETE)),
)
_OWNER_REFERENCE_WRITERS = frozenset({GARBAGE_COLLECTOR, CONTROLLER_MANAGER})
_AGGREGATED_RULES_WRITERS = frozenset({AGGREGATION_CONTROLLER, CONTROLLER_MANAGER})
_BUILT_IN_USERS = frozenset({entry.user for entry in BUILT_IN} | {AGGREGATION_CONTROLLER})


def does_its_own_job(request: AdmissionRequest, kind: Kind, configured: Iterable[SystemController]) -> bool:
    """Tell whether the subject is a system controller, and this change is its to make."""
    user = request.subject.username
    entries = [entry for entry in configured if entry.user == user]
    if user in _BUILT_IN_USERS:
        entries += [entry for entry in BUILT_IN if entry.user == user]
    elif not entries:
        return False
    if any(_covers(entry, request) for entry in entries if entry.governs(kind, request.operation)):
        return True
    if request.operation != UPDATE or user not in _OWNER_REFERENCE_WRITERS | _AGGREGATED_RULES_WRITERS:
        return False
    return (user in _OWNER_REFERENCE_WRITERS and _only_releases_owners(request)) or (
        user in _AGGREGATED_RULES_WRITERS and _only_aggregates(request)
    )


def _covers(entry: SystemController, request: AdmissionRequest) -> bool:
    if request.operation != UPDATE or not entry.fields:
        return True
    return all(
        any(pointer[: len(field)] == field for field in entry.fields) for pointer in governed_changes(request)
    )


def governed_changes(request: AdmissionRequest) -> list[Pointer]:
    """Return the pointers that an UPDATE changes, less status and what the server writes.

    Raises ReviewError for objects that are nested too deep.
    """
    plain_json([request.old, request.new])
    return [
        pointer
        for pointer in changed_pointers(request.old, request.new)
        if pointer[0] != "status" and pointer[:2] not in _SERVER_POINTERS
    ]


def _only_releases_owners(request: AdmissionRequest) -> bool:
    """Tell whether an UPDATE only removes ownerReferences or unblocks their owners' deletion."""
    if any(pointer != OWNER_REFERENCES for pointer in governed_changes(request)):
        return False
    before, after = _owners(request.old), _owners(request.new)
    released = [{**owner, "blockOwnerDeletion": False} for owner in before if "blockOwnerDeletion" in owner]
    return all(owner in before or owner in released for owner in after)


def _owners(obj: dict[str, Any] | None) -> list[Any]:
    owners = (obj or {}).get("metadata", {}).get("ownerReferences")
    return [owner for owner in owners if isinstance(owner, dict)] if isinstance(owners, list) else []


def _only_aggregates(request: AdmissionRequest) -> bool:
    """Tell whether an UPDATE changes only the ``rules`` of an aggregated ClusterRole."""
    return (
        request.kind is CLUSTER_ROLE
        and is_aggregated(request.old or {})
        and is_aggregated(request.new or {})
        and all(pointer == RULES for pointer in governed_changes(request))
    )
