"""What is left out against Git is not thereby free: who may change it, old against new."""

from __future__ import annotations

import json

import pytest

from tests.builders import (
    Object,
    aggregated_role,
    annotated,
    baseline,
    cluster_role,
    decision,
    drop,
    ingress,
    labelled,
    network_policy,
    put,
    review,
    rule,
    ruling,
)
from webhook.core.normalize.left_out import BOOKKEEPING, Ignore, LeftOut
from webhook.core.policy import EnforcementAction, Policy, Rule

WEB = network_policy()
SHOP = ingress()
DENIED = "14 denied drift"
RESTORES = "10 allowed restores-git"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


# Bookkeeping of GitOps tools


@pytest.mark.parametrize("key", sorted(BOOKKEEPING))
@pytest.mark.parametrize("mark", [labelled, annotated])
def test_bookkeeping_may_not_be_set_changed_or_removed_by_just_anybody(key: str, mark: object) -> None:
    assert callable(mark)
    mine, yours = mark(WEB, {key: "apps"}), mark(WEB, {key: "evil"})
    for old, new in ((WEB, mine), (mine, yours), (mine, WEB)):
        verdict = decision(review("UPDATE", old, new), [WEB])
        assert (verdict.row, verdict.outcome) == (14, "denied")
        assert [change.path.endswith(f"[{key}]") for change in verdict.changes] == [True]
    assert ruling(review("CREATE", new=mine), [WEB]) == DENIED


def test_bookkeeping_that_merely_stands_there_is_no_drift() -> None:
    tracked = labelled(WEB, {"argocd.argoproj.io/instance": "apps"})
    assert ruling(review("UPDATE", labelled(tracked, {"a": "b"}), tracked), [WEB]) == RESTORES


def test_bookkeeping_may_be_set_to_what_git_itself_says() -> None:
    in_git = labelled(WEB, {"argocd.argoproj.io/instance": "apps"})
    assert ruling(review("UPDATE", WEB, in_git), [in_git]) == RESTORES
    assert ruling(review("CREATE", new=in_git), [in_git]) == RESTORES
    other = labelled(WEB, {"argocd.argoproj.io/instance": "evil"})
    assert ruling(review("UPDATE", in_git, other), [in_git]) == DENIED


def test_bookkeeping_is_a_list_of_exact_keys() -> None:
    for key in ("argocd.argoproj.io/instance2", "argocd.argoproj.io", "Argocd.argoproj.io/instance"):
        drifted = labelled(labelled(WEB, {key: "x"}), {"a": "b"})
        assert ruling(review("UPDATE", drifted, labelled(WEB, {key: "x"})), [WEB]) == "11 warned converges"


def test_bookkeeping_is_configurable() -> None:
    policy = Policy(left_out=LeftOut(bookkeeping=frozenset({"example.com/owner"})))
    old = labelled(WEB, {"example.com/owner": "me", "a": "b"})
    assert (
        ruling(review("UPDATE", old, labelled(WEB, {"example.com/owner": "me"})), [WEB], policy) == RESTORES
    )
    assert ruling(review("UPDATE", old, labelled(WEB, {"example.com/owner": "you"})), [WEB], policy) == DENIED


# kubectl's last-applied-configuration


def applied(obj: Object, configuration: object) -> Object:
    text = configuration if isinstance(configuration, str) else json.dumps(configuration)
    return annotated(obj, {LAST_APPLIED: text})


def test_kubectl_apply_of_the_manifest_in_git_restores_git() -> None:
    before = applied(labelled(WEB, {"a": "b"}), labelled(WEB, {"a": "b"}))
    assert ruling(review("UPDATE", before, applied(WEB, WEB)), [WEB]) == RESTORES
    assert ruling(review("CREATE", new=applied(WEB, WEB)), [WEB]) == RESTORES


def test_a_true_record_of_an_apply_excuses_nothing_else() -> None:
    tracked = labelled(applied(WEB, WEB), {"argocd.argoproj.io/instance": "mine"})
    assert ruling(review("UPDATE", WEB, tracked), [WEB]) == DENIED


