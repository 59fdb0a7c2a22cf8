"""Every value of the sources' access, trust and renderers, and of the receiver, on its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.config.sample import faults_in, problem_at, with_value

SOURCE = "baseline.sources.0"
RECEIVER = {"secret": "hook"}
HTTPS = "https://git.example.com/platform.git"
SECRET = "s3cret"


def document_with(path: str, value: Any) -> dict[str, Any]:
    """Return a document with one value, and what this value asks for beside it."""
    document = with_value(path, value)
    (source,) = document["baseline"]["sources"]
    if {"proxy", "credentials"} & set(source):
        source["repository"] = HTTPS
    for renderer in {"helm", "kustomize"} & set(source):
        source["renderer"] = renderer
    if "receiver" in document["baseline"]:
        document["baseline"]["receiver"].setdefault("secret", "hook")
    if "verify" in source:
        source["verify"].setdefault("keys", "keys")
        source["revision"] = "v1"
    return document


FINE = [
    ("baseline.maxShrink", "0%"),
    ("baseline.maxShrink", "7%"),
    ("baseline.maxShrink", "100%"),
    ("baseline.receiver", RECEIVER),
    ("baseline.receiver", RECEIVER | {"certificates": "/etc/baseward/tls", "address": "[::]:9444"}),
    ("baseline.receiver", RECEIVER | {"peers": ["http://baseward-sync:9444", "https://[fd00::1]:9444/"]}),
    (f"{SOURCE}.interval", "5m"),
    (f"{SOURCE}.timeout", "24h"),
    (f"{SOURCE}.maxSize", "512Mi"),
    (f"{SOURCE}.rewritten", "hold"),
    (f"{SOURCE}.verify", {"keys": "keys"}),
    (f"{SOURCE}.verify", {"keys": "keys", "mode": "head"}),
    *((f"{SOURCE}.renderer", name) for name in ("kustomize", "helm", "terraform", "pulumi")),
]

FINE_WITH_OTHERS = [
    (f"{SOURCE}.credentials", "/etc/baseward/git"),
    (f"{SOURCE}.proxy", "http://proxy.example.com:3128"),
    (f"{SOURCE}.proxy", "https://10.0.0.1/"),
    (f"{SOURCE}.proxy", "socks5h://[::1]:1080"),
    (f"{SOURCE}.verify.mode", "tag"),
    (f"{SOURCE}.kustomize.loadRestrictor", "none"),
    (f"{SOURCE}.helm.release", "shop-1.prod"),
    (f"{SOURCE}.helm.release", "a" * 53),
    (f"{SOURCE}.helm.values", ["values/prod.yaml", "./x.yaml"]),
    (f"{SOURCE}.helm.hooks", True),
    (f"{SOURCE}.helm.kubeVersion", "1.36"),
    (f"{SOURCE}.helm.kubeVersion", "v1.36.3"),
    (f"{SOURCE}.helm.apiVersions", ["policy/v1", "v1", "cert-manager.io/v1/Certificate"]),
    (f"{SOURCE}.helm.repositories", ["https://charts.example.com/stable", "oci://ghcr.example.com/x/y"]),
]


@pytest.mark.parametrize(("path", "value"), [*FINE, *FINE_WITH_OTHERS])
def test_a_value_in_its_form_is_fine(path: str, value: Any) -> None:
    assert faults_in(document_with(path, value)) == ()


FAULTY = [
    ("baseline.maxShrink", "101%", '"101%" is no share; write one as 50%, from 0% to 100%'),
    ("baseline.maxShrink", "050%", "is no share"),
    ("baseline.maxShrink", "-1%", "is no share"),
    ("baseline.maxShrink", "0.5", "is no share"),
    ("baseline.maxShrink", 50, "50 has no percent sign; write one as 50%"),
    ("baseline.maxShrink", 0.5, "0.5 has no percent sign; write one as 50%"),
    ("baseline.maxShrink", True, "expected a text, found true"),
    ("baseline.receiver.address", "9444", "write HOST:PORT"),
    ("baseline.receiver.secret", "", "is empty"),
    ("baseline.receiver.port", 9444, "unknown key; one of address, secret, certificates, peers"),
    ("baseline.receiver.peers", "http://a", "expected a list, found a text"),
    (f"{SOURCE}.interval", "999ms", "too short; at least 1s"),
    (f"{SOURCE}.timeout", "25h", "too long; at most 24h"),
    (f"{SOURCE}.maxSize", 512, "512 has no unit; write 512Mi for mebibytes"),
    (f"{SOURCE}.maxSize", "1GB", '"1GB" is not a size; write one as 512Mi or 1Gi'),
    (f"{SOURCE}.maxSize", "0Mi", "is not a size"),
    (f"{SOURCE}.maxSize", True, "expected a text, found true"),
    (f"{SOURCE}.rewritten", "refuse", 'unknown value "refuse"; one of accept, hold'),
    (f"{SOURCE}.verify.mode", "commit", 'unknown value "commit"; one of head, tag'),
    (f"{SOURCE}.kustomize.loadRestrictor", "None", 'did you mean "none"?'),
    (f"{SOURCE}.helm.release", "Shop", "is no name of a release"),
    (f"{SOURCE}.helm.release", "a" * 54, "is no name of a release; at most 53"),
    (f"{SOURCE}.helm.values.0", "../values.yaml", "leaves its folder"),
    (f"{SOURCE}.helm.values.0", "/etc/passwd", "leaves its folder"),
    (f"{SOURCE}.helm.hooks", "yes", "expected true or false"),
    (f"{SOURCE}.helm.kubeVersion", 1.36, "expected a text, found a number; put it in quotes"),
    (f"{SOURCE}.helm.kubeVersion", "latest", "is no version of Kubernetes, such as 1.36"),
    (f"{SOURCE}.helm.apiVersions.0", "--x", "is no API version, such as policy/v1"),
]


@pytest.mark.parametrize(("path", "value", "problem"), FAULTY)
def test_a_value_out_of_its_form_is_one_fault_at_its_path(path: str, value: Any, problem: str) -> None:
    assert problem in problem_at(path.replace(".0", "[0]"), document_with(path, value))


@pytest.mark.parametrize(
    ("path", "value"), [("baseline.receiver", {"peers": []}), (f"{SOURCE}.verify", {"mode": "head"})]
)
def test_a_section_that_may_be_left_out_is_whole_where_it_is_given(path: str, value: dict[str, Any]) -> None:
    missing = "secret" if "peers" in value else "keys"
    place = f"{path}.{missing}".replace(".0", "[0]")
    assert problem_at(place, with_value(path, value)) == "is missing"


NO_URLS = [
    *("proxy.example.com:3128", "ftp://proxy", "http:/proxy", "http:proxy", "http://", "HTTP://proxy"),
    *("http://-oProxy", "http://a b", "http://a_b:x", "http://a:0", "http://a:65536", "http://a:1:2"),
    *(
        "http://[::g]",
        "http://[::1",
        "http://::1",
        "http://a?x=1",
        "http://a#x",
        "http://a/\\x",
        "--http://a",
    ),
]


@pytest.mark.parametrize("url", [*NO_URLS, "http://a/path"])
@pytest.mark.parametrize("path", [f"{SOURCE}.proxy", "baseline.receiver.peers.0"])
def test_what_is_no_url_of_a_host_is_refused_with_an_example(path: str, url: str) -> None:
    problem = problem_at(path.replace(".0", "[0]"), document_with(path, url))
    assert problem.startswith("is no http or https ")
    assert "URL, such as http://" in problem


@pytest.mark.parametrize("url", [*NO_URLS, "http://charts.example.com", "oci://"])
def test_a_chart_repository_is_https_or_oci(url: str) -> None:
    path = f"{SOURCE}.helm.repositories.0"
    problem = problem_at(path.replace(".0", "[0]"), document_with(path, url))
    assert problem == "is no https or oci URL, such as https://charts.example.com/stable"


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{SECRET}@host",
        f"https://{SECRET}@host",
        f"HTTPS://user:{SECRET}@host",
        f"user:{SECRET}@host",
        f"ftp://user:{SECRET}@host",
        f"https://user:{SECRET}/x@host",
        f"https://host/?token={SECRET}",
        f"https://host/#{SECRET}",
        f"https://{SECRET}_",
    ],
)
@pytest.mark.parametrize(
    "path", [f"{SOURCE}.proxy", "baseline.receiver.peers.0", f"{SOURCE}.helm.repositories.0"]
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(path: str, url: str) -> None:
    problem = problem_at(path.replace(".0", "[0]"), document_with(path, url))
    assert SECRET not in problem
