"""With `mode: audit` everything is allowed, and what would have been denied is recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import network_policy
from tests.e2e.answers import assert_allowed
from tests.e2e.audit import audited
from tests.e2e.baseward import Baseward, serving
from tests.e2e.changes import annotating, apply, claim, opened, patch
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock


@pytest.fixture(scope="module", autouse=True)
def auditing(running: Baseward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baseward]:
    """A Baseward that only records."""
    with serving(running, tmp_path_factory.mktemp("auditing"), mode="audit") as baseward:
        yield baseward


def recorded(auditing: Baseward, obj: Object) -> tuple[str, str, str]:
    line = auditing.decisions(obj)[-1]
    return line["decision"], line["reason"], line["action"]


def test_drift_is_allowed_and_recorded(cluster: Cluster, auditing: Baseward, policy: Object) -> None:
    assert_allowed(patch(cluster, policy, {"spec": opened(policy)["spec"]}))
    assert recorded(auditing, policy) == ("allowed", "drift", "audit")
    assert auditing.decisions(policy)[-1]["diff"] == ["spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"]
    assert audited(cluster, policy, "patch") == {
        "decision": "allowed",
        "reason": "drift",
        "action": "audit",
        "mode": "audit",
        "commit": auditing.repository.head,
    }


def test_what_git_does_not_declare_is_allowed_and_recorded(
    cluster: Cluster, auditing: Baseward, stock: Stock
) -> None:
    policy = network_policy(stock.name("debug"))
    assert_allowed(apply(cluster, policy))
    assert recorded(auditing, policy) == ("allowed", "undeclared", "audit")
    assert_allowed(cluster.kubectl("delete", *target(policy), check=False))


def test_a_deletion_is_allowed_and_recorded(cluster: Cluster, auditing: Baseward, policy: Object) -> None:
    assert_allowed(cluster.kubectl("delete", *target(policy), check=False))
    assert recorded(auditing, policy) == ("allowed", "deletion", "audit")


def test_a_claim_that_does_not_hold_is_allowed_and_recorded(
    cluster: Cluster, auditing: Baseward, policy: Object
) -> None:
    assert_allowed(patch(cluster, policy, annotating(claim(by="alice")), as_user="alice"))
    assert recorded(auditing, policy) == ("allowed", "break-glass-rejected", "audit")


def test_while_it_is_down_nothing_is_held_up(cluster: Cluster, auditing: Baseward, policy: Object) -> None:
    auditing.kill()
    assert_allowed(patch(cluster, policy, {"spec": opened(policy)["spec"]}))
    auditing.start("serve")
