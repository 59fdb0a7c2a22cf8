"""What is left out against Git, and who may change it nevertheless.

Left out are the bookkeeping of GitOps tools, kubectl's last-applied-configuration, the
``rules`` of an aggregated ClusterRole, and what the configuration's ``ignore`` names. They are
not thereby free: ``decide`` lets only approvers and their ``writers`` change them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.kinds import CLUSTER_ROLE, Kind
from webhook.core.normalize.metadata import LAST_APPLIED
from webhook.core.normalize.rbac import RULE_SET
from webhook.core.pointer import MISSING, Pointer, get

# Labels and annotations that GitOps tools write to find their objects again. A key that steers a tool
# (kustomize.toolkit.fluxcd.io/reconcile, .../prune, argocd.argoproj.io/sync-options,
# .../compare-options, ...) never belongs here: whoever may set it may switch the tool off.
#
# What Helm writes at install is here, as `helm template`, Argo CD and kubectl leave it out. managed-by is no
# key of Helm alone, but one that only names a tool to people: nothing in the API server reads it.
BOOKKEEPING = frozenset(
    {
        "app.kubernetes.io/managed-by",
        "argocd.argoproj.io/instance",
        "argocd.argoproj.io/tracking-id",
        "config.k8s.io/owning-inventory",
        "configsync.gke.io/declared-version",
        "configsync.gke.io/resource-id",
        "helm.toolkit.fluxcd.io/name",
        "helm.toolkit.fluxcd.io/namespace",
        "kustomize.toolkit.fluxcd.io/checksum",
        "kustomize.toolkit.fluxcd.io/name",
        "kustomize.toolkit.fluxcd.io/namespace",
        "meta.helm.sh/release-name",
        "meta.helm.sh/release-namespace",
    }
)

ANYONE = "*"
RULES: Pointer = ("rules",)
LAST_APPLIED_POINTER: Pointer = ("metadata", "annotations", LAST_APPLIED)


@dataclass(frozen=True, slots=True)
class Ignore:
    """One ``ignore`` entry: subtrees of some kinds, and the exact usernames that write them."""

    kinds: tuple[str, ...]
    fields: tuple[Pointer, ...]
    writers: tuple[str, ...] = ()

    def governs(self, kind: Kind) -> bool:
        """Tell whether the entry names that kind."""
        return kind.name in self.kinds or ANYONE in self.kinds


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Everything that is left out against Git."""

    bookkeeping: frozenset[str] = BOOKKEEPING
    ignore: tuple[Ignore, ...] = ()

    def ignored(self, kind: Kind) -> tuple[Pointer, ...]:
        """Return the pointers that the ``ignore`` entries name for a kind."""
        if not self.ignore:
            return ()
        return tuple(pointer for entry in self.ignore if entry.governs(kind) for pointer in entry.fields)

    def may_write(self, kind: Kind, pointer: Pointer, username: str) -> bool:
        """Tell whether an ``ignore`` entry lets that user change what stands at a pointer."""
        return any(
            pointer in entry.fields and (username in entry.writers or ANYONE in entry.writers)
            for entry in self.ignore
            if entry.governs(kind)
        )

    def values(self, obj: dict[str, Any], kind: Kind) -> dict[Pointer, Any]:
        """Return what of an object is left out, by pointer."""
        found: dict[Pointer, Any] = {}
        for place in ("labels", "annotations"):
            keys = get(obj, ("metadata", place))
            if isinstance(keys, dict) and not self.bookkeeping.isdisjoint(keys):
                found.update({("metadata", place, key): keys[key] for key in keys.keys() & self.bookkeeping})
        if (applied := get(obj, LAST_APPLIED_POINTER)) is not MISSING:
            found[LAST_APPLIED_POINTER] = applied
        if kind is CLUSTER_ROLE and is_aggregated(obj):
            found[RULES] = rules_of(obj)
        for pointer in self.ignored(kind):
            if (value := get(obj, pointer)) is not MISSING:
                found[pointer] = value
        return found


def rules_of(role: Mapping[str, Any]) -> Any:
    """Return the canonical rules of a role, none of them as an empty list."""
    return RULE_SET.canonical(role["rules"], as_written=False) if role.get("rules") else []


def is_aggregated(role: dict[str, Any]) -> bool:
    """Tell whether a controller fills in the rules of a ClusterRole."""
    return role.get("aggregationRule") is not None