def test_last_applied_may_be_written_differently_as_long_as_it_means_the_same() -> None:
    same = put(WEB, "/spec/ingress/0/ports", [{"port": 8080}])
    assert ruling(review("UPDATE", WEB, applied(WEB, same)), [WEB]) == RESTORES


@pytest.mark.parametrize(
    "configuration",
    [
        put(WEB, "/spec/ingress", [{}]),
        labelled(WEB, {"a": "b"}),
        network_policy("other"),
        "",
        "no JSON",
        "[]",
        "null",
        "{}",
        '{"metadata": 5}',
        '{"spec": ' + '{"a":' * 300 + "1" + "}" * 301,
    ],
)
def test_last_applied_that_says_something_else_than_git_may_not_be_written(configuration: object) -> None:
    assert ruling(review("UPDATE", WEB, applied(WEB, configuration)), [WEB]) == DENIED


def test_last_applied_may_not_be_removed_for_its_own_sake() -> None:
    assert ruling(review("UPDATE", applied(WEB, WEB), WEB), [WEB]) == DENIED
    drifted = labelled(applied(WEB, WEB), {"a": "b", "c": "d"})
    assert ruling(review("UPDATE", drifted, labelled(WEB, {"a": "b"})), [WEB]) == DENIED


def test_kubectl_replace_with_the_manifest_in_git_restores_git() -> None:
    edited = labelled(WEB, {"a": "b"})
    for drifted in (applied(edited, WEB), applied(edited, edited)):
        assert ruling(review("UPDATE", drifted, WEB), [WEB]) == RESTORES
    tracked = labelled(applied(edited, WEB), {"argocd.argoproj.io/instance": "apps"})
    assert ruling(review("UPDATE", tracked, WEB), [WEB]) == DENIED


def test_the_record_of_an_apply_is_told_only_where_there_is_nothing_else_to_tell() -> None:
    def told(old: Object, new: Object, git: list[Object]) -> list[str]:
        return [change.path for change in decision(review("UPDATE", old, new), git).changes]

    edited = labelled(WEB, {"a": "b"})
    assert told(WEB, applied(edited, edited), [WEB]) == ["metadata.labels[a]"]
    assert told(WEB, applied(WEB, edited), [WEB]) == [f"metadata.annotations[{LAST_APPLIED}]"]
    assert told(WEB, applied(edited, edited), []) == []


def test_a_last_applied_from_before_may_stay() -> None:
    stale = applied(WEB, labelled(WEB, {"from": "before"}))
    assert ruling(review("UPDATE", labelled(stale, {"a": "b"}), stale), [WEB]) == RESTORES


def test_last_applied_that_is_no_string_is_not_taken_for_anything() -> None:
    assert ruling(review("UPDATE", WEB, annotated(WEB, {LAST_APPLIED: WEB})), [WEB]) == DENIED


def test_last_applied_of_an_undeclared_object_changes_nothing_of_what_its_rule_says() -> None:
    lenient = Policy(rules=(Rule(undeclared=EnforcementAction.WARN),))
    verdict = decision(review("CREATE", new=applied(WEB, WEB)), [], lenient)
    assert (verdict.row, verdict.outcome) == (14, "warned")


# The rules of an aggregated ClusterRole


def test_the_rules_of_an_aggregated_role_are_the_controllers_to_write() -> None:
    gathered = aggregated_role(rule("get", "pods"), rule("get", "services"))
    for new in (aggregated_role(rule("*", "*")), aggregated_role(rule("get", "pods"))):
        assert ruling(review("UPDATE", gathered, new), [aggregated_role()]) == DENIED


def test_the_rules_of_an_aggregated_role_may_be_put_back_to_those_of_the_manifest() -> None:
    # kubectl apply of a manifest that says `rules: []`, as the documentation of Kubernetes recommends.
    gathered = aggregated_role(rule("get", "pods"))
    assert ruling(review("UPDATE", gathered, aggregated_role()), [aggregated_role()]) == RESTORES


