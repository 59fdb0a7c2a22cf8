"""What must fit together in the baseline's sources."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.config.sample import faults_in, minimal, problem_at

PLATFORM = {"name": "platform", "repository": "/srv/git/platform"}
SHOP = {"name": "shop", "repository": "/srv/git/shop"}
HTTPS = "https://git.example.com/platform.git"
COMMIT = "3f2c1ab9d0e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4"
PROXY = "http://proxy.example.com:3128"


def baseline(*sources: dict[str, Any], **values: Any) -> dict[str, Any]:
    return minimal() | {"baseline": {"sources": list(sources), **values}}


def source(**values: Any) -> dict[str, Any]:
    return baseline({"name": "platform", "repository": HTTPS} | values)


def test_the_baseline_may_be_as_old_as_one_interval_but_not_younger() -> None:
    assert faults_in(baseline(PLATFORM, interval="1m", maxAge="60s")) == ()
    problem = problem_at("baseline.maxAge", baseline(PLATFORM, interval="1m", maxAge="59s"))
    assert problem.startswith("maxAge, 59s, is shorter than interval, 1m")


def test_a_default_counts_too_and_the_fault_is_at_what_was_given() -> None:
    assert "shorter than interval, 30s" in problem_at("baseline.maxAge", baseline(PLATFORM, maxAge="29s"))
    assert "maxAge, 15m, is shorter" in problem_at("baseline.interval", baseline(PLATFORM, interval="16m"))


def test_two_sources_need_two_names() -> None:
    assert faults_in(baseline(PLATFORM, SHOP)) == ()
    problem = problem_at("baseline.sources[2].name", baseline(PLATFORM, SHOP, PLATFORM))
    assert problem == '"platform" is the name of baseline.sources[0] too; choose another'


def test_a_source_may_be_looked_at_as_seldom_as_the_baseline_may_be_old() -> None:
    assert faults_in(baseline(PLATFORM | {"interval": "1h"}, maxAge="1h")) == ()
    problem = problem_at(
        "baseline.sources[1].interval", baseline(PLATFORM, SHOP | {"interval": "61m"}, maxAge="1h")
    )
    assert problem == "1h1m is longer than baseline.maxAge, 1h: the baseline would always be too old"
    assert "baseline.maxAge, 15m" in problem_at("baseline.sources[0].interval", source(interval="16m"))


TOGETHER = [
    {"renderer": "kustomize", "kustomize": {"loadRestrictor": "none"}},
    {"renderer": "helm", "helm": {"release": "shop"}},
    {"renderer": "helm", "exclude": []},
    {"renderer": "terraform", "exclude": ["modules/**"]},
    {"renderer": "manifests", "kustomize": None, "helm": None},
    {"proxy": PROXY},
    {"repository": "http://git.example.com/platform.git", "proxy": PROXY},
    {"credentials": "secret"},
    {"repository": "git@git.example.com:platform.git", "credentials": "secret"},
    {"repository": "ssh://git@git.example.com/platform.git", "credentials": "secret"},
    {"verify": {"mode": "tag", "keys": "keys"}, "revision": "v1.2.3"},
    {"verify": {"mode": "tag", "keys": "keys"}, "revision": "refs/tags/v1"},
    {"verify": {"mode": "head", "keys": "keys"}},
    {"verify": {"keys": "keys"}, "revision": COMMIT},
]


@pytest.mark.parametrize("values", TOGETHER)
def test_settings_that_fit_together_are_fine(values: dict[str, Any]) -> None:
    assert faults_in(source(**values)) == ()


APART = [
    (
        {"kustomize": {"loadRestrictor": "none"}},
        "kustomize",
        'is for the renderer kustomize, and this source has "manifests"; remove it, or write renderer: ',
    ),
    ({"renderer": "helm", "kustomize": {}}, "kustomize", 'this source has "helm"'),
    ({"renderer": "kustomize", "helm": {}}, "helm", "remove it, or write renderer: helm"),
    ({"renderer": "pulumi", "helm": {"hooks": True}}, "helm", 'this source has "pulumi"'),
    ({"renderer": "kustomize", "exclude": ["x"]}, "exclude", "means nothing to kustomize, which knows its"),
    ({"renderer": "helm", "exclude": ["x"]}, "exclude", "means nothing to helm"),
    ({"repository": "git@host:x", "proxy": PROXY}, "proxy", "for http and https repositories only"),
    ({"repository": "ssh://host/x", "proxy": PROXY}, "proxy", "for http and https repositories only"),
    ({"repository": "/srv/x", "proxy": PROXY}, "proxy", "for http and https repositories only"),
    ({"repository": "/srv/x", "credentials": "c"}, "credentials", "mean nothing to a folder of this machine"),
    ({"repository": "../x", "credentials": "c"}, "credentials", "mean nothing to a folder of this machine"),
    ({"repository": "file:///x", "credentials": "c"}, "credentials", "mean nothing to a folder"),
    (
        {"repository": "http://host/x", "credentials": "c"},
        "credentials",
        "in the clear; write the repository",
    ),
    ({"repository": "HTTP://host/x", "credentials": "c"}, "credentials", "in the clear"),
    ({"verify": {"mode": "tag", "keys": "k"}}, "verify.mode", '"HEAD" never does; name a tag, or write mode'),
    ({"verify": {"mode": "tag", "keys": "k"}, "revision": COMMIT}, "verify.mode", "never does"),
    ({"verify": {"mode": "tag", "keys": "k"}, "revision": COMMIT[:32] * 2}, "verify.mode", "never does"),
    ({"verify": {"mode": "tag", "keys": "k"}, "revision": "refs/heads/x"}, "verify.mode", "never does"),
]


@pytest.mark.parametrize(("values", "key", "problem"), APART)
def test_settings_that_contradict_each_other_are_one_fault(
    values: dict[str, Any], key: str, problem: str
) -> None:
    assert problem in problem_at(f"baseline.sources[0].{key}", source(**values))


@pytest.mark.parametrize("key", ["proxy", "credentials"])
def test_no_fault_repeats_a_repository(key: str) -> None:
    document = source(repository="http://user:s3cret@host/x", proxy="ftp://u:s3cret@p", credentials="c")
    for fault in faults_in(document):
        assert "s3cret" not in fault.problem
        assert "host" not in fault.problem.replace("a host", "")
    assert f"baseline.sources[0].{key}" in {fault.path for fault in faults_in(document)}


def test_relations_are_reported_for_what_else_is_of_any_shape() -> None:
    document = source(renderer=3, revision=[], proxy={}, credentials=[], verify="tag", interval=5, helm=1)
    assert {fault.path.removeprefix("baseline.sources[0].") for fault in faults_in(document)} == {
        *("renderer", "revision", "proxy", "credentials", "verify", "interval", "helm")
    }
