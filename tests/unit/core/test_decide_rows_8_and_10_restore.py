"""Rows 8 and 10: no snapshot yet, and changes that restore Git."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import (
    GITOPS,
    MAY_BREAK_GLASS,
    Object,
    aggregated_role,
    annotated,
    baseline,
    claimed,
    cluster_role,
    cluster_role_binding,
    ingress,
    judge,
    labelled,
    network_policy,
    owner,
    peer,
    put,
    review,
    role,
    role_binding,
    rule,
    ruling,
    stored,
)
from webhook.core.decision import NoBaseline
from webhook.core.policy import Deletion, EnforcementAction, Mode, Policy, Rule
from webhook.core.subject import Approver, Content

WEB = network_policy()
OPENED = network_policy(podSelector={}, ingress=[{}])
ONE_OF_EACH = [
    WEB,
    ingress(),
    role(),
    cluster_role(),
    aggregated_role(),
    role_binding(),
    cluster_role_binding(),
]
RESTORES = "10 allowed restores-git"


# Row 8: no snapshot


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    "reviewed",
    [review("CREATE", new=WEB), review("UPDATE", WEB, OPENED), review("DELETE", WEB)],
    ids=["CREATE", "UPDATE", "DELETE"],
)
def test_before_the_first_snapshot_there_is_no_verdict_and_failure_policy_decides(
    reviewed: Object, mode: Mode
) -> None:
    assert judge(reviewed, None, Policy(mode=mode)) == NoBaseline()


# Row 8: a source that has never been read

UNREAD = {"team": ("shop",)}
BY_ANYBODY = pytest.mark.parametrize("user", ["alice", GITOPS], ids=["a person", "an approver"])
POLICY = Policy(approvers=(Approver(GITOPS["username"]),))


@BY_ANYBODY
@pytest.mark.parametrize("mode", list(Mode))
def test_what_only_an_unread_source_may_declare_is_neither_declared_nor_undeclared(
    user: str | Object, mode: Mode
) -> None:
    git, policy = baseline(unread=UNREAD), replace(POLICY, mode=mode)
    for reviewed in (
        review("CREATE", new=WEB, user=user),
        review("UPDATE", WEB, OPENED, user=user),
        review("DELETE", WEB, user=user),
    ):
        assert judge(reviewed, git, policy) == NoBaseline("team")


def test_what_another_source_declares_is_judged_all_the_same() -> None:
    git = baseline(WEB, unread=UNREAD)
    assert ruling(review("CREATE", new=WEB), git) == RESTORES
    assert ruling(review("UPDATE", WEB, OPENED), git) == "14 denied drift"


def test_what_the_unread_source_may_not_declare_is_judged_all_the_same() -> None:
    git = baseline(unread={"team": ("shop-*",)})
    assert ruling(review("CREATE", new=WEB), git) == "14 denied undeclared"
    assert ruling(review("DELETE", WEB), git) == RESTORES


@pytest.mark.parametrize(
    ("reviewed", "expected"),
    [
        (review("DELETE", put(WEB, "/metadata/deletionTimestamp", "2030-01-01T00:00:00Z")), "3 allowed"),
        (
            review("DELETE", WEB, user="system:serviceaccount:kube-system:namespace-controller"),
            "4 allowed",
        ),
        (review("UPDATE", WEB, put(WEB, "/status", {"a": 1})), "5 allowed"),
        (review("UPDATE", WEB, OPENED, user="ci"), "6 allowed"),
        (review("UPDATE", WEB, claimed(OPENED), user="oncall"), "7 warned"),
    ],
    ids=["terminating", "a system controller", "nothing governed", "a trusted approver", "break-glass"],
)
def test_the_rows_before_need_no_source_to_be_read(reviewed: Object, expected: str) -> None:
    trusting = Policy(approvers=(Approver("ci", content=Content.TRUSTED),))
    answered = ruling(reviewed, baseline(unread=UNREAD), trusting, MAY_BREAK_GLASS)
    assert answered.startswith(expected)


def test_a_finalizer_that_an_unread_source_may_declare_is_not_just_removed() -> None:
    held = put(WEB, "/metadata/finalizers", ["example.com/hold"])
    assert judge(review("UPDATE", held, WEB), baseline(unread=UNREAD)) == NoBaseline("team")
    assert ruling(review("UPDATE", held, WEB), baseline()) == "5 allowed unchanged"


def test_an_approver_narrowed_to_a_source_is_none_of_what_another_unread_one_may_declare() -> None:
    reviewed = review("UPDATE", WEB, OPENED, user="ci")
    trusted = Approver("ci", content=Content.TRUSTED, sources=("platform",))
    policy = Policy(approvers=(trusted,))
    assert judge(reviewed, baseline(unread=UNREAD), policy) == NoBaseline("team")
    assert ruling(reviewed, baseline(unread={"platform": ("*",)}), policy) == "6 allowed approver"


# Row 10: CREATE and UPDATE


@pytest.mark.parametrize("obj", ONE_OF_EACH, ids=lambda obj: f"{obj['kind']} {obj['metadata']['name']}")
def test_anybody_may_create_what_git_declares(obj: Object) -> None:
    assert ruling(review("CREATE", new=stored(obj)), [obj]) == RESTORES


@pytest.mark.parametrize("obj", ONE_OF_EACH, ids=lambda obj: f"{obj['kind']} {obj['metadata']['name']}")
def test_anybody_may_put_a_drifted_object_back_to_what_git_declares(obj: Object) -> None:
    drifted = stored(labelled(obj, {"drifted": "true"}))
    assert ruling(review("UPDATE", drifted, stored(obj)), [obj]) == RESTORES


@pytest.mark.parametrize("obj", ONE_OF_EACH, ids=lambda obj: f"{obj['kind']} {obj['metadata']['name']}")
def test_nobody_may_create_it_with_anything_more(obj: Object) -> None:
    assert ruling(review("CREATE", new=labelled(obj, {"drifted": "true"})), [obj]) == "14 denied drift"


def test_what_is_written_differently_and_means_the_same_restores_git() -> None:
    in_git = network_policy(podSelector=None, ingress=[{"ports": [{"port": 80}], "from": None}])
    proposed = network_policy(
        podSelector={},
        policyTypes=["Ingress"],
        ingress=[{"ports": [{"port": 80, "protocol": "TCP", "endPort": 80}]}],
    )
    assert ruling(review("CREATE", new=proposed), [in_git]) == RESTORES


def test_the_order_of_what_is_a_set_does_not_matter() -> None:
    a, b = {"from": [peer("a"), peer("b")]}, {"from": [peer("c")]}
    b_and_a = [b, {"from": [peer("b"), peer("a")]}]
    in_git = network_policy(podSelector={}, ingress=[a, b])
    assert ruling(review("CREATE", new=network_policy(podSelector={}, ingress=b_and_a)), [in_git]) == RESTORES


def test_a_declared_owner_and_finalizer_may_be_restored() -> None:
    in_git = put(
        put(WEB, "/metadata/ownerReferences", [owner("app")]), "/metadata/finalizers", ["example.com/a"]
    )
    assert ruling(review("UPDATE", WEB, in_git), [in_git]) == RESTORES


def test_a_generated_name_is_judged_by_the_name_it_was_given() -> None:
    generated = put(network_policy("web-x7k2p"), "/metadata/generateName", "web-")
    assert ruling(review("CREATE", new=generated), [WEB]) == "14 denied undeclared"
    named_at_last = review("CREATE", new=generated, name="")
    assert ruling(named_at_last, [network_policy("web-x7k2p")]) == "14 denied drift"


# Row 10: the default class of an Ingress

SHOP = ingress()
NGINX = Policy(ingress_class="nginx")


def of_class(name: str | None) -> Object:
    return put(SHOP, "/spec/ingressClassName", name)


def test_on_create_the_class_that_git_leaves_out_may_be_absent_or_the_default() -> None:
    assert ruling(review("CREATE", new=SHOP), [SHOP], NGINX) == RESTORES
    assert ruling(review("CREATE", new=of_class(None)), [SHOP], NGINX) == RESTORES
    assert ruling(review("CREATE", new=of_class("nginx")), [SHOP], NGINX) == RESTORES


@pytest.mark.parametrize("policy", [NGINX, Policy()], ids=["another default", "no default"])
def test_on_create_any_other_class_is_drift(policy: Policy) -> None:
    assert ruling(review("CREATE", new=of_class("internal")), [SHOP], policy) == "14 denied drift"
    assert ruling(review("CREATE", new=of_class("")), [SHOP], policy) == "14 denied drift"


@pytest.mark.parametrize("its_class", ["nginx", "one-from-before-the-default"])
def test_after_that_the_class_may_stay_or_go(its_class: str) -> None:
    old = labelled(of_class(its_class), {"drifted": "true"})
    assert ruling(review("UPDATE", old, of_class(its_class)), [SHOP], NGINX) == RESTORES
    assert ruling(review("UPDATE", old, SHOP), [SHOP], NGINX) == RESTORES


def test_after_that_the_class_may_not_be_changed_or_set() -> None:
    assert (
        ruling(review("UPDATE", of_class("nginx"), of_class("internal")), [SHOP], NGINX) == "14 denied drift"
    )
    assert ruling(review("UPDATE", SHOP, of_class("internal")), [SHOP], NGINX) == "14 denied drift"
    assert ruling(review("UPDATE", SHOP, of_class("nginx")), [SHOP], NGINX) == "14 denied drift"


def test_a_class_that_git_names_counts_like_any_field() -> None:
    internal = of_class("internal")
    assert ruling(review("CREATE", new=of_class("nginx")), [internal], NGINX) == "14 denied drift"
    assert ruling(review("UPDATE", internal, SHOP), [internal], NGINX) == "14 denied drift"
    assert ruling(review("UPDATE", SHOP, internal), [internal], NGINX) == RESTORES
    drifted = labelled(internal, {"drifted": "true"})
    assert ruling(review("UPDATE", drifted, internal), [internal], NGINX) == RESTORES


def test_only_an_ingress_has_a_class() -> None:
    classy = put(WEB, "/spec/ingressClassName", "nginx")
    assert ruling(review("CREATE", new=classy), [WEB], NGINX) == "14 denied drift"


def test_an_undeclared_ingress_is_undeclared_whatever_its_class() -> None:
    assert ruling(review("CREATE", new=of_class("nginx")), [], NGINX) == "14 denied undeclared"


# Row 10: DELETE


def test_deleting_what_git_does_not_declare_is_allowed() -> None:
    assert ruling(review("DELETE", WEB), []) == RESTORES
    assert ruling(review("DELETE", WEB, name=""), []) == RESTORES


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Deletion.ALLOW, RESTORES),
        (Deletion.DENY, "14 denied deletion"),
        (Deletion.WARN, "14 warned deletion"),
        (Deletion.AUDIT, "14 allowed deletion"),
        (Deletion.IGNORE, "14 allowed deletion"),
    ],
)
def test_deleting_what_git_does_not_declare_goes_by_the_rule(action: Deletion, expected: str) -> None:
    policy = Policy(rules=(Rule(delete_undeclared=action),))
    assert ruling(review("DELETE", WEB), [], policy) == expected


def test_deleting_a_declared_object_is_no_way_to_restore_git() -> None:
    assert ruling(review("DELETE", WEB), [WEB]) == "14 denied deletion"
    lenient = Policy(rules=(Rule(delete_undeclared=Deletion.ALLOW, drift=EnforcementAction.WARN),))
    assert ruling(review("DELETE", WEB), [WEB], lenient) == "14 warned deletion"


def test_each_object_of_a_delete_collection_is_judged_by_its_own_name() -> None:
    other = network_policy("other")
    assert ruling(review("DELETE", WEB, name=""), [WEB]) == "14 denied deletion"
    assert ruling(review("DELETE", other, name=""), [WEB]) == RESTORES


def test_an_object_is_declared_by_group_kind_namespace_and_name() -> None:
    elsewhere = put(WEB, "/metadata/namespace", "elsewhere")
    assert ruling(review("CREATE", new=elsewhere), [WEB]) == "14 denied undeclared"
    assert ruling(review("CREATE", new=cluster_role("web")), [role("web")]) == "14 denied undeclared"
    assert ruling(review("CREATE", new=role()), [cluster_role()]) == "14 denied undeclared"


def test_a_cluster_scoped_object_that_git_writes_with_a_namespace_is_the_same_object() -> None:
    in_git = put(cluster_role(), "/metadata/namespace", "default")
    assert ruling(review("CREATE", new=cluster_role()), [in_git]) == RESTORES


def test_an_annotation_that_steers_a_tool_counts() -> None:
    for key in (
        "kustomize.toolkit.fluxcd.io/reconcile",
        "kustomize.toolkit.fluxcd.io/prune",
        "kustomize.toolkit.fluxcd.io/ssa",
        "kustomize.toolkit.fluxcd.io/force",
        "argocd.argoproj.io/sync-options",
        "argocd.argoproj.io/compare-options",
        "argocd.argoproj.io/hook",
        "helm.sh/resource-policy",
        "configmanagement.gke.io/managed",
        "client.lifecycle.config.k8s.io/mutation",
    ):
        steered = annotated(WEB, {key: "disabled"})
        assert ruling(review("UPDATE", WEB, steered), [WEB]) == "14 denied drift"


def test_aggregated_rules_are_not_compared_where_git_has_an_aggregation_rule() -> None:
    gathered = aggregated_role(rule("get", "pods"), rule("get", "services"))
    relabelled = labelled(gathered, {"drifted": "true"})
    assert ruling(review("UPDATE", relabelled, gathered), [aggregated_role()]) == RESTORES
