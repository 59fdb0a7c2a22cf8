"""An emergency, with `baseward break-glass`: who may breaks it, works under it, and ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import annotated, network_policy
from tests.e2e.answers import Answer, assert_allowed, denial_of, unwrapped, warnings_of
from tests.e2e.baseward import Baseward
from tests.e2e.changes import annotating, apply, claim, opened, patch, relabelled
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object, Stock

pytestmark = pytest.mark.usefixtures("baseward")

REASON = "the shop is down, INC-4711"


def break_glass(baseward: Baseward, obj: Object, span: str = "30m", as_user: str = "oncall") -> Answer:
    """Break the glass on an object of the namespace shop."""
    named = f"{obj['kind'].lower()}/{obj['metadata']['name']}"
    return baseward.break_glass(named, "-n", "shop", "--for", span, "--reason", REASON, as_user=as_user)


def end(baseward: Baseward, obj: Object, as_user: str = "oncall") -> Answer:
    named = f"{obj['kind'].lower()}/{obj['metadata']['name']}"
    return baseward.break_glass("--end", named, "-n", "shop", as_user=as_user)


def claim_on(cluster: Cluster, obj: Object) -> dict[str, str]:
    """Return the claim's annotations as they are in the cluster."""
    live = cluster.get(obj)
    assert live is not None
    found = live["metadata"].get("annotations", {})
    return {key: value for key, value in found.items() if key.startswith("baseward.io/break-glass")}


@pytest.fixture
def claimed(cluster: Cluster, policy: Object) -> Object:
    """A declared policy under oncall's claim."""
    answer = patch(cluster, policy, annotating(claim(reason=REASON)), as_user="oncall")
    assert "glass broken by oncall" in warnings_of(answer)[0]
    return policy


# It holds


def test_the_glass_is_broken_with_one_command(cluster: Cluster, baseward: Baseward, policy: Object) -> None:
    answer = break_glass(baseward, policy)
    name = policy["metadata"]["name"]
    until = claim_on(cluster, policy)["baseward.io/break-glass-expires"]
    assert answer.stdout == f"NetworkPolicy shop/{name}: the glass is broken until {until}.\n"
    assert warnings_of(answer) == [
        f"NetworkPolicy shop/{name}: glass broken by oncall until {until}, recorded"
    ]
    assert claim_on(cluster, policy) == {
        "baseward.io/break-glass": REASON,
        "baseward.io/break-glass-by": "oncall",
        "baseward.io/break-glass-expires": until,
    }
    assert baseward.last_decision(policy) == ("warned", "break-glass")


def test_under_the_claim_a_change_is_allowed_told_and_recorded(
    cluster: Cluster, baseward: Baseward, claimed: Object
) -> None:
    answer = patch(cluster, claimed, {"spec": opened(claimed)["spec"]}, as_user="oncall")
    headline, change, impact = warnings_of(answer)
    assert f"shop/{claimed['metadata']['name']}: glass broken by oncall until " in headline
    assert change == "spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"
    assert impact == "newly allows: any address -> pods app=web in shop, TCP 8080"
    recorded = baseward.decisions(claimed, reason="break-glass")
    assert [line["diff"] for line in recorded] == [[], [change]]


def test_claims_are_listed(baseward: Baseward, claimed: Object) -> None:
    answer = baseward.break_glass("--list", "-o", "json")
    listed = {row["name"]: row for row in json.loads(answer.stdout)}
    row = listed[claimed["metadata"]["name"]]
    assert (row["kind"], row["namespace"], row["by"], row["reason"]) == (
        "NetworkPolicy",
        "shop",
        "oncall",
        REASON,
    )
    table = baseward.break_glass("--list", "-n", "shop").stdout
    assert claimed["metadata"]["name"] in table


def test_raw_annotations_do_the_same(cluster: Cluster, policy: Object) -> None:
    pairs = [f"{key}={value}" for key, value in claim(ticket="INC-4711").items()]
    answer = cluster.kubectl("annotate", *target(policy), *pairs, as_user="oncall", check=False)
    assert "glass broken by oncall until" in warnings_of(answer)[0]
    assert claim_on(cluster, policy)["baseward.io/break-glass-ticket"] == "INC-4711"


def test_claim_and_change_may_come_together(cluster: Cluster, baseward: Baseward, policy: Object) -> None:
    changed = annotated(opened(policy), claim())
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in warnings_of(apply(cluster, changed, as_user="oncall"))[1]
    assert baseward.last_decision(policy) == ("warned", "break-glass")


