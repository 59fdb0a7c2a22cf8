from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.unit.cluster.apiserver import TOKEN, ApiServer, Reply
from webhook.cluster.api import Api
from webhook.cluster.client import api_client
from webhook.cluster.errors import CredentialsError


@pytest.fixture(autouse=True)
def outside_of_any_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


def test_credentials_come_from_a_kubeconfig(server: ApiServer, tmp_path: Path) -> None:
    server.answer = lambda _: Reply({})
    client, _ = api_client(kubeconfig=server.kubeconfig(tmp_path))
    Api(client).call("GET", "/version")
    assert server.calls[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(("context", "namespace"), [({}, "default"), ({"namespace": "shop"}, "shop")])
def test_the_namespace_is_that_of_the_context(
    tmp_path: Path, server: ApiServer, context: dict[str, str], namespace: str
) -> None:
    assert api_client(kubeconfig=server.kubeconfig(tmp_path, **context))[1] == namespace


def test_another_context_can_be_named(tmp_path: Path, server: ApiServer) -> None:
    path = server.kubeconfig(tmp_path, namespace="shop")
    content = yaml.safe_load(path.read_text())
    there = {"cluster": "here", "user": "me", "namespace": "web"}
    content["contexts"].append({"name": "there", "context": there})
    path.write_text(yaml.safe_dump(content))
    assert api_client("there", path)[1] == "web"
    assert api_client("here", path)[1] == "shop"


def test_a_named_context_needs_no_current_one(tmp_path: Path, server: ApiServer) -> None:
    path = server.kubeconfig(tmp_path, namespace="shop")
    content = yaml.safe_load(path.read_text())
    del content["current-context"]
    path.write_text(yaml.safe_dump(content))
    assert api_client("here", path)[1] == "shop"


def test_nothing_is_tried_twice(tmp_path: Path, server: ApiServer) -> None:
    client, _ = api_client(kubeconfig=server.kubeconfig(tmp_path))
    assert client.configuration.retries is False


# What can be wrong. The message says what, where, and what to do, and never holds a secret.


def test_without_any_credentials_the_message_says_where_to_put_them() -> None:
    with pytest.raises(CredentialsError, match="KUBECONFIG"):
        api_client()


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"missing\.yaml"):
        api_client(kubeconfig=tmp_path / "missing.yaml")


def test_a_context_that_is_not_there_is_named(tmp_path: Path, server: ApiServer) -> None:
    with pytest.raises(CredentialsError, match="nowhere"):
        api_client("nowhere", server.kubeconfig(tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="no YAML"),
        pytest.param("- a\n- list\n", id="a list"),
        pytest.param("current-context: here\ncontexts: []\nclusters: []\nusers: []\n", id="no such context"),
        pytest.param("current-context: here\ncontexts: 7\n", id="contexts of a wrong type"),
        pytest.param("kind: Config\n", id="nothing in it"),
    ],
)
def test_a_broken_kubeconfig_is_an_error_of_credentials(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    with pytest.raises(CredentialsError):
        api_client(kubeconfig=path)


def test_in_a_pod_its_service_account_is_used_unless_a_kubeconfig_is_named(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(CredentialsError, match="service account"):  # there is none on this machine
        api_client()
    assert api_client(kubeconfig=server.kubeconfig(tmp_path))[0].configuration.host == server.url
