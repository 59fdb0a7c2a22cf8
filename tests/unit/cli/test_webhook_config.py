from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from certs.authority import issue_authority, issue_serving_certificate
from certs.files import write_certificates
from tests.unit.cli.calling import Place, baseward

URL = ("--url", "https://baseward.example.com:8443")


@pytest.fixture
def tls(tmp_path: Path) -> Path:
    """A folder as `baseward certs issue` leaves it."""
    now, folder = datetime.now(UTC), tmp_path / "tls"
    authority = issue_authority(now=now)
    write_certificates(folder, authority, issue_serving_certificate(authority, ["localhost"], now=now))
    return folder


def printed(place: Place, tls: Path, *options: str) -> dict[str, Any]:
    result = place.baseward("webhook-config", *options, "--ca-file", tls / "ca.crt")
    assert (result.exit_code, result.stderr) == (0, "")
    manifest: dict[str, Any] = yaml.safe_load(result.stdout)
    return manifest


def of_each(manifest: dict[str, Any], field: str) -> list[Any]:
    return [webhook.get(field) for webhook in manifest["webhooks"]]


def test_a_manifest_to_apply_is_printed(place: Place, tls: Path) -> None:
    manifest = printed(place, tls, *URL)
    assert manifest["apiVersion"] == "admissionregistration.k8s.io/v1"
    assert manifest["kind"] == "ValidatingWebhookConfiguration"
    assert of_each(manifest, "name") == ["namespaced.baseward.io", "cluster.baseward.io"]


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://baseward.example.com", "https://baseward.example.com/validate"),
        ("https://127.0.0.1:8443/", "https://127.0.0.1:8443/validate"),
        ("https://[::1]:8443", "https://[::1]:8443/validate"),
        ("https://proxy.example.com/baseward/validate", "https://proxy.example.com/baseward/validate"),
    ],
)
def test_by_url_it_is_called_at_validate_unless_a_path_is_given(
    place: Place, tls: Path, url: str, called: str
) -> None:
    client = of_each(printed(place, tls, "--url", url), "clientConfig")[0]
    assert client["url"] == called
    assert "service" not in client


def test_by_service_it_is_called_at_its_port_443(place: Place, tls: Path) -> None:
    options = ("--service", "baseward", "--namespace", "baseward-system")
    client = of_each(printed(place, tls, *options), "clientConfig")[1]
    assert client["service"] == {
        "name": "baseward",
        "namespace": "baseward-system",
        "path": "/validate",
        "port": 443,
    }
    assert "url" not in client


def test_the_ca_goes_into_it_as_it_is(place: Place, tls: Path) -> None:
    bundles = {client["caBundle"] for client in of_each(printed(place, tls, *URL), "clientConfig")}
    assert [base64.b64decode(bundle) for bundle in bundles] == [(tls / "ca.crt").read_bytes()]


def test_the_api_server_itself_is_exempt_and_nobody_else(place: Place, tls: Path) -> None:
    for (condition,) in of_each(printed(place, tls, *URL), "matchConditions"):
        assert condition["expression"] == "request.userInfo.username != 'system:apiserver'"


def test_excluded_namespaces_are_never_asked_about(place: Place, tls: Path) -> None:
    place.configure(scope={"excludeNamespaces": ["kube-system", "baseward-system"]})
    namespaced, of_cluster = of_each(printed(place, tls, *URL), "namespaceSelector")
    assert namespaced["matchExpressions"][0]["values"] == ["baseward-system", "kube-system"]
    assert of_cluster is None


@pytest.mark.parametrize(
    ("mode", "options", "policy"),
    [
        ("enforce", (), "Fail"),
        ("audit", (), "Ignore"),
        ("enforce", ("--failure-policy", "Ignore"), "Ignore"),
        ("audit", ("--failure-policy", "Fail"), "Fail"),
    ],
)
def test_what_happens_while_it_is_down_follows_from_the_mode(
    place: Place, tls: Path, mode: str, options: tuple[str, ...], policy: str
) -> None:
    place.configure(mode=mode)
    assert of_each(printed(place, tls, *URL, *options), "failurePolicy") == [policy, policy]


@pytest.mark.parametrize(("options", "seconds"), [((), 3), (("--timeout", "10"), 10)])
def test_how_long_the_api_server_waits(
    place: Place, tls: Path, options: tuple[str, ...], seconds: int
) -> None:
    assert of_each(printed(place, tls, *URL, *options), "timeoutSeconds") == [seconds, seconds]


