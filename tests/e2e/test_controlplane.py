"""The tests' control plane is a real one: RBAC decides, webhooks are asked, data survives a restart."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.cluster import Cluster, CommandError, controlplane

CONTROLLERS = {
    "namespace-controller": "namespace-controller",
    "garbage-collector": "generic-garbage-collector",
    "clusterrole-aggregation-controller": "clusterrole-aggregation-controller",
}


@pytest.fixture
def policy(cluster: Cluster) -> Iterator[str]:
    """A NetworkPolicy of alice's in the namespace shop: its name."""
    name = f"web-{uuid4().hex[:8]}"
    cluster.kubectl("create", "-f", "-", input=network_policy(name))
    yield name
    cluster.kubectl("delete", "networkpolicy", name, "-n", "shop", "--ignore-not-found", as_user="admin")


def network_policy(name: str, namespace: str = "shop") -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}},
    }


def may(cluster: Cluster, user: str, verb: str, resource: str, name: str = "", namespace: str = "") -> bool:
    """Ask the API server, as `user`, whether they may use `verb` on `resource` (as "resource.group").

    A review, as `kubectl auth can-i` knows only resources that exist.
    """
    resource, _, group = resource.partition(".")
    attributes = {"verb": verb, "group": group, "resource": resource, "name": name, "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    # kubectl takes what can't be patched for a custom resource, whose definition alice may not read.
    create = ["create", "--validate=false", "-f", "-", "-o", "json"]
    answer = cluster.kubectl(*create, as_user=user, input=review)
    allowed: bool = json.loads(answer.stdout)["status"]["allowed"]
    return allowed


def who_am_i(cluster: Cluster, user: str) -> dict[str, Any]:
    info: dict[str, Any] = json.loads(cluster.kubectl("auth", "whoami", "-o", "json", as_user=user).stdout)
    return dict(info["status"]["userInfo"])


def test_alice_edits_in_her_namespace(cluster: Cluster, policy: str) -> None:
    cluster.kubectl("label", "networkpolicy", policy, "tier=front")
    labels = cluster.kubectl("get", "networkpolicy", policy, "-o", "jsonpath={.metadata.labels}").stdout
    assert json.loads(labels) == {"tier": "front"}


def test_alice_edits_nowhere_else(cluster: Cluster) -> None:
    answer = cluster.kubectl("create", "-f", "-", input=network_policy("web", "default"), check=False)
    assert answer.returncode == 1
    assert 'User "alice" cannot create resource "networkpolicies"' in answer.stderr


@pytest.mark.parametrize("resource", ["networkpolicies", "ingresses"])
@pytest.mark.parametrize("verb", ["get", "create", "update", "patch", "delete", "deletecollection"])
def test_edit_is_aggregated_as_in_a_real_cluster(cluster: Cluster, verb: str, resource: str) -> None:
    assert may(cluster, "alice", verb, f"{resource}.networking.k8s.io", namespace="shop")


def test_alice_grants_nothing(cluster: Cluster) -> None:
    assert not may(cluster, "alice", "create", "rolebindings.rbac.authorization.k8s.io", namespace="shop")


@pytest.mark.parametrize(("user", "allowed"), [("oncall", True), ("alice", False)])
def test_breaking_the_glass_is_a_matter_of_rbac(cluster: Cluster, user: str, allowed: bool) -> None:
    assert may(cluster, user, "break-glass", "networkpolicies.baseward.io", "web", "shop") is allowed


def test_oncall_writes_roles_beyond_their_own_rights(cluster: Cluster) -> None:
    role = ["create", "role", "secrets", "--verb=get", "--resource=secrets", "-n", "gitops-system"]
    assert "created (server dry run)" in cluster.kubectl(*role, "--dry-run=server", as_user="oncall").stdout


def test_gitops_is_a_service_account_with_a_real_token(cluster: Cluster) -> None:
    info = who_am_i(cluster, "gitops")
    assert info["username"] == "system:serviceaccount:gitops-system:gitops"
    assert info["uid"]
    assert "system:serviceaccounts:gitops-system" in info["groups"]


@pytest.mark.parametrize(("user", "name"), CONTROLLERS.items())
def test_controllers_have_their_own_names(cluster: Cluster, user: str, name: str) -> None:
    assert who_am_i(cluster, user)["username"] == f"system:serviceaccount:kube-system:{name}"


@pytest.mark.parametrize("user", ["namespace-controller", "garbage-collector"])
def test_controllers_that_clean_up_may_delete(cluster: Cluster, policy: str, user: str) -> None:
    cluster.kubectl("delete", "networkpolicy", policy, "-n", "shop", as_user=user)
    answer = cluster.kubectl("get", "networkpolicy", policy, check=False)
    assert "NotFound" in answer.stderr


def test_the_garbage_collector_may_patch_owners_away(cluster: Cluster, policy: str) -> None:
    patch = '{"metadata": {"ownerReferences": []}}'
    cluster.kubectl(
        "patch",
        "networkpolicy",
        policy,
        "-n",
        "shop",
        "--type=merge",
        "-p",
        patch,
        as_user="garbage-collector",
    )


def test_the_aggregation_controller_may_write_any_rules(cluster: Cluster) -> None:
    patch = ["patch", "clusterrole", "view", "--type=json", "--dry-run=server"]
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    patch += ["-p", json.dumps([{"op": "add", "path": "/rules/-", "value": rule}])]
    cluster.kubectl(*patch, as_user="clusterrole-aggregation-controller")


def test_data_and_tokens_survive_a_restart(cluster: Cluster, policy: str) -> None:
    before = [
        cluster.kubectl("get", "networkpolicy", policy, "-o", "json").stdout,
        who_am_i(cluster, "gitops")["uid"],
    ]
    process = json.loads((cluster.folder / "kube-apiserver.json").read_text())
    cluster.restart_apiserver()
    after = [
        cluster.kubectl("get", "networkpolicy", policy, "-o", "json").stdout,
        who_am_i(cluster, "gitops")["uid"],
    ]
    assert after == before
    restarted = json.loads((cluster.folder / "kube-apiserver.json").read_text())
    assert restarted["pid"] != process["pid"]
    assert restarted["argv"] == process["argv"]


def test_a_restart_that_is_not_ready_in_time_fails_and_can_be_repeated(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match="/readyz: not in time"):
        cluster.restart_apiserver(timeout=0)
    assert "refused" in cluster.kubectl("get", "networkpolicies", check=False).stderr
    cluster.restart_apiserver()
    cluster.kubectl("get", "networkpolicies")


def test_the_audit_log_has_the_whole_object(cluster: Cluster, policy: str) -> None:
    created = [
        event
        for event in cluster.audit_events()
        if event["verb"] == "create" and event.get("objectRef", {}).get("name") == policy
    ]
    assert [event["user"]["username"] for event in created] == ["alice"]
    assert created[0]["requestObject"]["spec"]["podSelector"] == {"matchLabels": {"app": "web"}}


def test_up_again_changes_nothing(cluster: Cluster) -> None:
    before = (cluster.folder / "kube-apiserver.json").read_text()
    assert "is up already" in controlplane("up", cluster.folder).stdout
    assert (cluster.folder / "kube-apiserver.json").read_text() == before


def test_secrets_are_for_the_owner_alone(cluster: Cluster) -> None:
    assert cluster.folder.stat().st_mode & 0o777 == 0o700
    for name in ("admin", "alice", "oncall", "gitops", *CONTROLLERS, "tokens.csv", "service-account.key"):
        assert (cluster.folder / name).stat().st_mode & 0o777 == 0o600, name


class DenyEverything(http.server.BaseHTTPRequestHandler):
    """The smallest validating webhook."""

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = {"message": f"not for {review['request']['userInfo']['username']}", "code": 403}
        review["response"] = {"uid": review["request"]["uid"], "allowed": False, "status": status}
        body = json.dumps(review).encode()
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the base class's name
        """Stay silent."""


@pytest.fixture
def webhook_url(tmp_path: Path) -> Iterator[tuple[str, bytes]]:
    """A webhook on loopback: its URL and the certificate to trust."""
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=webhook"
    )
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), DenyEverything) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/", certificate.read_bytes()
        server.shutdown()
        thread.join()


