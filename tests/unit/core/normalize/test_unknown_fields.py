"""What of a manifest the API server would prune or refuse, so that `sync` can warn of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    Object,
    aggregated_role,
    cluster_role_binding,
    ingress,
    kind_of,
    labelled,
    network_policy,
    owner,
    path,
    put,
    role,
    stored,
)
from webhook.core.normalize import unknown_fields


def unknown(obj: Object) -> list[str]:
    return list(unknown_fields(obj, kind_of(obj)))


@pytest.mark.parametrize(
    "obj",
    [
        stored(labelled(network_policy(), {"a": "b", "c": None})),
        put(
            network_policy(),
            "/metadata/ownerReferences",
            [owner("a", controller=True, blockOwnerDeletion=True)],
        ),
        {**ingress(tls=[{"hosts": ["a"], "secretName": "s"}], ingressClassName="nginx"), "status": {"x": 1}},
        put(ingress(), "/spec/defaultBackend", {"resource": {"apiGroup": "a", "kind": "b", "name": "c"}}),
        put(role(), "/rules", None),
        put(network_policy(), "/spec/ingress", [None]),
        aggregated_role(),
        cluster_role_binding({"kind": "ServiceAccount", "name": "a", "namespace": "b"}),
    ],
    ids=["labels", "owners", "Ingress", "resource backend", "null", "null rule", "aggregated", "binding"],
)
def test_a_valid_object_has_none(obj: Object) -> None:
    assert unknown(obj) == []


@pytest.mark.parametrize(
    ("obj", "pointer", "value", "where"),
    [
        (network_policy(), "/spec/podSelecter", {}, "spec.podSelecter"),
        (network_policy(), "/spec/ingress/0/form", [], "spec.ingress[0].form"),
        (network_policy(), "/spec/ingress/0/ports/0/prot", "x", "spec.ingress[0].ports[0].prot"),
        (
            network_policy(),
            "/spec/ingress/0/from/0/podSelector/app",
            "x",
            "spec.ingress[0].from[0].podSelector.app",
        ),
        (network_policy(), "/spec/podSelector/matchLabels/app", 5, "spec.podSelector.matchLabels[app]"),
        (network_policy(), "/spec/podSelector/matchLabels", ["app"], "spec.podSelector.matchLabels"),
        (network_policy(), "/spec/policyTypes", "Ingress", "spec.policyTypes"),
        (network_policy(), "/spec/policyTypes", [["Ingress"]], "spec.policyTypes[0]"),
        (network_policy(), "/spec", [], "spec"),
        (network_policy(), "/spc", {}, "spc"),
        (network_policy(), "/metadata/lables", {}, "metadata.lables"),
        (network_policy(), "/metadata", "web", "metadata"),
        (network_policy(), "/metadata/name", {"a": 1}, "metadata.name"),
        (ingress(), "/spec/backend", {}, "spec.backend"),
        (
            ingress(),
            "/spec/rules/0/http/paths",
            [{**path("/", "a"), "backend": {"serviceName": "a"}}],
            "spec.rules[0].http.paths[0].backend.serviceName",
        ),
        (role(), "/rules/0/verb", "get", "rules[0].verb"),
        (role(), "/aggregationRule", {}, "aggregationRule"),
        (cluster_role_binding(), "/subjects/0/group", "x", "subjects[0].group"),
        (cluster_role_binding(), "/roleRef", ["x"], "roleRef"),
    ],
)
def test_each_is_named_by_its_path(obj: Object, pointer: str, value: Any, where: str) -> None:
    assert unknown(put(obj, pointer, value)) == [where]


def test_a_null_is_nothing_unknown_where_the_field_is_known() -> None:
    assert unknown(put(network_policy(), "/spec/egress", None)) == []
    assert unknown(put(network_policy(), "/spec/egres", None)) == ["spec.egres"]