# Without a configuration: it works, as a first try does, and says what it did not know


def test_without_a_configuration_it_says_that_mode_and_namespaces_are_not_known(tls: Path) -> None:
    result = baseward("webhook-config", *URL, "--ca-file", tls / "ca.crt")
    assert result.exit_code == 0
    assert of_each(yaml.safe_load(result.stdout), "failurePolicy") == ["Fail", "Fail"]
    assert "--config" in result.stderr
    assert "excludeNamespaces" in result.stderr


def test_a_configuration_that_was_named_and_is_missing_is_2(tls: Path, tmp_path: Path) -> None:
    options = ("--config", tmp_path / "missing.yaml", "webhook-config", *URL, "--ca-file", tls / "ca.crt")
    result = baseward(*options)
    assert (result.exit_code, result.stdout) == (2, "")


# What is wrong


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--service", "baseward"),
        ("--namespace", "baseward-system"),
        (*URL, "--service", "baseward", "--namespace", "baseward-system"),
        (*URL, "--namespace", "baseward-system"),
        ("--service", "", "--namespace", "x"),
    ],
)
def test_the_webhook_is_named_by_url_or_by_service_and_namespace(
    place: Place, tls: Path, options: tuple[str, ...]
) -> None:
    result = place.baseward("webhook-config", *options, "--ca-file", tls / "ca.crt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--url, or by --service and --namespace" in result.stderr


@pytest.mark.parametrize(
    "url",
    [
        "",
        "baseward.example.com",
        "http://baseward.example.com",
        "https://",
        "https:///validate",
        "https://me:secret@baseward.example.com",
        "https://baseward.example.com/?a=b",
        "https://baseward.example.com/#top",
        "https://baseward.example.com:99999",
        "https://[::1",
    ],
)
def test_a_url_that_could_never_be_called_is_2(place: Place, tls: Path, url: str) -> None:
    result = place.baseward("webhook-config", "--url", url, "--ca-file", tls / "ca.crt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "https://HOST[:PORT]" in result.stderr


def test_a_password_in_a_url_is_not_repeated(place: Place, tls: Path) -> None:
    url = "https://me:a-secret@baseward.example.com"
    result = place.baseward("webhook-config", "--url", url, "--ca-file", tls / "ca.crt")
    assert "a-secret" not in result.output


# The API server takes these without a word, and from then on, with Fail, refuses every change.


@pytest.mark.parametrize("names", [("Base Ward", "x"), ("baseward", "x_y")])
def test_a_service_that_cannot_exist_is_2(place: Place, tls: Path, names: tuple[str, str]) -> None:
    options = ("--service", names[0], "--namespace", names[1])
    result = place.baseward("webhook-config", *options, "--ca-file", tls / "ca.crt")
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "PEM"),
        (b"no certificate", "PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n", "no key"),
        (b"-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n", "PEM"),
        (b"\xff\xfe", "PEM"),
    ],
)
def test_a_file_that_is_no_ca_is_2(place: Place, tls: Path, content: bytes, message: str) -> None:
    (tls / "ca.crt").write_bytes(content)
    result = place.baseward("webhook-config", *URL, "--ca-file", tls / "ca.crt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_key_beside_the_ca_never_gets_into_the_cluster(place: Place, tls: Path) -> None:
    both = (tls / "ca.crt").read_bytes() + (tls / "tls.key").read_bytes()
    (tls / "both.pem").write_bytes(both)
    result = place.baseward("webhook-config", *URL, "--ca-file", tls / "both.pem")
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("name", ["missing.crt", "."])
def test_a_ca_file_that_is_none_is_2_and_named(place: Place, tls: Path, name: str) -> None:
    result = place.baseward("webhook-config", *URL, "--ca-file", tls / name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--ca-file" in result.stderr


@pytest.mark.parametrize("seconds", ["0", "31", "soon"])
def test_the_api_server_waits_for_1_to_30_seconds(place: Place, tls: Path, seconds: str) -> None:
    result = place.baseward("webhook-config", *URL, "--timeout", seconds, "--ca-file", tls / "ca.crt")
    assert result.exit_code == 2
    assert "--timeout" in result.stderr