def eventually_denied(cluster: Cluster) -> str:
    """Return what kubectl says once the API server has taken notice of the webhook."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        create = ["create", "--dry-run=server", "-f", "-"]
        answer = cluster.kubectl(*create, input=network_policy("web"), check=False)
        if answer.returncode:
            return answer.stderr
    raise AssertionError("never denied")


def deny_webhook(name: str, url: str, certificate: bytes) -> dict[str, Any]:
    network_policies = {
        "apiGroups": ["networking.k8s.io"],
        "apiVersions": ["v1"],
        "resources": ["networkpolicies"],
        "operations": ["CREATE"],
    }
    webhook = {
        "name": name,
        "clientConfig": {"url": url, "caBundle": b64encode(certificate).decode()},
        "rules": [network_policies],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [webhook],
    }


def test_a_webhook_on_loopback_is_asked(cluster: Cluster, webhook_url: tuple[str, bytes]) -> None:
    name = f"deny-{uuid4().hex[:8]}.baseward.io"
    cluster.kubectl("create", "-f", "-", as_user="admin", input=deny_webhook(name, *webhook_url))
    try:
        denial = eventually_denied(cluster)
    finally:
        cluster.kubectl("delete", "validatingwebhookconfiguration", name, as_user="admin")
    assert f'admission webhook "{name}" denied the request: not for alice' in denial
