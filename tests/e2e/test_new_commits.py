"""What is committed is what counts from then on; what can't be read changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import pytest

from tests.builders import network_policy, put
from tests.e2e.answers import assert_allowed, denial_of
from tests.e2e.baseward import Baseward, eventually
from tests.e2e.changes import apply
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock, file_of

pytestmark = pytest.mark.usefixtures("baseward")

PORT = "/spec/ingress/0/ports/0/port"


def test_a_new_commit_is_served_without_a_restart(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    newer = put(policy, PORT, 9090)
    assert "8080 -> 9090" in denial_of(apply(cluster, newer))
    commit = baseward.repository.declare(newer)
    baseward.wait_until_served(commit)
    assert_allowed(apply(cluster, newer))
    denial = denial_of(apply(cluster, policy))
    assert "9090 -> 8080" in denial
    assert f"platform@{commit[:7]}" in denial


def test_what_a_commit_adds_may_be_created_and_what_it_removes_may_be_deleted(
    cluster: Cluster, baseward: Baseward, stock: Stock
) -> None:
    added = network_policy(stock.name("added"))
    denial_of(apply(cluster, added))
    baseward.wait_until_served(baseward.repository.declare(added))
    assert_allowed(apply(cluster, added))
    denial_of(cluster.kubectl("delete", *target(added), check=False))
    baseward.wait_until_served(baseward.repository.commit({file_of(added): None}))
    assert_allowed(cluster.kubectl("delete", *target(added), check=False))


BROKEN = {
    "no YAML": "kind: [\n",
    "no name": """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop}
spec: {podSelector: {}}
""",
    "a version that is no longer served": """\
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: old, namespace: shop}
spec: {}
""",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_commit_leaves_what_was_served_before(
    cluster: Cluster, baseward: Baseward, policy: Object, broken: str
) -> None:
    served = baseward.repository.head
    newer = put(policy, PORT, 9090)
    with refused(baseward, {file_of(newer): newer, "shop/broken.yaml": broken}) as error:
        assert "clusters/prod/shop/broken.yaml:" in error
        denial = denial_of(apply(cluster, newer))
        assert "8080 -> 9090" in denial
        assert f"platform@{served[:7]}" in denial
        assert baseward.get("/readyz")[0] == 200
    assert_allowed(apply(cluster, newer))


@contextlib.contextmanager
def refused(baseward: Baseward, files: Mapping[str, Object | str]) -> Iterator[str]:
    """Commit files that can't be served, and afterwards remove the last one; the sync's error is given."""
    baseward.repository.commit(files)
    try:
        eventually(lambda: bool(baseward.status()["sources"][0]["error"]), "the sync fails")
        yield baseward.status()["sources"][0]["error"]
    finally:
        mended = baseward.repository.commit({list(files)[-1]: None}, "Mend")
    baseward.wait_until_served(mended)


def test_an_object_that_is_declared_twice_is_refused_with_both_places(
    baseward: Baseward, policy: Object
) -> None:
    served = baseward.repository.head
    with refused(baseward, {"shop/again.yaml": policy}) as error:
        assert "clusters/prod/shop/again.yaml:1" in error
        assert f"clusters/prod/{file_of(policy)}:1" in error
        assert baseward.serves(served)
