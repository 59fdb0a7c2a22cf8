"""Row 11: an UPDATE that only converges towards Git."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.builders import (
    GITOPS,
    Object,
    aggregated_role,
    annotated,
    cluster_role,
    decision,
    drop,
    ingress,
    labelled,
    network_policy,
    owner,
    path,
    peer,
    person,
    put,
    review,
    role,
    role_binding,
    rule,
    ruling,
)
from webhook.core.normalize.left_out import LeftOut
from webhook.core.policy import Policy
from webhook.core.subject import Approver, Mismatch

WEB = labelled(network_policy(), {"team": "shop"})
OPENED = put(WEB, "/spec/ingress", [{}])
CONVERGES = "11 warned converges"
DENIED = "14 denied drift"


def test_one_deviation_less_is_allowed_and_what_is_left_is_told() -> None:
    drifted = labelled(OPENED, {"team": "evil", "extra": "x"})
    verdict = decision(review("UPDATE", drifted, labelled(OPENED, {"extra": "x"})), [WEB])
    assert (verdict.row, verdict.outcome, verdict.reason) == (11, "warned", "converges")
    assert {change.path for change in verdict.changes} >= {"metadata.labels[extra]"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (labelled(WEB, {"a": "1", "b": "2"}), labelled(WEB, {"a": "1"})),
        (drop(labelled(WEB, {"a": "1"}), "/metadata/labels/team"), labelled(WEB, {"a": "1"})),
        (annotated(OPENED, {"a": "1"}), OPENED),
        (annotated(OPENED, {"a": "1"}), annotated(WEB, {"a": "1"})),
        (put(OPENED, "/metadata/ownerReferences", [owner("gone")]), OPENED),
        (put(OPENED, "/metadata/finalizers", ["a.b/c"]), put(WEB, "/metadata/finalizers", ["a.b/c"])),
        (put(OPENED, "/unknown", 1), OPENED),
    ],
    ids=[
        "label",
        "declared label",
        "annotation",
        "spec",
        "owner",
        "spec beside a finalizer",
        "unknown field",
    ],
)
def test_whatever_deviation_goes_it_converges(old: Object, new: Object) -> None:
    assert ruling(review("UPDATE", old, new), [WEB]) == CONVERGES


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (labelled(WEB, {"a": "1", "b": "2"}), labelled(WEB, {"a": "2"})),
        (labelled(WEB, {"a": "1"}), labelled(WEB, {"b": "1"})),
        (labelled(WEB, {"a": "1", "b": "2"}), annotated(labelled(WEB, {"a": "1"}), {"c": "3"})),
        (labelled(OPENED, {"a": "1"}), put(OPENED, "/spec/egress", [{}])),
        (
            put(WEB, "/metadata/ownerReferences", [owner("a"), owner("b")]),
            put(WEB, "/metadata/ownerReferences", [owner("c")]),
        ),
    ],
    ids=[
        "the other one changes",
        "exchanged",
        "one less, one new",
        "the spec deviates otherwise",
        "owners exchanged",
    ],
)
def test_fewer_deviations_are_not_enough_they_must_be_some_of_those_before(old: Object, new: Object) -> None:
    assert ruling(review("UPDATE", old, new), [WEB]) == DENIED


def test_a_deviation_that_keeps_its_place_and_changes_its_value_is_another() -> None:
    old = labelled(WEB, {"team": "evil", "a": "1"})
    assert ruling(review("UPDATE", old, labelled(WEB, {"team": "worse"})), [WEB]) == DENIED


def test_the_same_deviations_spelled_otherwise_are_not_fewer() -> None:
    two = put(WEB, "/spec/ingress/0/from", [peer("a"), peer("b")])
    drifted, respelled = labelled(two, {"a": "1"}), put(two, "/spec/ingress/0/from", [peer("b"), peer("a")])
    assert ruling(review("UPDATE", drifted, labelled(respelled, {"a": "1"})), [two]) == DENIED


# What is one deviation, because half of a change may be worse than all of it


def test_the_spec_of_a_network_policy_is_one_deviation() -> None:
    two_peers_less = put(WEB, "/spec/ingress", [{"from": [peer("a")]}, {"from": [peer("b")]}])
    one_peer_less = put(two_peers_less, "/spec/ingress/1", WEB["spec"]["ingress"][0])
    assert ruling(review("UPDATE", two_peers_less, one_peer_less), [WEB]) == DENIED


def test_the_spec_of_an_ingress_with_its_annotations_is_one_deviation() -> None:
    auth = {"nginx.ingress.kubernetes.io/auth-url": "https://auth.example.com"}
    shop = annotated(ingress(), auth)
    other_backend = put(shop, "/spec/rules/0/http/paths", [path("/cart", "evil")])
    half = review("UPDATE", drop(other_backend, "/metadata/annotations"), other_backend)
    other_half = review("UPDATE", drop(other_backend, "/metadata/annotations"), ingress())
    assert ruling(half, [shop]) == DENIED
    assert ruling(other_half, [shop]) == DENIED


def test_a_label_of_an_ingress_is_a_deviation_of_its_own() -> None:
    shop = ingress()
    drifted = labelled(put(shop, "/spec/rules", []), {"a": "1"})
    assert ruling(review("UPDATE", drifted, put(shop, "/spec/rules", [])), [shop]) == CONVERGES
    assert ruling(review("UPDATE", drifted, labelled(shop, {"a": "1"})), [shop]) == CONVERGES


@pytest.mark.parametrize("build", [role, cluster_role])
def test_the_rules_of_a_role_are_one_deviation_unless_nothing_widens(build: Callable[[], Object]) -> None:
    reader = build()
    old = put(reader, "/rules", [rule("*", "*", "apps"), rule("delete", "pods")])
    fewer = put(reader, "/rules", [rule("delete", "pods")])
    partly_restored = put(reader, "/rules", [*reader["rules"], rule("delete", "pods")])
    assert ruling(review("UPDATE", old, fewer), [reader]) == CONVERGES
    assert ruling(review("UPDATE", old, partly_restored), [reader]) == DENIED


def test_the_subjects_of_a_binding_are_one_deviation() -> None:
    readers = role_binding(person("bob"))
    old, fewer = role_binding(person("eve"), person("mallory")), role_binding(person("bob"), person("eve"))
    assert ruling(review("UPDATE", old, fewer), [readers]) == DENIED


def test_an_aggregated_role_that_loses_its_aggregation_does_not_converge_by_new_rules() -> None:
    monitoring = aggregated_role()
    lost = cluster_role("monitoring", {"labels": {"a": "1"}}, rules=[rule("get", "pods")])
    widened = cluster_role("monitoring", rules=[rule("*", "*")])
    assert ruling(review("UPDATE", lost, widened), [monitoring]) == DENIED


def test_the_rules_of_a_cluster_role_are_one_deviation_with_the_labels_by_which_others_gather_it() -> None:
    powerful = cluster_role(rules=[rule("*", "*", "*")])
    gathered = labelled(cluster_role(), {"rbac.authorization.k8s.io/aggregate-to-view": "true"})
    assert (
        ruling(review("UPDATE", gathered, put(gathered, "/rules", powerful["rules"])), [powerful]) == DENIED
    )
    git = labelled(cluster_role(), {"example.com/aggregate-to-monitoring": "true"})
    drifted = put(cluster_role(), "/rules", powerful["rules"])
    assert ruling(review("UPDATE", labelled(drifted, {"a": "b"}), drifted), [git]) == CONVERGES
    label_back = labelled(drifted, git["metadata"]["labels"])
    assert ruling(review("UPDATE", drifted, label_back), [git]) == DENIED


def test_the_owners_of_an_object_are_one_deviation() -> None:
    two = put(WEB, "/metadata/ownerReferences", [owner("alive"), owner("gone")])
    one = put(WEB, "/metadata/ownerReferences", [owner("gone")])
    assert ruling(review("UPDATE", two, one), [WEB]) == DENIED


# What else it needs


def test_an_undeclared_object_has_nothing_to_converge_to() -> None:
    drifted = labelled(OPENED, {"a": "1"})
    assert ruling(review("UPDATE", drifted, OPENED), []) == "14 denied undeclared"


def test_a_create_converges_to_nothing() -> None:
    assert ruling(review("CREATE", new=OPENED), [WEB]) == DENIED


def test_what_was_not_theirs_to_touch_spoils_it() -> None:
    tracked = labelled(OPENED, {"kustomize.toolkit.fluxcd.io/name": "apps", "a": "1"})
    untracked = drop(
        drop(tracked, "/metadata/labels/a"), "/metadata/labels/kustomize.toolkit.fluxcd.io~1name"
    )
    assert ruling(review("UPDATE", tracked, untracked), [WEB]) == DENIED


def test_the_class_that_an_ingress_came_by_is_no_deviation_on_either_side() -> None:
    shop = ingress()
    with_class = put(labelled(shop, {"a": "1", "b": "2"}), "/spec/ingressClassName", "nginx")
    verdict = decision(review("UPDATE", with_class, drop(with_class, "/metadata/labels/a")), [shop])
    assert (verdict.row, [change.path for change in verdict.changes]) == (11, ["metadata.labels[b]"])


def test_exchanging_the_class_does_not_converge() -> None:
    shop = ingress()
    old = put(labelled(shop, {"a": "1"}), "/spec/ingressClassName", "nginx")
    assert ruling(review("UPDATE", old, put(shop, "/spec/ingressClassName", "evil")), [shop]) == DENIED


def test_an_approver_that_converges_is_warned_and_not_denied() -> None:
    strict = Policy(approvers=(Approver(GITOPS["username"], mismatch=Mismatch.DENY),))
    closer = review("UPDATE", labelled(OPENED, {"a": "1"}), OPENED, user=GITOPS)
    assert ruling(closer, [WEB], strict) == CONVERGES


def test_a_declared_label_of_a_shorter_bookkeeping_list_may_not_be_removed() -> None:
    flux = "kustomize.toolkit.fluxcd.io/name"
    counts_all = replace(Policy(), left_out=LeftOut(bookkeeping=frozenset()))
    tracked = labelled(WEB, {flux: "apps"})
    assert ruling(review("UPDATE", tracked, WEB), [tracked], counts_all) == DENIED
