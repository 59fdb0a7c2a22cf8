"""The governed kinds, the identity of an object, and where Git says something of it."""

from __future__ import annotations

import pytest

from tests.builders import COMMIT, annotated, declare, network_policy
from webhook.core import kinds
from webhook.core.canonical import canonical_json, digest
from webhook.core.errors import ReviewError
from webhook.core.objects import Manifest, ObjectKey, Provenance


def test_six_kinds_are_governed() -> None:
    assert [(kind.name, kind.resource, kind.namespaced) for kind in kinds.GOVERNED] == [
        ("Ingress", "ingresses", True),
        ("NetworkPolicy", "networkpolicies", True),
        ("Role", "roles", True),
        ("RoleBinding", "rolebindings", True),
        ("ClusterRole", "clusterroles", False),
        ("ClusterRoleBinding", "clusterrolebindings", False),
    ]


@pytest.mark.parametrize("kind", kinds.GOVERNED, ids=lambda kind: kind.name)
def test_a_kind_is_found_by_group_and_name(kind: kinds.Kind) -> None:
    assert kinds.governed(kind.group, kind.name) is kind
    assert kinds.governed("", kind.name) is None
    assert kinds.governed(kind.group, kind.name.lower()) is None
    assert kind.api_version == f"{kind.group}/v1"
    assert kind.singular == kind.name.lower()


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("crd.projectcalico.org", "NetworkPolicy"),
        ("projectcalico.org", "NetworkPolicy"),
        ("networking.internal.knative.dev", "Ingress"),
        ("config.openshift.io", "Ingress"),
        ("authorization.openshift.io", "RoleBinding"),
        ("extensions", "Ingress"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "Role"),
    ],
)
def test_a_namesake_of_another_group_is_not_governed(group: str, name: str) -> None:
    assert kinds.governed(group, name) is None


@pytest.mark.parametrize(
    ("api_version", "name", "removed"),
    [
        ("extensions/v1beta1", "Ingress", True),
        ("networking.k8s.io/v1beta1", "Ingress", True),
        ("extensions/v1beta1", "NetworkPolicy", True),
        ("rbac.authorization.k8s.io/v1beta1", "ClusterRole", True),
        ("rbac.authorization.k8s.io/v1alpha1", "RoleBinding", True),
        ("networking.k8s.io/v1", "Ingress", False),
        ("networking.k8s.io/v1beta1", "NetworkPolicy", False),
        ("extensions/v1beta1", "Deployment", False),
        ("crd.projectcalico.org/v1", "NetworkPolicy", False),
    ],
)
def test_versions_that_the_api_no_longer_serves_are_known(
    *, api_version: str, name: str, removed: bool
) -> None:
    assert kinds.is_removed(api_version, name) is removed


def test_a_key_reads_as_messages_write_it() -> None:
    assert str(ObjectKey("networking.k8s.io", "NetworkPolicy", "shop", "web")) == "NetworkPolicy shop/web"
    assert str(ObjectKey("rbac.authorization.k8s.io", "ClusterRole", "", "web")) == "ClusterRole web"


def test_provenance_reads_as_messages_write_it() -> None:
    provenance = Provenance("platform", COMMIT, "clusters/prod/shop/netpol.yaml", 12)
    assert str(provenance) == "platform@3f2c1ab clusters/prod/shop/netpol.yaml:12"


def test_a_manifest_is_what_a_renderer_hands_over() -> None:
    declared = declare(network_policy())
    manifest = Manifest(declared.key, network_policy(), declared.provenance)
    assert manifest.content["kind"] == "NetworkPolicy"


def test_a_declared_object_knows_what_was_left_out_of_it() -> None:
    declared = declare(annotated(network_policy(), {"argocd.argoproj.io/instance": "apps"}))
    assert "annotations" not in declared.content["metadata"]
    assert declared.left_out == {"/metadata/annotations/argocd.argoproj.io~1instance": "apps"}


def test_canonical_json_sorts_keys_and_tells_types_apart() -> None:
    assert canonical_json({"b": 1, "a": [True, 1, 1.0, "1", None]}) == b'{"a":[true,1,1.0,"1",null],"b":1}'
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert len(digest({})) == 32
    assert digest({"a": 1}) != digest({"a": True})


@pytest.mark.parametrize("value", [{"a": {1, 2}}, "\ud800", 2**64, {1: 2}])
def test_what_is_no_json_value_is_a_review_error(value: object) -> None:
    with pytest.raises(ReviewError, match="the object cannot be written as JSON"):
        canonical_json(value)


def test_what_is_nested_too_deep_is_a_review_error() -> None:
    value: list[object] = []
    for _ in range(300):
        value = [value]
    with pytest.raises(ReviewError, match="the object cannot be written as JSON"):
        digest(value)
