"""Baseward is down, and failurePolicy is Fail: changes are refused, and the cluster still starts."""

from __future__ import annotations

from pathlib import Path

from tests.builders import cluster_role
from tests.e2e.answers import Answer, assert_allowed, denial_of
from tests.e2e.baseward import Baseward
from tests.e2e.changes import apply, opened
from tests.e2e.cluster import Cluster, CommandError
from tests.e2e.repository import Object, Repository, Stock

BOOTSTRAP_ROLE = cluster_role("system:discovery")  # its name is all that counts here


def assert_nobody_judged(answer: Answer, webhook: str = "namespaced.baseward.io") -> None:
    """Fail unless the API server refused a change because the webhook did not answer."""
    assert answer.returncode == 1
    assert f'failed calling webhook "{webhook}"' in answer.stderr


def test_changes_are_refused_until_it_is_up_again(
    cluster: Cluster, repository: Repository, stock: Stock, tmp_path: Path
) -> None:
    policy = stock.take("NetworkPolicy")
    baseward = Baseward(tmp_path, cluster, repository)
    baseward.start()
    try:
        with baseward.registered():
            denial_of(apply(cluster, opened(policy)))
            baseward.kill()
            assert_nobody_judged(apply(cluster, opened(policy)))
            assert_nobody_judged(apply(cluster, opened(policy), as_user="gitops"))
            baseward.start()
            denial_of(apply(cluster, opened(policy)))
            assert_allowed(apply(cluster, policy))
    finally:
        baseward.kill()


def test_the_api_server_starts_and_bootstraps_rbac_without_it(
    cluster: Cluster, repository: Repository, stock: Stock, tmp_path: Path
) -> None:
    policy = stock.take("NetworkPolicy")
    baseward = Baseward(tmp_path, cluster, repository)
    baseward.start()
    try:
        with baseward.registered():
            cluster.kubectl("delete", "clusterrole", BOOTSTRAP_ROLE["metadata"]["name"], as_user="admin")
            assert baseward.stop() == 0
            try:
                cluster.restart_apiserver()
            except CommandError:
                baseward.start()  # so that it can start after all, for the other tests
                cluster.restart_apiserver()
                raise
            assert cluster.get(BOOTSTRAP_ROLE)
            assert_nobody_judged(apply(cluster, opened(policy)))
            role = cluster_role(stock.name("root"))
            assert_nobody_judged(apply(cluster, role, as_user="admin"), "cluster.baseward.io")
            baseward.start()
            denial_of(apply(cluster, opened(policy)))
    finally:
        baseward.kill()


def test_before_the_first_snapshot_nothing_is_allowed(
    cluster: Cluster, repository: Repository, policy: Object, tmp_path: Path
) -> None:
    baseward = Baseward(tmp_path, cluster, repository)
    baseward.start_unready("serve")
    try:
        assert baseward.get("/readyz") == (503, "no snapshot has been loaded yet\n")
        with baseward.registered():
            assert_nobody_judged(apply(cluster, opened(policy)))
            assert_nobody_judged(apply(cluster, opened(policy), as_user="gitops"))
    finally:
        baseward.kill()
