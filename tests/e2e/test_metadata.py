"""What gets past a guard that looks at the spec only: metadata through the status, owners, finalizers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import owner
from tests.e2e.answers import assert_allowed, denial_of
from tests.e2e.baseward import Baseward
from tests.e2e.changes import SNIPPET, annotating, patch
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object

pytestmark = pytest.mark.usefixtures("baseward")

FINALIZER = "example.com/wait"
NO_FINALIZER = {"metadata": {"finalizers": None}}
ADDRESS: dict[str, Any] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}


def patch_status(cluster: Cluster, ingress: Object, content: Object) -> Any:
    # alice may not: the role edit lets her read the status only.
    return patch(cluster, ingress, content, "--subresource=status", as_user="oncall")


@pytest.fixture
def held(cluster: Cluster, policy: Object) -> Iterator[Object]:
    """A policy with a finalizer since before Baseward."""
    add_finalizer = {"metadata": {"finalizers": [FINALIZER]}}
    cluster.unwatched("patch", *target(policy), "--type=merge", "-p", json.dumps(add_finalizer))
    yield policy
    if cluster.get(policy):
        cluster.unwatched("patch", *target(policy), "--type=merge", "-p", json.dumps(NO_FINALIZER))


@pytest.fixture
def terminating(cluster: Cluster, held: Object) -> Object:
    """A policy that is deleted as soon as its finalizer goes."""
    cluster.unwatched("delete", *target(held), "--wait=false")
    return held


def test_a_status_is_free(cluster: Cluster, baseward: Baseward, ingress: Object) -> None:
    assert_allowed(patch_status(cluster, ingress, {"status": ADDRESS}))
    assert baseward.last_decision(ingress) == ("allowed", "unchanged")


def test_an_annotation_is_not_smuggled_in_through_the_status(cluster: Cluster, ingress: Object) -> None:
    smuggled = annotating({SNIPPET: "return 302 https://evil.example.com;"})
    denial = denial_of(patch_status(cluster, ingress, {**smuggled, "status": ADDRESS}))
    assert f"metadata.annotations[{SNIPPET}]" in denial
    assert "evil.example.com" not in denial
    live = cluster.get(ingress)
    assert live is not None
    assert SNIPPET not in live["metadata"]["annotations"]


def test_an_owner_that_is_gone_is_denied(cluster: Cluster, policy: Object) -> None:
    """The garbage collector would delete the object, in alice's stead."""
    denial = denial_of(patch(cluster, policy, {"metadata": {"ownerReferences": [owner("gone")]}}))
    assert "metadata.ownerReferences   + " in denial
    assert "name: gone" in denial


def test_a_finalizer_may_not_be_added(cluster: Cluster, policy: Object) -> None:
    denial = denial_of(patch(cluster, policy, {"metadata": {"finalizers": [FINALIZER]}}))
    assert f"metadata.finalizers   + {FINALIZER}" in denial


def test_a_finalizer_that_git_does_not_declare_may_be_removed(cluster: Cluster, held: Object) -> None:
    assert_allowed(patch(cluster, held, NO_FINALIZER))


def test_what_is_already_terminating_is_let_go(
    cluster: Cluster, baseward: Baseward, terminating: Object
) -> None:
    assert_allowed(cluster.kubectl("delete", *target(terminating), "--wait=false", check=False))
    assert baseward.last_decision(terminating) == ("allowed", "terminating")
    assert_allowed(patch(cluster, terminating, NO_FINALIZER))
    assert cluster.get(terminating) is None


def test_what_is_terminating_may_not_be_changed_meanwhile(cluster: Cluster, terminating: Object) -> None:
    other = {"spec": {"podSelector": {"matchLabels": {"app": "none"}}}}
    assert "spec.podSelector" in denial_of(patch(cluster, terminating, other))
