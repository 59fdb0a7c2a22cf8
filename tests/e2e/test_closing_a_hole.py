"""With `narrowing: warn` an emergency that only closes needs no broken glass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import put
from tests.e2e.answers import denial_of, warnings_of
from tests.e2e.baseward import Baseward, serving
from tests.e2e.changes import annotating, apply, opened, patch
from tests.e2e.cluster import Cluster
from tests.e2e.repository import Object


@pytest.fixture(scope="module", autouse=True)
def lenient(running: Baseward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baseward]:
    folder = tmp_path_factory.mktemp("lenient")
    with serving(running, folder, rules=[{"narrowing": "warn"}]) as baseward:
        yield baseward


def test_closing_a_policy_only_warns(cluster: Cluster, lenient: Baseward, policy: Object) -> None:
    assert warnings_of(patch(cluster, policy, {"spec": {"ingress": []}}))
    assert lenient.decisions(policy)[-1]["action"] == "warn"


def test_closing_with_kubectl_apply_only_warns(cluster: Cluster, policy: Object) -> None:
    assert warnings_of(apply(cluster, put(policy, "/spec/ingress", [])))


def test_opening_is_denied_as_ever(cluster: Cluster, policy: Object) -> None:
    denial_of(patch(cluster, policy, {"spec": opened(policy)["spec"]}))


def test_closing_with_an_owner_that_is_gone_is_denied(cluster: Cluster, policy: Object) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "0-0"}
    change = {"spec": {"ingress": []}, "metadata": {"ownerReferences": [owner]}}
    denial_of(patch(cluster, policy, change))


def test_closing_while_a_tool_is_told_to_look_away_is_denied(cluster: Cluster, policy: Object) -> None:
    change = annotating({"kustomize.toolkit.fluxcd.io/reconcile": "disabled"})
    denial_of(patch(cluster, policy, {**change, "spec": {"ingress": []}}))


def test_an_allow_list_where_none_was_is_denied_as_the_controller_may_have_a_stricter_one(
    cluster: Cluster, ingress: Object
) -> None:
    change = annotating({"nginx.ingress.kubernetes.io/whitelist-source-range": "10.0.0.0/8"})
    assert "Would no longer allow: " in denial_of(patch(cluster, ingress, change, as_user="oncall"))
