"""The canonical form of metadata.

Name, namespace, labels, annotations, finalizers and ownerReferences count; what the server
writes does not, nor the bookkeeping of GitOps tools (see ``left_out``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from webhook.core.normalize.schema import ABSENT, SCALAR, STRING_MAP, STRINGS, SetOf, Struct

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CLAIM_REASON = "baseward.io/break-glass"
CLAIM_EXPIRES = "baseward.io/break-glass-expires"
CLAIM_BY = "baseward.io/break-glass-by"
CLAIM_TICKET = "baseward.io/break-glass-ticket"
CLAIM_KEYS = (CLAIM_REASON, CLAIM_EXPIRES, CLAIM_BY, CLAIM_TICKET)

SERVER_WRITTEN = frozenset(
    {
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "managedFields",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    }
)

_OWNER_REFERENCE = Struct(
    dict.fromkeys(("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"), SCALAR)
)
_FIELDS = Struct(
    {
        "name": SCALAR,
        "namespace": SCALAR,
        "generateName": SCALAR,
        "labels": STRING_MAP,
        "annotations": STRING_MAP,
        "finalizers": STRINGS,
        "ownerReferences": SetOf(_OWNER_REFERENCE),
    }
)


class Metadata:
    """The metadata of an object of one scope."""

    fields = _FIELDS.fields

    def __init__(self, *, namespaced: bool, bookkeeping: frozenset[str]) -> None:
        """Describe metadata; ``bookkeeping`` are keys of labels and annotations to leave out."""
        self._dropped = SERVER_WRITTEN if namespaced else SERVER_WRITTEN | {"namespace"}
        self._dropped_keys = {
            "labels": bookkeeping,
            "annotations": bookkeeping | {LAST_APPLIED, *CLAIM_KEYS},
        }

    def canonical(self, value: Any, as_written: bool) -> Any:
        """Return what of the metadata counts against Git."""
        if type(value) is not dict:
            return value
        kept = {name: item for name, item in value.items() if name not in self._dropped}
        for name, dropped in self._dropped_keys.items():
            keys = kept.get(name)
            if type(keys) is dict and not dropped.isdisjoint(keys):
                kept[name] = {key: item for key, item in keys.items() if key not in dropped}
        return _FIELDS.canonical(kept, as_written) or ABSENT

    def unknown(self, value: Any, path: str) -> Iterator[str]:
        """Yield the fields that metadata does not have."""
        if isinstance(value, dict):
            value = {name: item for name, item in value.items() if name not in SERVER_WRITTEN}
        yield from _FIELDS.unknown(value, path)