def test_it_is_renewed_and_each_time_recorded(cluster: Cluster, baseward: Baseward, claimed: Object) -> None:
    before = claim_on(cluster, claimed)
    assert warnings_of(break_glass(baseward, claimed, "45m"))
    assert (
        claim_on(cluster, claimed)["baseward.io/break-glass-expires"]
        > before["baseward.io/break-glass-expires"]
    )
    assert len(baseward.decisions(claimed, reason="break-glass")) == 2


def test_somebody_else_who_may_break_it_takes_the_claim_over(
    cluster: Cluster, baseward: Baseward, claimed: Object
) -> None:
    assert "glass broken by admin" in warnings_of(break_glass(baseward, claimed, as_user="admin"))[0]
    assert claim_on(cluster, claimed)["baseward.io/break-glass-by"] == "admin"


def test_what_is_claimed_may_be_deleted_by_who_claimed_it(
    cluster: Cluster, baseward: Baseward, claimed: Object
) -> None:
    answer = cluster.kubectl("delete", *target(claimed), as_user="oncall", check=False)
    assert "glass broken by oncall" in warnings_of(answer)[0]
    assert cluster.get(claimed) is None
    assert baseward.last_decision(claimed) == ("warned", "break-glass")


def test_a_missing_object_is_created_with_the_claim_in_its_manifest(cluster: Cluster, policy: Object) -> None:
    cluster.unwatched("delete", *target(policy))
    created = annotated(opened(policy), claim())
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in warnings_of(apply(cluster, created, as_user="oncall"))[1]


def test_an_undeclared_object_is_created_with_the_claim_in_its_manifest(
    cluster: Cluster, baseward: Baseward, stock: Stock
) -> None:
    debug = annotated(network_policy(stock.name("debug")), claim())
    try:
        answer = cluster.kubectl("create", "-f", "-", as_user="oncall", input=debug, check=False)
        assert "glass broken by oncall" in warnings_of(answer)[0]
        assert baseward.last_decision(debug) == ("warned", "break-glass")
        answer = cluster.kubectl("delete", *target(debug), as_user="oncall", check=False)
        assert "glass broken by oncall" in warnings_of(answer)[0]
    finally:
        cluster.unwatched("delete", *target(debug), "--ignore-not-found")


def test_a_dry_run_of_it_leaves_nothing(cluster: Cluster, baseward: Baseward, policy: Object) -> None:
    before = cluster.get(policy)
    answer = patch(cluster, policy, annotating(claim()), "--dry-run=server", as_user="oncall")
    assert "glass broken by oncall" in warnings_of(answer)[0]
    assert cluster.get(policy) == before
    (line,) = baseward.decisions(policy)
    assert line["dryRun"] is True
    assert policy["metadata"]["name"] not in baseward.break_glass("--list").stdout
    denial_of(patch(cluster, policy, {"spec": opened(policy)["spec"]}, as_user="oncall"))


def test_the_command_that_a_denial_shows_works_when_it_is_pasted(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    denial = denial_of(patch(cluster, policy, {"spec": opened(policy)["spec"]}, as_user="oncall"))
    command = denial.splitlines()[-1].strip().replace('"..."', f'"{REASON}"')
    assert command.startswith("kubectl baseward break-glass ")
    programs = f"{cluster.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": programs, "KUBECONFIG": str(cluster.kubeconfig("oncall"))}
    answer = subprocess.run(
        ["sh", "-c", command], check=False, capture_output=True, text=True, env=environment
    )
    assert answer.returncode == 0, answer.stderr
    assert claim_on(cluster, policy)["baseward.io/break-glass-by"] == "oncall"
    assert baseward.last_decision(policy) == ("warned", "break-glass")


def test_it_is_broken_on_what_has_no_namespace_too(
    cluster: Cluster, baseward: Baseward, cluster_role: Object
) -> None:
    name = cluster_role["metadata"]["name"]
    answer = baseward.break_glass(f"clusterrole/{name}", "--reason", REASON)
    assert answer.stdout.startswith(f"ClusterRole {name}: the glass is broken until ")
    assert claim_on(cluster, cluster_role)


def test_what_is_missing_is_named(baseward: Baseward) -> None:
    answer = baseward.break_glass("netpol/nowhere", "-n", "shop", "--reason", REASON)
    assert answer.returncode == 2
    assert 'networkpolicies.networking.k8s.io "nowhere" not found' in answer.stderr


def test_it_is_not_broken_for_longer_than_is_allowed(
    cluster: Cluster, baseward: Baseward, policy: Object
) -> None:
    answer = break_glass(baseward, policy, "3h")
    assert answer.returncode == 1
    assert "its end is 3 h away, more than the 60 min allowed" in unwrapped(denial_of(answer))
    assert claim_on(cluster, policy) == {}