def test_an_aggregated_role_may_not_be_created_with_rules_that_git_lacks() -> None:
    gathered = aggregated_role(rule("*", "*"))
    assert ruling(review("CREATE", new=gathered), [aggregated_role()]) == DENIED
    assert ruling(review("CREATE", new=gathered), [gathered]) == RESTORES


def test_the_order_of_gathered_rules_is_no_change() -> None:
    a, b = rule("get", "pods"), rule("get", "services")
    assert ruling(
        review("UPDATE", labelled(aggregated_role(a, b), {"x": "y"}), aggregated_role(b, a)),
        [aggregated_role()],
    ) == (RESTORES)


def test_aggregation_may_be_restored_to_a_role_that_lost_it() -> None:
    lost = cluster_role("monitoring", rules=[rule("get", "pods")])
    restored = put(aggregated_role(), "/rules", [rule("get", "pods")])
    assert ruling(review("UPDATE", lost, aggregated_role()), [aggregated_role()]) == RESTORES
    assert ruling(review("UPDATE", lost, restored), [aggregated_role()]) == RESTORES


def test_aggregation_may_be_taken_off_a_role_that_git_does_not_aggregate() -> None:
    reader = cluster_role("monitoring", rules=[rule("get", "pods")])
    gathered = aggregated_role(rule("get", "pods"), rule("get", "services"))
    assert ruling(review("UPDATE", gathered, reader), [reader]) == RESTORES


def test_a_role_may_not_become_aggregated_to_hide_its_rules() -> None:
    reader = cluster_role("monitoring", rules=[rule("get", "pods")])
    assert ruling(review("UPDATE", reader, aggregated_role(rule("*", "*"))), [reader]) == DENIED
    assert ruling(review("CREATE", new=aggregated_role(rule("get", "pods"))), [reader]) == DENIED


def test_a_role_may_not_cease_to_be_aggregated() -> None:
    monitoring = aggregated_role(rule("get", "pods"))
    assert ruling(review("UPDATE", monitoring, drop(monitoring, "/aggregationRule")), [monitoring]) == DENIED


# The ignore entries of the configuration

ENDPOINTS = "field.cattle.io/publicEndpoints"
RANCHER = "system:serviceaccount:cattle-system:rancher"
ENTRY = Ignore(("Ingress",), (("metadata", "annotations", ENDPOINTS),), (RANCHER,))


def ignoring(*entries: Ignore) -> Policy:
    return Policy(left_out=LeftOut(ignore=entries))


def test_an_ignored_field_is_no_drift() -> None:
    old = annotated(labelled(SHOP, {"a": "b"}), {ENDPOINTS: "[]"})
    assert (
        ruling(review("UPDATE", old, annotated(SHOP, {ENDPOINTS: "[]"})), [SHOP], ignoring(ENTRY)) == RESTORES
    )


def test_an_ignored_field_may_be_changed_by_its_writers_only() -> None:
    one, two = annotated(SHOP, {ENDPOINTS: "[1]"}), annotated(SHOP, {ENDPOINTS: "[2]"})
    for old, new in ((SHOP, one), (one, two), (one, SHOP)):
        assert ruling(review("UPDATE", old, new, user=RANCHER), [SHOP], ignoring(ENTRY)) == RESTORES
        assert ruling(review("UPDATE", old, new), [SHOP], ignoring(ENTRY)) == DENIED
        assert ruling(review("UPDATE", old, new, user="rancher"), [SHOP], ignoring(ENTRY)) == DENIED
    assert ruling(review("CREATE", new=one), [SHOP], ignoring(ENTRY)) == DENIED


