"""With `dryRun: warn` kubectl diff shows the difference, and nothing else is let through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.answers import denial_of, warnings_of
from tests.e2e.baseward import Baseward, serving
from tests.e2e.changes import apply, opened
from tests.e2e.cluster import Cluster
from tests.e2e.repository import Object


@pytest.fixture(scope="module", autouse=True)
def warning(running: Baseward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baseward]:
    """A Baseward that warns of what a dry run would be denied."""
    with serving(running, tmp_path_factory.mktemp("warning"), dryRun="warn") as baseward:
        yield baseward


def test_kubectl_diff_shows_the_difference_and_the_warning(
    cluster: Cluster, warning: Baseward, policy: Object
) -> None:
    answer = cluster.kubectl("diff", "-f", "-", input=opened(policy), check=False)
    assert answer.returncode == 1, answer.stderr
    assert "+        cidr: 0.0.0.0/0" in answer.stdout
    assert f"Warning: NetworkPolicy shop/{policy['metadata']['name']} deviates from Git" in answer.stderr
    assert warning.decisions(policy)[-1]["dryRun"] is True


def test_a_dry_run_is_warned_of_what_would_be_denied(cluster: Cluster, policy: Object) -> None:
    warnings = warnings_of(apply(cluster, opened(policy), "--dry-run=server"))
    assert "spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}" in warnings


def test_the_change_itself_is_denied(cluster: Cluster, policy: Object) -> None:
    denial_of(apply(cluster, opened(policy)))
