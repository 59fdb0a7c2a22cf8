from __future__ import annotations

from typing import Any

import pytest

from webhook.baseline.declaration import Declaring
from webhook.baseline.errors import DeclarationError
from webhook.baseline.render import Rendered
from webhook.core.objects import Manifest, ObjectKey, Provenance

NETWORKING = "networking.k8s.io"
RBAC = "rbac.authorization.k8s.io"
ANYTHING = Declaring("platform", "3f2c1ab", "default", ("*",), ("*",))


def document(api_version: Any, kind: Any, metadata: Any, **more: Any) -> Rendered:
    return Rendered(
        {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}, "apps/web.yaml", 12
    )


def policy(**metadata: Any) -> Rendered:
    return document(f"{NETWORKING}/v1", "NetworkPolicy", metadata, spec={})


def declared(rendered: Rendered, declaring: Declaring = ANYTHING) -> Manifest:
    manifest = declaring.manifest(rendered)
    assert manifest is not None
    return manifest


def test_a_governed_object_is_declared_with_its_place() -> None:
    manifest = declared(policy(name="web", namespace="shop"))
    assert manifest.key == ObjectKey(NETWORKING, "NetworkPolicy", "shop", "web")
    assert manifest.content == policy(name="web", namespace="shop").value
    assert manifest.provenance == Provenance("platform", "3f2c1ab", "apps/web.yaml", 12)


@pytest.mark.parametrize("namespace", [{}, {"namespace": ""}, {"namespace": None}])
def test_the_source_names_the_namespace_of_an_object_that_does_not(namespace: dict[str, Any]) -> None:
    manifest = declared(policy(name="web", **namespace), Declaring("s", "c", "team-a", ("*",), ("*",)))
    assert manifest.key.namespace == "team-a"
    assert manifest.content["metadata"]["namespace"] == "team-a"


def test_a_cluster_scoped_object_has_no_namespace() -> None:
    role = document(f"{RBAC}/v1", "ClusterRole", {"name": "view", "namespace": "shop"})
    assert declared(role).key == ObjectKey(RBAC, "ClusterRole", "", "view")


@pytest.mark.parametrize(
    "rendered",
    [
        document("apps/v1", "Deployment", {"name": "web"}),
        document("projectcalico.org/v3", "NetworkPolicy", {}),
        document("networking.istio.io/v1", "Ingress", None),
        document("authorization.openshift.io/v1", "Role", []),
        document("v1", "Role", {}),
        document(None, "NetworkPolicy", {}),
        document(f"{NETWORKING}/v1", None, {}),
        document(f"{NETWORKING}/v1", ["NetworkPolicy"], {}),
        Rendered({}, "values.yaml", 1),
    ],
)
def test_what_is_no_governed_object_is_passed_over(rendered: Rendered) -> None:
    assert ANYTHING.manifest(rendered) is None


@pytest.mark.parametrize(
    ("rendered", "problem"),
    [
        (
            document("extensions/v1beta1", "Ingress", {"name": "web"}),
            "extensions/v1beta1 Ingress is no longer served by the API; write it in networking.k8s.io/v1",
        ),
        (
            document("extensions/v1beta1", "NetworkPolicy", {"name": "web"}),
            f"extensions/v1beta1 NetworkPolicy is no longer served by the API; write it in {NETWORKING}/v1",
        ),
        (
            document(f"{RBAC}/v1beta1", "ClusterRole", {"name": "web"}),
            f"{RBAC}/v1beta1 ClusterRole is no longer served by the API; write it in {RBAC}/v1",
        ),
        (
            document(f"{NETWORKING}/v2", "Ingress", {"name": "web"}),
            "networking.k8s.io/v2 Ingress is not served by the API; write it in networking.k8s.io/v1",
        ),
        (policy(), "NetworkPolicy has no name; give it a metadata.name"),
        (policy(name=""), "NetworkPolicy has no name; give it a metadata.name"),
        (policy(name=None), "NetworkPolicy has no name; give it a metadata.name"),
        (policy(name=12), "metadata.name is no string; put it in quotes"),
        (policy(name=True), "metadata.name is no string; put it in quotes"),
        (policy(name="web", namespace=1), "metadata.namespace is no string; put it in quotes"),
        (
            policy(generateName="web-"),
            "generateName gives no identity that could be declared; give metadata.name instead",
        ),
        (
            policy(name="web", labels=["a"]),
            "metadata.labels is no mapping; write `key: value` lines below it",
        ),
        (
            policy(name="web", annotations="a"),
            "metadata.annotations is no mapping; write `key: value` lines below it",
        ),
        (
            document(f"{NETWORKING}/v1", "NetworkPolicy", None),
            "NetworkPolicy has no metadata; give it one with a name",
        ),
        (
            document(f"{NETWORKING}/v1", "NetworkPolicy", "web"),
            "NetworkPolicy has no metadata; give it one with a name",
        ),
    ],
)
def test_what_cannot_be_declared_is_refused_with_its_place(rendered: Rendered, problem: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        ANYTHING.manifest(rendered)
    assert str(caught.value) == f"apps/web.yaml:12: {problem}"


def test_empty_labels_are_none() -> None:
    assert declared(policy(name="web", labels=None, annotations={})).key.name == "web"


def test_a_name_beside_a_generated_one_is_the_name() -> None:
    assert declared(policy(name="web", generateName="web-")).key.name == "web"


TEAM = Declaring("team-a", "c", "default", ("shop-*", "tools"), ("NetworkPolicy", "Role", "ClusterRole"))


@pytest.mark.parametrize("namespace", ["shop-eu", "tools"])
def test_a_source_declares_what_it_may(namespace: str) -> None:
    assert declared(policy(name="web", namespace=namespace), TEAM).key.namespace == namespace


@pytest.mark.parametrize(
    ("rendered", "problem"),
    [
        (
            policy(name="web", namespace="shop"),
            "NetworkPolicy shop/web, an object in namespace shop (allow.na",
        ),
        (policy(name="web"), "NetworkPolicy default/web, an object in namespace default (allow.namespaces)"),
        (
            policy(name="web", namespace="Shop-eu"),
            "NetworkPolicy Shop-eu/web, an object in namespace Shop-eu",
        ),
        (
            document(f"{RBAC}/v1", "ClusterRole", {"name": "view", "namespace": "tools"}),
            "ClusterRole view, an object that is cluster-scoped (allow.namespaces)",
        ),
        (
            document(f"{NETWORKING}/v1", "Ingress", {"name": "web", "namespace": "tools"}),
            "kind Ingress (allow.kinds)",
        ),
    ],
)
def test_a_source_declares_nothing_else(rendered: Rendered, problem: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        TEAM.manifest(rendered)
    assert f"source team-a may not declare {problem}" in str(caught.value)


def test_names_are_made_safe_to_print() -> None:
    with pytest.raises(DeclarationError) as caught:
        TEAM.manifest(policy(name="a\x1b[31m", namespace="b\nc"))
    assert str(caught.value).isprintable()