def test_an_ignored_field_without_writers_is_for_approvers_alone() -> None:
    nobodys = Ignore(ENTRY.kinds, ENTRY.fields)
    assert (
        ruling(
            review("UPDATE", SHOP, annotated(SHOP, {ENDPOINTS: "x"}), user=RANCHER), [SHOP], ignoring(nobodys)
        )
        == DENIED
    )


def test_a_star_lets_anybody_write_an_ignored_field() -> None:
    anybodys = Ignore(ENTRY.kinds, ENTRY.fields, ("*",))
    assert (
        ruling(review("UPDATE", SHOP, annotated(SHOP, {ENDPOINTS: "x"})), [SHOP], ignoring(anybodys))
        == RESTORES
    )


def test_an_ignored_field_may_be_set_to_what_git_says() -> None:
    in_git = annotated(SHOP, {ENDPOINTS: "[]"})
    assert (
        ruling(
            review("UPDATE", SHOP, in_git),
            baseline(in_git, left_out=LeftOut(ignore=(ENTRY,))),
            ignoring(ENTRY),
        )
        == RESTORES
    )


def test_an_entry_is_about_its_kinds_alone() -> None:
    on_policy = annotated(WEB, {ENDPOINTS: "[]"})
    assert ruling(review("UPDATE", WEB, on_policy, user=RANCHER), [WEB], ignoring(ENTRY)) == DENIED
    everywhere = Ignore(("*",), ENTRY.fields, ENTRY.writers)
    assert ruling(review("UPDATE", WEB, on_policy, user=RANCHER), [WEB], ignoring(everywhere)) == RESTORES


def test_a_writer_writes_its_field_and_nothing_else() -> None:
    more = labelled(annotated(SHOP, {ENDPOINTS: "[]"}), {"a": "b"})
    assert ruling(review("UPDATE", SHOP, more, user=RANCHER), [SHOP], ignoring(ENTRY)) == DENIED


def test_the_writer_of_one_entry_may_not_write_anothers() -> None:
    other = Ignore(("Ingress",), (("metadata", "labels", "x"),), ("somebody",))
    assert (
        ruling(
            review("UPDATE", SHOP, labelled(SHOP, {"x": "y"}), user=RANCHER), [SHOP], ignoring(ENTRY, other)
        )
        == DENIED
    )


def test_ignored_annotations_do_not_keep_a_person_from_restoring_git() -> None:
    all_annotations = Ignore(("NetworkPolicy",), (("metadata", "annotations"),), ("*",))
    drifted = annotated(labelled(WEB, {"a": "b"}), {"x": "y"})
    assert (
        ruling(review("UPDATE", drifted, annotated(WEB, {"x": "y"})), [WEB], ignoring(all_annotations))
        == RESTORES
    )


def test_a_claim_may_not_be_smuggled_in_as_an_ignored_annotation() -> None:
    all_annotations = Ignore(("*",), (("metadata", "annotations"),), ("*",))
    with_claim = annotated(WEB, {"baseward.io/break-glass": "because I can, really"})
    assert (
        ruling(review("UPDATE", WEB, with_claim), [WEB], ignoring(all_annotations))
        == "13 denied break-glass-rejected"
    )


def test_ignoring_the_only_key_of_a_map_leaves_the_map_out_too() -> None:
    entry = Ignore(("NetworkPolicy",), (("spec", "extra", "note"),), ("*",))
    noted = put(WEB, "/spec/extra/note", "x")
    assert ruling(review("UPDATE", WEB, noted), [WEB], ignoring(entry)) == RESTORES


def test_a_finalizer_that_git_declares_stays_also_where_finalizers_are_ignored() -> None:
    finalizers = Ignore(("Ingress",), (("metadata", "finalizers"),), ("aws-load-balancer-controller",))
    held = put(SHOP, "/metadata/finalizers", ["ingress.k8s.aws/resources"])
    assert ruling(review("UPDATE", held, SHOP), [held], ignoring(finalizers)) == DENIED
    assert ruling(review("UPDATE", held, SHOP), [SHOP], ignoring(finalizers)) == "5 allowed unchanged"
