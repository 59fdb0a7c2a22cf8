from __future__ import annotations

from typing import Any

import pytest

from webhook.cluster.registration import Registration
from webhook.core.kinds import GOVERNED

CLIENT = {"url": "https://127.0.0.1:8443/validate", "caBundle": "Y2E="}


def manifest(**more: Any) -> dict[str, Any]:
    return Registration(CLIENT, **{"failure_policy": "Fail", **more}).to_manifest()


def webhooks(**more: Any) -> dict[str, dict[str, Any]]:
    return {webhook["name"]: webhook for webhook in manifest(**more)["webhooks"]}


def test_the_whole_manifest() -> None:
    common = {
        "clientConfig": CLIENT,
        "matchPolicy": "Equivalent",
        "matchConditions": [
            {
                "name": "not-the-api-server-itself",
                "expression": "request.userInfo.username != 'system:apiserver'",
            }
        ],
        "failurePolicy": "Fail",
        "sideEffects": "NoneOnDryRun",
        "timeoutSeconds": 3,
        "admissionReviewVersions": ["v1"],
    }
    every = {"apiVersions": ["v1"], "operations": ["CREATE", "UPDATE", "DELETE"]}
    in_namespaces, in_cluster = {**every, "scope": "Namespaced"}, {**every, "scope": "Cluster"}
    networking, rbac = "networking.k8s.io", "rbac.authorization.k8s.io"
    assert manifest() == {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "baseward"},
        "webhooks": [
            {
                "name": "namespaced.baseward.io",
                "rules": [
                    {
                        "apiGroups": [networking],
                        "resources": ["ingresses", "ingresses/status", "networkpolicies"],
                        **in_namespaces,
                    },
                    {"apiGroups": [rbac], "resources": ["roles", "rolebindings"], **in_namespaces},
                ],
                **common,
            },
            {
                "name": "cluster.baseward.io",
                "rules": [
                    {"apiGroups": [rbac], "resources": ["clusterroles", "clusterrolebindings"], **in_cluster}
                ],
                **common,
            },
        ],
    }


def test_every_governed_kind_is_asked_about_once() -> None:
    registered = [
        (group, resource)
        for webhook in webhooks().values()
        for rule in webhook["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if "/" not in resource
    ]
    assert sorted(registered) == sorted((kind.group, kind.resource) for kind in GOVERNED)


def test_the_api_server_itself_is_exempt_and_nobody_else() -> None:
    # A webhook on RBAC that is down would keep kube-apiserver from ever starting again.
    for webhook in webhooks().values():
        (condition,) = webhook["matchConditions"]
        assert condition["expression"] == "request.userInfo.username != 'system:apiserver'"
        assert "objectSelector" not in webhook


def test_excluded_namespaces_are_never_asked_about() -> None:
    found = webhooks(exclude_namespaces={"kube-system", "baseward-system"})
    assert found["namespaced.baseward.io"]["namespaceSelector"] == {
        "matchExpressions": [
            {
                "key": "kubernetes.io/metadata.name",
                "operator": "NotIn",
                "values": ["baseward-system", "kube-system"],
            }
        ]
    }
    assert "namespaceSelector" not in found["cluster.baseward.io"]


@pytest.mark.parametrize("name", ["namespaced.baseward.io", "cluster.baseward.io"])
def test_what_happens_while_it_is_down_and_how_long_to_wait(name: str) -> None:
    webhook = webhooks(failure_policy="Ignore", timeout=7)[name]
    assert (webhook["failurePolicy"], webhook["timeoutSeconds"]) == ("Ignore", 7)
