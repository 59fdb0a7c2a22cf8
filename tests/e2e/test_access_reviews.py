"""Whether somebody may break the glass is asked of the API server; where it can't be, they may not."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.answers import assert_allowed, denial_of, unwrapped
from tests.e2e.baseward import Baseward, serving
from tests.e2e.changes import annotating, apply, claim, opened, patch
from tests.e2e.cluster import Cluster
from tests.e2e.repository import Object


@pytest.fixture(scope="module", params=["refused", "never answered"])
def dead_port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port of loopback where nobody listens, or where somebody does and says nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if request.param == "never answered":
            taken.listen()
        yield taken.getsockname()[1]


@pytest.fixture(scope="module", autouse=True)
def cut_off(
    running: Baseward, dead_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Baseward]:
    """A Baseward that does not reach the API server, though the API server reaches it."""
    folder = tmp_path_factory.mktemp("cut-off")
    kubeconfig = elsewhere(running.cluster.kubeconfig("admin"), dead_port, folder / "kubeconfig")
    with serving(running, folder, kubeconfig=kubeconfig) as baseward:
        yield baseward


def elsewhere(kubeconfig: Path, port: int, file: Path) -> Path:
    """Write a kubeconfig that is like another one, but for the port."""
    content = json.loads(kubeconfig.read_text())
    content["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    file.touch(mode=0o600)
    file.write_text(json.dumps(content))
    return file


def test_a_claim_that_nobody_can_confirm_does_not_hold_and_says_so(
    cluster: Cluster, cut_off: Baseward, policy: Object
) -> None:
    denial = denial_of(patch(cluster, policy, annotating(claim()), as_user="oncall"))
    assert re.search(
        r": the break-glass claim does not hold: the access review (failed|timed out)", unwrapped(denial)
    )
    assert cut_off.last_decision(policy) == ("denied", "break-glass-rejected")


def test_no_credential_is_told(cluster: Cluster, cut_off: Baseward, policy: Object) -> None:
    denial = denial_of(patch(cluster, policy, annotating(claim()), as_user="oncall"))
    token = json.loads(cluster.kubeconfig("admin").read_text())["users"][0]["user"]["token"]
    assert token not in denial
    assert token not in cut_off.errors
    assert token not in str(cut_off.decisions(policy))


def test_what_needs_no_access_review_goes_on(cluster: Cluster, policy: Object) -> None:
    denial_of(patch(cluster, policy, {"spec": opened(policy)["spec"]}))
    assert_allowed(apply(cluster, policy, as_user="gitops"))
    assert_allowed(apply(cluster, policy))
