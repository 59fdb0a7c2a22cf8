"""The canonical form of one object: equal forms mean the same to the API server.

``normalize(git) == normalize(what the API server stored for it)`` for every valid manifest,
and normalizing twice changes nothing. What is dropped and defaulted stands in the file of
each kind; ``metadata`` and ``left_out`` say what does not count against Git.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from webhook.core import kinds
from webhook.core.canonical import canonical_json
from webhook.core.kinds import Kind
from webhook.core.normalize import ingress, networkpolicy, rbac
from webhook.core.normalize.left_out import LeftOut, is_aggregated
from webhook.core.normalize.metadata import Metadata
from webhook.core.normalize.schema import Node, Struct
from webhook.core.pointer import without

__all__ = ["DEFAULT_LEFT_OUT", "looks_normal", "normalize", "schema_of", "unknown_fields"]

DEFAULT_LEFT_OUT = LeftOut()

_ENVELOPE = frozenset({"apiVersion", "kind", "status"})
_FIELDS: dict[Kind, Mapping[str, Node]] = {
    kinds.INGRESS: ingress.FIELDS,
    kinds.NETWORK_POLICY: networkpolicy.FIELDS,
    kinds.ROLE: rbac.ROLE_FIELDS,
    kinds.ROLE_BINDING: rbac.BINDING_FIELDS,
    kinds.CLUSTER_ROLE: rbac.CLUSTER_ROLE_FIELDS,
    kinds.CLUSTER_ROLE_BINDING: rbac.BINDING_FIELDS,
}


@lru_cache(maxsize=64)
def schema_of(kind: Kind, bookkeeping: frozenset[str] = DEFAULT_LEFT_OUT.bookkeeping) -> Struct:
    """Return the schema of a kind, without ``apiVersion``, ``kind`` and ``status``."""
    metadata: Node = Metadata(namespaced=kind.namespaced, bookkeeping=bookkeeping)
    defaults = {"spec": networkpolicy.SPEC.canonical({}, False)} if kind is kinds.NETWORK_POLICY else {}
    return Struct({"metadata": metadata, **_FIELDS[kind]}, defaults=defaults)


def normalize(
    obj: dict[str, Any],
    kind: Kind,
    left_out: LeftOut = DEFAULT_LEFT_OUT,
    *,
    as_written: bool = False,
) -> dict[str, Any]:
    """Return the canonical form of an object of a governed kind.

    ``as_written`` keeps sets in the order of the object, for a diff that people can follow.
    Any JSON is taken; what the API server would refuse stays as it is. Raises ReviewError
    where a set holds a value that cannot be written as JSON.
    """
    counted = {name: item for name, item in obj.items() if name not in _ENVELOPE}
    if kind is kinds.CLUSTER_ROLE and is_aggregated(obj):
        counted.pop("rules", None)
    form: dict[str, Any] = schema_of(kind, left_out.bookkeeping).canonical(counted, as_written)
    for pointer in left_out.ignored(kind):
        form = without(form, pointer)
    return form


def looks_normal(obj: dict[str, Any], kind: Kind, left_out: LeftOut, normal_json: bytes) -> bool:
    """Tell whether an object is spelled as a normal form is, so that it needs no normalization.

    What the API server stored mostly is: it applied the defaults and kept the order. False says
    nothing. Equal spelling means equal canonical form, as normalizing twice changes nothing.
    """
    if left_out.ignored(kind) or (kind is kinds.CLUSTER_ROLE and is_aggregated(obj)):
        return False
    counted = {name: item for name, item in obj.items() if name not in _ENVELOPE}
    metadata = schema_of(kind, left_out.bookkeeping).fields["metadata"]
    counted["metadata"] = metadata.canonical(obj.get("metadata"), as_written=True)
    return canonical_json(counted) == normal_json


def unknown_fields(obj: dict[str, Any], kind: Kind) -> Iterator[str]:
    """Yield the paths of an object that the API server would prune or refuse."""
    counted = {name: item for name, item in obj.items() if name not in _ENVELOPE}
    yield from schema_of(kind).unknown(counted, "")
