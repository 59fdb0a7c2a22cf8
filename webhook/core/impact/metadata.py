"""What metadata may open: owners that take the object along, finalizers, keys that steer a tool.

What a label or annotation means to the object itself stands with its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webhook.core.canonical import canonical_json
from webhook.core.impact.change import Change
from webhook.core.impact.finding import NO_IMPACT, Impact
from webhook.core.impact.naming import name_of

# Labels and annotations by which tools that write or prune objects are told what to leave alone. All below
# a prefix count: one that this list does not know yet may switch a tool off as well.
STEERING_PREFIXES = (
    "argocd.argoproj.io/",
    "baseward.io/",
    "client.lifecycle.config.k8s.io/",
    "cli-utils.sigs.k8s.io/",
    "config.k8s.io/",
    "config.kubernetes.io/",
    "configmanagement.gke.io/",
    "configsync.gke.io/",
    "fluxcd.io/",
    "helm.sh/",
    "helm.toolkit.fluxcd.io/",
    "internal.config.kubernetes.io/",
    "kapp.k14s.io/",
    "kubectl.kubernetes.io/",
    "kustomize.toolkit.fluxcd.io/",
    "meta.helm.sh/",
    "rbac.authorization.kubernetes.io/",
)
_MOST_KEYS = 10


def analyse(change: Change) -> Impact:
    """Return what a change of an object's metadata may open; creating or deleting one opens nothing more."""
    if change.before is None or change.after is None:
        return NO_IMPACT
    before, after = change.before.get("metadata"), change.after.get("metadata")
    clauses = _clauses(before if isinstance(before, dict) else {}, after if isinstance(after, dict) else {})
    return Impact(unknown=tuple(clauses))


def _clauses(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if _differ(before, after, "ownerReferences"):
        yield "its owners change, and it is deleted with them"
    if _differ(before, after, "finalizers"):
        yield "its finalizers change, and with them what happens when it is deleted"
    for place in ("labels", "annotations"):
        left, right = (_map(metadata.get(place)) for metadata in (before, after))
        if left == right:
            continue
        changed = [key for key in left.keys() | right.keys() if left.get(key) != right.get(key)]
        steering = sorted(key for key in changed if key.startswith(STEERING_PREFIXES))
        for key in steering[:_MOST_KEYS]:
            yield f"{name_of(key)} tells a tool what to do with the object"


def _differ(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    return canonical_json(before.get(name)) != canonical_json(after.get(name))


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
