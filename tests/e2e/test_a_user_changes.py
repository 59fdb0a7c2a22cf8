"""A user who may change an object, as far as RBAC goes, may not take it away from what Git declares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import annotated, network_policy, rule
from tests.e2e.answers import Answer, assert_allowed, denial_of
from tests.e2e.baseward import Baseward
from tests.e2e.changes import ANYWHERE, SNIPPET, apply, collection_of, opened, patch, relabelled
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock, file_of

Way = Callable[[Cluster, Object, Path], Answer]

pytestmark = pytest.mark.usefixtures("baseward")


def edit(cluster: Cluster, policy: Object, tmp_path: Path) -> Answer:
    """Edit in an editor that adds a line; kubectl keeps what was refused in TMPDIR."""
    environment = {
        "KUBE_EDITOR": r"sed -i '/- from:/a\    - ipBlock: {cidr: 0.0.0.0/0}'",
        "TMPDIR": str(tmp_path),
    }
    return cluster.kubectl("edit", *target(policy), env=environment, check=False)


def replace(cluster: Cluster, policy: Object, _: Path) -> Answer:
    return cluster.kubectl("replace", "-f", "-", input=opened(policy), check=False)


def json_patch(cluster: Cluster, policy: Object, _: Path) -> Answer:
    operation = {"op": "add", "path": "/spec/ingress/0/from/-", "value": ANYWHERE}
    return patch(cluster, policy, [operation], "--type=json")


def merge_patch(cluster: Cluster, policy: Object, _: Path) -> Answer:
    return patch(cluster, policy, {"spec": {"ingress": opened(policy)["spec"]["ingress"]}})


def strategic_patch(cluster: Cluster, policy: Object, _: Path) -> Answer:
    content = {"spec": {"ingress": opened(policy)["spec"]["ingress"]}}
    return patch(cluster, policy, content, "--type=strategic")


def client_side_apply(cluster: Cluster, policy: Object, _: Path) -> Answer:
    return apply(cluster, opened(policy))


def forged_server_side_apply(cluster: Cluster, policy: Object, _: Path) -> Answer:
    """Apply under the name that Flux's controller gives itself."""
    options = ["--server-side", "--field-manager=kustomize-controller", "--force-conflicts"]
    return apply(cluster, opened(policy), *options)


