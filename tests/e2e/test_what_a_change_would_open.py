"""What a denial says a change would open: the stories that happen, through kubectl."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import network_policy, peer
from tests.e2e.answers import denial_of
from tests.e2e.baseward import Baseward
from tests.e2e.changes import ANYWHERE, SNIPPET, patch
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock

pytestmark = pytest.mark.usefixtures("baseward")

OFFICE = {"ipBlock": {"cidr": "203.0.113.0/24"}}
EVERYBODY = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"}
NGINX = "nginx.ingress.kubernetes.io"
PATHS = "/spec/rules/0/http/paths"


def operation(path: str, value: Any) -> list[Object]:
    return [{"op": "add", "path": path, "value": value}]


def opened_by(cluster: Cluster, obj: Object, operations: list[Object], user: str = "oncall") -> str:
    """Return what the denial of a JSON patch says that it would open, in one line."""
    denial = denial_of(patch(cluster, obj, operations, "--type=json", as_user=user))
    _, title, rest = denial.partition("Would newly allow:")
    assert title, denial
    return " ".join(rest.partition("\n\n")[0].split())


def test_a_namespace_opened_to_unknown_sources(cluster: Cluster, policy: Object) -> None:
    said = opened_by(cluster, policy, [{"op": "remove", "path": "/spec/ingress/0/from"}])
    assert said == "any source -> pods app=web in shop, TCP 8080"


def test_a_policy_opened_to_any_address(cluster: Cluster, policy: Object) -> None:
    said = opened_by(cluster, policy, operation("/spec/ingress/0/from/-", ANYWHERE))
    assert said == "any address -> pods app=web in shop, TCP 8080"


def test_a_policy_opened_to_an_unintended_range(cluster: Cluster, policy: Object) -> None:
    said = opened_by(cluster, policy, operation("/spec/ingress/0/from/-", OFFICE))
    assert said == "203.0.113.0/24 -> pods app=web in shop, TCP 8080"


def test_an_authentication_annotation_removed(cluster: Cluster, ingress: Object) -> None:
    key = f"/metadata/annotations/{NGINX}~1auth-url"
    said = opened_by(cluster, ingress, [{"op": "remove", "path": key}])
    assert said == "requests without auth-url (authentication removed)"


def test_a_path_rewritten(cluster: Cluster, ingress: Object) -> None:
    said = opened_by(cluster, ingress, operation(f"{PATHS}/0/path", "/admin"))
    assert "shop.example.com/admin -> service cart:80" in said


def test_a_rewrite_target_set(cluster: Cluster, ingress: Object) -> None:
    key = f"/metadata/annotations/{NGINX}~1rewrite-target"
    said = opened_by(cluster, ingress, operation(key, "/internal"))
    assert said == "requests by rewrite-target /internal (paths rewritten)"


def test_a_tls_secret_swapped(cluster: Cluster, ingress: Object) -> None:
    said = opened_by(cluster, ingress, operation("/spec/tls/0/secretName", "other-tls"))
    assert "shop.example.com" in said
    assert "shop-tls -> other-tls" in said


def test_a_backend_re_pointed(cluster: Cluster, ingress: Object) -> None:
    said = opened_by(cluster, ingress, operation(f"{PATHS}/0/backend/service/name", "cart-debug"))
    assert "shop.example.com/cart -> service cart-debug:80 (was cart:80)" in said


def test_a_snippet_added(cluster: Cluster, ingress: Object) -> None:
    key = f"/metadata/annotations/{SNIPPET.replace('/', '~1')}"
    said = opened_by(cluster, ingress, operation(key, "return 200 owned;"))
    assert said == "whatever configuration-snippet says (code added)"


def test_a_binding_opened_to_everybody(cluster: Cluster, cluster_role_binding: Object) -> None:
    said = opened_by(cluster, cluster_role_binding, operation("/subjects/-", EVERYBODY))
    assert "Group system:authenticated -> " in said
    assert "ClusterRole view" in said


def test_a_role_that_reads_secrets(cluster: Cluster, role: Object) -> None:
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
    said = opened_by(cluster, role, operation("/rules/-", rule))
    assert "get, list secrets in shop" in said
    assert "reads secrets" in said


def test_the_last_policy_of_some_pods_deleted(cluster: Cluster, running: Baseward, stock: Stock) -> None:
    name = stock.name("db")
    policy = network_policy(
        name, podSelector={"matchLabels": {"app": name}}, ingress=[{"from": [peer("web")]}]
    )
    running.wait_until_served(running.repository.declare(policy))
    cluster.unwatched("apply", "-f", "-", input=policy)
    denial = denial_of(cluster.kubectl("delete", *target(policy), check=False))
    cluster.unwatched("delete", *target(policy))
    assert f"Would newly allow: any source -> pods app={name} in shop, all ports" in denial


def test_the_log_says_the_same(cluster: Cluster, running: Baseward, policy: Object) -> None:
    opened_by(cluster, policy, operation("/spec/ingress/0/from/-", ANYWHERE))
    assert running.decisions(policy)[-1]["impact"] == {
        "effect": "widens",
        "opens": ["any address -> pods app=web in shop, TCP 8080"],
        "closes": [],
        "unknown": [],
    }
