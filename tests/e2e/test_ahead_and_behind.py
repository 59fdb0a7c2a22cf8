"""The GitOps account lags behind the baseline, or runs ahead of it, where a mismatch is denied.

The sources are looked at every ten minutes, so that whatever is known of a newer commit was asked for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.builders import network_policy, put
from tests.e2e.answers import Answer, assert_allowed, denial_of, unwrapped, warnings_of
from tests.e2e.baseward import GITOPS, Baseward
from tests.e2e.changes import apply
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import PATH, Object, Repository, Stock, file_of

PORT = "/spec/ingress/0/ports/0/port"
FLUX = ["--server-side", "--field-manager=kustomize-controller", "--force-conflicts"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, stock: Stock) -> Repository:
    """A repository of this module's own, which may be out of reach for a while."""
    repository = Repository(tmp_path_factory.mktemp("git") / "team")
    repository.declare(*stock.manifest["items"])
    return repository


@pytest.fixture(scope="module")
def baseward(
    tmp_path_factory: pytest.TempPathFactory, cluster: Cluster, repository: Repository
) -> Iterator[Baseward]:
    """A `baseward run` of this module's own, with a source that is out of reach from the beginning."""
    source = {"repository": str(repository.folder), "path": PATH, "revision": "main"}
    gone = {**source, "repository": str(repository.folder / "gone"), "allow": {"namespaces": ["default"]}}
    baseward = Baseward(
        tmp_path_factory.mktemp("baseward"),
        cluster,
        repository,
        approvers=[{"user": GITOPS, "mismatch": "deny"}],
        baseline={"interval": "10m", "sources": [{**source, "name": "platform"}, {**gone, "name": "gone"}]},
    )
    baseward.start()
    try:
        with baseward.registered():
            yield baseward
    finally:
        baseward.kill()


def apply_as_gitops(cluster: Cluster, obj: Object) -> Answer:
    return apply(cluster, obj, *FLUX, as_user="gitops")


def delete(cluster: Cluster, obj: Object, as_user: str) -> Answer:
    return cluster.kubectl("delete", *target(obj), as_user=as_user, check=False)


@contextlib.contextmanager
def out_of_reach(repository: Repository) -> Iterator[None]:
    """Have Git gone for a while."""
    elsewhere = repository.folder.rename(repository.folder.with_name("elsewhere"))
    yield
    elsewhere.rename(repository.folder)


# Behind


def test_it_may_apply_what_an_earlier_revision_declared(
    cluster: Cluster, baseward: Baseward, repository: Repository, policy: Object
) -> None:
    newer = put(policy, PORT, 9090)
    repository.declare(newer)
    assert_allowed(apply_as_gitops(cluster, newer))
    assert_allowed(apply_as_gitops(cluster, policy))
    assert baseward.last_decision(policy) == ("allowed", "approver")
    assert "9090 -> 8081" in denial_of(apply_as_gitops(cluster, put(policy, PORT, 8081)))


# Ahead


def test_it_may_apply_a_commit_that_was_pushed_this_moment(
    cluster: Cluster, baseward: Baseward, repository: Repository, policy: Object
) -> None:
    newer = put(policy, PORT, 9090)
    commit = repository.declare(newer)
    assert not baseward.serves(commit)
    assert_allowed(apply_as_gitops(cluster, newer))
    assert baseward.last_decision(policy) == ("allowed", "restores-git")
    assert baseward.serves(commit)
    assert "9090 -> 8080" in denial_of(apply(cluster, policy))


def test_it_may_create_what_a_commit_added_this_moment(
    cluster: Cluster, baseward: Baseward, repository: Repository, stock: Stock
) -> None:
    added = network_policy(stock.name("added"))
    assert "no synced revision declares this" in unwrapped(denial_of(apply_as_gitops(cluster, added)))
    repository.declare(added)
    assert_allowed(apply_as_gitops(cluster, added))
    assert baseward.last_decision(added) == ("allowed", "restores-git")
    cluster.unwatched("delete", *target(added))


def test_it_may_prune_what_a_commit_removed_this_moment(
    cluster: Cluster, baseward: Baseward, repository: Repository, policy: Object
) -> None:
    assert "no synced revision declares this" in unwrapped(denial_of(delete(cluster, policy, "gitops")))
    repository.commit({file_of(policy): None})
    assert_allowed(delete(cluster, policy, "gitops"))
    assert baseward.last_decision(policy) == ("allowed", "restores-git")


def test_a_dry_run_ahead_gets_the_same_verdict(
    cluster: Cluster, baseward: Baseward, repository: Repository, policy: Object
) -> None:
    newer = put(policy, PORT, 9090)
    dry_run = [*FLUX, "--dry-run=server"]
    denial_of(apply(cluster, newer, *dry_run, as_user="gitops"))
    repository.declare(newer)
    assert_allowed(apply(cluster, newer, *dry_run, as_user="gitops"))
    assert baseward.last_decision(policy) == ("allowed", "restores-git")


def test_nobody_else_has_git_looked_at(
    cluster: Cluster, baseward: Baseward, repository: Repository, policy: Object
) -> None:
    newer = put(policy, PORT, 9090)
    commit = repository.declare(newer)
    assert "8080 -> 9090" in denial_of(apply(cluster, newer))
    assert not baseward.serves(commit)


def test_what_git_does_not_declare_is_denied_after_all(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    denial = denial_of(apply_as_gitops(cluster, put(policy, PORT, 9090)))
    assert "but no synced revision declares this" in unwrapped(denial)
    assert baseward.last_decision(policy) == ("denied", "approver-mismatch")


# Ahead, and Git is down


def test_while_git_is_down_it_is_warned_and_not_denied(
    cluster: Cluster, baseward: Baseward, repository: Repository, policy: Object
) -> None:
    newer = put(policy, PORT, 9090)
    with out_of_reach(repository):
        warnings = warnings_of(apply_as_gitops(cluster, newer))
        assert "(source platform cannot be reached" in warnings[0]
        assert "8080 -> 9090" in warnings[1]
        assert baseward.last_decision(policy) == ("warned", "approver-mismatch")
        denial_of(apply(cluster, put(policy, PORT, 9091)))  # by somebody else
    denial_of(apply_as_gitops(cluster, put(policy, PORT, 9091)))


def test_while_git_is_down_it_may_delete_with_a_warning(
    cluster: Cluster, baseward: Baseward, repository: Repository, policy: Object
) -> None:
    with out_of_reach(repository):
        assert "(source platform cannot be reached)" in warnings_of(delete(cluster, policy, "gitops"))[0]
    assert baseward.last_decision(policy) == ("warned", "approver-mismatch")


# A source that was never read


def test_what_only_a_source_that_was_never_read_may_declare_is_left_to_the_failure_policy(
    cluster: Cluster, baseward: Baseward, policy: Object, stock: Stock
) -> None:
    unknown = put(network_policy(stock.name("unknown")), "/metadata/namespace", "default")
    for user in ("admin", "gitops"):
        answer = apply(cluster, unknown, as_user=user)
        assert answer.returncode == 1
        assert "source gone was never read" in answer.stderr
    assert baseward.decisions(unknown) == []
    assert_allowed(apply(cluster, policy))