WAYS: dict[str, Way] = {
    "apply": client_side_apply,
    "forged server-side apply": forged_server_side_apply,
    "edit": edit,
    "replace": replace,
    "json patch": json_patch,
    "merge patch": merge_patch,
    "strategic patch": strategic_patch,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_change_away_from_git_is_denied_whichever_way_it_comes(
    cluster: Cluster, policy: Object, tmp_path: Path, way: Way
) -> None:
    before = cluster.get(policy)
    denial = denial_of(way(cluster, policy, tmp_path))
    assert "spec.ingress[0].from   + ipBlock: {cidr: 0.0.0.0/0}" in denial
    assert cluster.get(policy) == before


def test_a_denial_reads_as_it_should(cluster: Cluster, baseward: Baseward, policy: Object) -> None:
    name, commit = policy["metadata"]["name"], baseward.repository.head[:7]
    denial = denial_of(patch(cluster, policy, {"spec": opened(policy)["spec"]}))
    assert (
        re.sub(r"synced \d+ s ago", "synced 0 s ago", denial)
        == f"""\
NetworkPolicy shop/{name} is declared in Git, and alice is not an approved GitOps identity.

  spec.ingress[0].from   + ipBlock: {{cidr: 0.0.0.0/0}}

  Would newly allow: any address -> pods app=web in shop, TCP 8080

Declared in platform@{commit} clusters/prod/{file_of(policy)}:1 (synced 0 s ago).
To change it, change that file. In an emergency:
  kubectl baseward break-glass networkpolicy/{name} -n shop --for 1h --reason "..."\
"""
    )


def test_kubectls_own_record_of_an_apply_is_not_told_beside_the_drift(
    cluster: Cluster, policy: Object
) -> None:
    """Whoever applies drift also writes it into last-applied-configuration: that is one change, not two."""
    assert "last-applied-configuration" not in denial_of(apply(cluster, opened(policy)))


def test_no_line_of_a_denial_ends_inside_a_name(cluster: Cluster, policy: Object) -> None:
    somebody = "system:serviceaccount:continuous-delivery-platform:deployment-robot-of-the-shop"
    impersonation = [f"--as={somebody}", "--as-group=system:masters"]
    assert somebody in denial_of(apply(cluster, opened(policy), *impersonation, as_user="admin"))


def test_kubectl_shows_a_denial_as_forbidden(cluster: Cluster, policy: Object) -> None:
    answer = apply(cluster, opened(policy))
    assert answer.returncode == 1
    assert answer.stderr.startswith("Error from server (Forbidden): ")


def test_kubectl_edit_keeps_what_was_refused(cluster: Cluster, policy: Object, tmp_path: Path) -> None:
    edit(cluster, policy, tmp_path)
    (kept,) = tmp_path.glob("kubectl-edit-*")
    assert "0.0.0.0/0" in kept.read_text()


def test_a_label_that_git_does_not_declare_is_denied(cluster: Cluster, policy: Object) -> None:
    answer = cluster.kubectl("label", *target(policy), "tier=front", check=False)
    assert "metadata.labels[tier]   + front" in denial_of(answer)


def test_a_label_that_git_declares_may_not_be_changed(cluster: Cluster, policy: Object) -> None:
    answer = cluster.kubectl("label", *target(policy), "app=cart", "--overwrite", check=False)
    assert "metadata.labels[app]   ~ web -> cart" in denial_of(answer)


@pytest.mark.parametrize(
    "key",
    [
        SNIPPET,
        "example.com/note",
        "kustomize.toolkit.fluxcd.io/reconcile",  # steers Flux: never bookkeeping
        "kustomize.toolkit.fluxcd.io/name",  # is bookkeeping, and not theirs to write
        "kubectl.kubernetes.io/last-applied-configuration",
    ],
)
def test_an_annotation_that_git_does_not_declare_is_denied(
    cluster: Cluster, ingress: Object, key: str
) -> None:
    secret = "hunter2"
    answer = cluster.kubectl("annotate", *target(ingress), f"{key}={secret}", "--overwrite", check=False)
    denial = denial_of(answer)
    assert key in denial
    assert secret not in denial


def test_a_declared_object_may_not_be_deleted(cluster: Cluster, policy: Object) -> None:
    denial = denial_of(cluster.kubectl("delete", *target(policy), check=False))
    assert "is declared in Git, and may not be deleted" in denial
    assert cluster.get(policy)


def test_a_declared_object_may_not_be_deleted_with_a_collection(cluster: Cluster, policy: Object) -> None:
    answer = cluster.kubectl("delete", "--raw", collection_of(policy), check=False)
    assert f"NetworkPolicy shop/{policy['metadata']['name']} is declared in Git" in denial_of(answer)
    assert cluster.get(policy)


def test_what_git_does_not_declare_may_not_be_created(cluster: Cluster, stock: Stock) -> None:
    policy = network_policy(stock.name("debug"))
    answer = cluster.kubectl("create", "-f", "-", input=policy, check=False)
    denial = denial_of(answer)
    assert f"NetworkPolicy shop/{policy['metadata']['name']} is not declared in Git" in denial
    assert 'baseward.io/break-glass-by: "alice"' in denial
    assert cluster.get(policy) is None


def test_a_generated_name_is_not_declared_in_git(cluster: Cluster, stock: Stock) -> None:
    stem = stock.name("debug")
    policy = network_policy("unused")
    policy["metadata"] = {"generateName": f"{stem}-", "namespace": "shop"}
    answer = cluster.kubectl("create", "-f", "-", input=policy, check=False)
    assert re.search(rf"NetworkPolicy shop/{stem}-\w+ is not declared in Git", denial_of(answer))


def test_what_git_does_not_declare_may_be_deleted(cluster: Cluster, undeclared: Object) -> None:
    assert_allowed(cluster.kubectl("delete", *target(undeclared), check=False))
    assert cluster.get(undeclared) is None


def test_what_git_does_not_declare_may_not_be_changed(cluster: Cluster, undeclared: Object) -> None:
    denial = denial_of(patch(cluster, undeclared, {"spec": {"policyTypes": ["Egress"]}}))
    assert f"NetworkPolicy shop/{undeclared['metadata']['name']} is not declared in Git" in denial


def test_a_change_that_changes_nothing_is_allowed(cluster: Cluster, policy: Object) -> None:
    assert_allowed(patch(cluster, policy, {"spec": policy["spec"]}))
    assert_allowed(apply(cluster, policy))


def test_a_server_side_dry_run_gets_the_same_denial(cluster: Cluster, policy: Object) -> None:
    denial = denial_of(apply(cluster, opened(policy), "--dry-run=server"))
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in denial


def test_kubectl_diff_ends_with_the_denial_of_its_dry_run(cluster: Cluster, policy: Object) -> None:
    answer = cluster.kubectl("diff", "-f", "-", input=opened(policy), check=False)
    assert answer.returncode > 1  # 1 would say that there is a difference
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in denial_of(answer)


def test_kubectl_diff_shows_what_restoring_git_would_change(cluster: Cluster, policy: Object) -> None:
    cluster.unwatched("apply", "-f", "-", input=relabelled(policy))
    answer = cluster.kubectl("diff", "-f", "-", input=policy, check=False)
    assert answer.returncode == 1, answer.stderr
    assert "-    tier: front" in answer.stdout


def test_a_long_denial_is_cut(cluster: Cluster, policy: Object) -> None:
    labels = {f"example.com/label-{number:02}": "x" * 60 for number in range(30)}
    denial = denial_of(patch(cluster, policy, {"metadata": {"labels": labels}}))
    assert "and 19 more" in denial


def test_a_name_with_escape_sequences_cannot_draw_on_the_terminal(cluster: Cluster, role: Object) -> None:
    name = "\x1b[2J\u202edorrim\n"
    rules = [rule("get", "pods", resourceNames=[name])]
    denial = denial_of(patch(cluster, role, {"rules": rules}, as_user="admin"))
    assert "\x1b" not in denial
    assert "\u202e" not in denial


def test_annotations_in_a_manifest_do_not_opt_out(cluster: Cluster, policy: Object) -> None:
    steered = annotated(opened(policy), {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"})
    assert "kustomize.toolkit.fluxcd.io/reconcile" in denial_of(apply(cluster, steered))


def test_the_decision_log_says_who_did_what(cluster: Cluster, baseward: Baseward, policy: Object) -> None:
    patch(cluster, policy, {"spec": opened(policy)["spec"]})
    (line,) = baseward.decisions(policy)
    assert line["user"] == "alice"
    assert line["operation"] == "UPDATE"
    assert (line["decision"], line["reason"], line["action"]) == ("denied", "drift", "deny")
    assert line["commit"] == baseward.repository.head
    assert json.dumps(line["diff"]) == '["spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"]'
