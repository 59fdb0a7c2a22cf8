"""The canonical forms of roles and bindings.

Defaults: kubernetes ``pkg/apis/rbac/v1/defaults.go``. Where a ClusterRole has an
``aggregationRule``, its ``rules`` are written by a controller and not compared.
"""

from __future__ import annotations

from typing import Any

from webhook.core.kinds import RBAC
from webhook.core.normalize.schema import (
    LABEL_SELECTOR,
    OMITTED_WHEN_EMPTY,
    SCALAR,
    STRINGS,
    Node,
    SetOf,
    Struct,
)


def is_gathering_label(key: str) -> bool:
    """Tell whether a label is one by which roles are gathered, as those of Kubernetes itself are."""
    return key.rpartition("/")[2].startswith("aggregate-to-")


def _default_subject_group(subject: dict[str, Any], as_written: bool) -> None:
    if subject.get("kind") in ("User", "Group"):
        subject.setdefault("apiGroup", RBAC)


RULE_SET = SetOf(
    Struct(
        {
            "verbs": STRINGS,
            "apiGroups": STRINGS,
            "resources": STRINGS,
            "resourceNames": STRINGS,
            "nonResourceURLs": STRINGS,
        }
    )
)
_SUBJECT = Struct(
    {
        "kind": SCALAR,
        "apiGroup": OMITTED_WHEN_EMPTY,
        "name": SCALAR,
        "namespace": OMITTED_WHEN_EMPTY,
    },
    finish=_default_subject_group,
)
_ROLE_REF = Struct(
    {"apiGroup": OMITTED_WHEN_EMPTY, "kind": SCALAR, "name": SCALAR}, defaults={"apiGroup": RBAC}
)

ROLE_FIELDS: dict[str, Node] = {"rules": RULE_SET}
CLUSTER_ROLE_FIELDS: dict[str, Node] = {
    "rules": RULE_SET,
    "aggregationRule": Struct({"clusterRoleSelectors": SetOf(LABEL_SELECTOR)}),
}
BINDING_FIELDS: dict[str, Node] = {"subjects": SetOf(_SUBJECT), "roleRef": _ROLE_REF}
