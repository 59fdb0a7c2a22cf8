"""What an object refers to, as the snapshot finds it again."""

from __future__ import annotations

import pytest

from tests.builders import (
    Object,
    aggregated_role,
    cluster_role,
    cluster_role_binding,
    kind_of,
    network_policy,
    put,
    role,
    role_binding,
)
from webhook.core.kinds import RBAC
from webhook.core.objects import ObjectKey
from webhook.core.references import ALL_CLUSTER_ROLES, reference_of


@pytest.mark.parametrize(
    ("obj", "reference"),
    [
        (role_binding(to="Role/reader"), ObjectKey(RBAC, "Role", "shop", "reader")),
        (role_binding(to="ClusterRole/view"), ObjectKey(RBAC, "ClusterRole", "", "view")),
        (cluster_role_binding(to="view"), ObjectKey(RBAC, "ClusterRole", "", "view")),
        (aggregated_role(), ALL_CLUSTER_ROLES),
        (cluster_role(), None),
        (role(), None),
        (network_policy(), None),
        (put(role_binding(), "/roleRef", "reader"), None),
        (put(role_binding(), "/roleRef/kind", "Group"), None),
        (put(role_binding(), "/roleRef/name", 1), None),
        (put(role(), "/roleRef", role_binding()["roleRef"]), None),
    ],
)
def test_a_binding_refers_to_its_role_and_an_aggregating_role_to_all_others(
    obj: Object, reference: ObjectKey | None
) -> None:
    assert reference_of(kind_of(obj), obj, obj["metadata"].get("namespace", "")) == reference