# It ends


def test_it_is_not_ended_while_drift_remains(cluster: Cluster, baseward: Baseward, claimed: Object) -> None:
    patch(cluster, claimed, {"spec": opened(claimed)["spec"]}, as_user="oncall")
    answer = end(baseward, claimed)
    assert answer.returncode == 1
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in denial_of(answer)
    assert claim_on(cluster, claimed)


def test_it_is_not_ended_with_half_of_the_drift(cluster: Cluster, claimed: Object) -> None:
    """Less drift alone would be allowed, and so would all of it."""
    both = relabelled(opened(claimed))
    content = {"metadata": {"labels": both["metadata"]["labels"]}, "spec": both["spec"]}
    warnings_of(patch(cluster, claimed, content, as_user="oncall"))
    fewer = annotating(dict.fromkeys(claim()))
    fewer["metadata"]["labels"] = {"tier": None}
    denial = denial_of(patch(cluster, claimed, fewer, as_user="oncall"))
    assert "+ ipBlock: {cidr: 0.0.0.0/0}" in denial
    assert claim_on(cluster, claimed)


def test_it_is_ended_when_the_drift_is_gone(cluster: Cluster, baseward: Baseward, claimed: Object) -> None:
    patch(cluster, claimed, {"spec": opened(claimed)["spec"]}, as_user="oncall")
    warnings_of(patch(cluster, claimed, {"spec": claimed["spec"]}, as_user="oncall"))
    answer = end(baseward, claimed)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"NetworkPolicy shop/{claimed['metadata']['name']}: the claim is gone.\n"
    assert claim_on(cluster, claimed) == {}


def test_the_claim_goes_together_with_the_drift(cluster: Cluster, claimed: Object) -> None:
    patch(cluster, claimed, {"spec": opened(claimed)["spec"]}, as_user="oncall")
    restored = {**annotating(dict.fromkeys(claim())), "spec": claimed["spec"]}
    restored["metadata"]["annotations"]["baseward.io/break-glass-ticket"] = None
    assert_allowed(patch(cluster, claimed, restored, as_user="oncall"))
    assert claim_on(cluster, claimed) == {}


def test_an_ended_claim_is_over(cluster: Cluster, baseward: Baseward, claimed: Object) -> None:
    end(baseward, claimed)
    denial_of(patch(cluster, claimed, {"spec": opened(claimed)["spec"]}, as_user="oncall"))


# Others, meanwhile


@pytest.mark.parametrize("restores", [False, True])
def test_somebody_elses_claim_keeps_others_off(
    cluster: Cluster, baseward: Baseward, claimed: Object, restores: bool
) -> None:
    patch(cluster, claimed, {"spec": opened(claimed)["spec"]}, as_user="oncall")
    changed = claimed if restores else relabelled(claimed)
    denial = unwrapped(denial_of(apply(cluster, changed)))
    until = claim_on(cluster, claimed)["baseward.io/break-glass-expires"]
    assert f"is under break-glass by oncall until {until}. Until then the change is theirs." in denial
    assert baseward.last_decision(claimed) == ("denied", "break-glass-held-by-another")


def test_somebody_elses_claim_is_not_ended(cluster: Cluster, baseward: Baseward, claimed: Object) -> None:
    assert "is under break-glass by oncall" in denial_of(end(baseward, claimed, as_user="alice"))
    assert claim_on(cluster, claimed)


def test_what_somebody_else_claimed_is_not_deleted(cluster: Cluster, claimed: Object) -> None:
    assert "is under break-glass by oncall" in denial_of(
        cluster.kubectl("delete", *target(claimed), check=False)
    )


def test_the_gitops_account_is_not_kept_off(cluster: Cluster, baseward: Baseward, claimed: Object) -> None:
    patch(cluster, claimed, {"spec": opened(claimed)["spec"]}, as_user="oncall")
    flux = ["--server-side", "--field-manager=kustomize-controller", "--force-conflicts"]
    assert_allowed(apply(cluster, claimed, *flux, as_user="gitops"))
    assert baseward.last_decision(claimed) == ("allowed", "restores-git")


def test_the_glass_on_one_object_is_not_broken_on_another(
    cluster: Cluster, stock: Stock, claimed: Object
) -> None:
    other = stock.take("NetworkPolicy")
    assert claim_on(cluster, claimed)
    denial_of(patch(cluster, other, {"spec": opened(other)["spec"]}, as_user="oncall"))
