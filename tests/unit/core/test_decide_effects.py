"""Rules that go by what a change opens and closes, and what such a rule can be relied on for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.builders import (
    GITOPS,
    Object,
    annotated,
    claimed,
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
    stored,
)
from webhook.core.impact import Effect
from webhook.core.normalize.left_out import Ignore, LeftOut
from webhook.core.normalize.metadata import LAST_APPLIED
from webhook.core.pointer import parse_pointer
from webhook.core.policy import EnforcementAction, Policy, Rule
from webhook.core.subject import Approver, Content

WEB = network_policy()
OPENED = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})
CLOSED = put(WEB, "/spec/ingress", [])
ALSO_THERE = {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}
SAID_TWICE = put(WEB, "/spec/ingress/0/from/-", {**peer("gateway"), "namespaceSelector": ALSO_THERE})
DENY_ALL = network_policy("deny-all", podSelector={}, policyTypes=["Ingress"])
ALLOW_GATEWAY = network_policy("gateway", podSelector={}, ingress=[{"from": [peer("gateway")]}])

BINDING = role_binding(person("bob"), person("carol"))
PASSES, DENIED = "14 warned drift", "14 denied drift"


def policy(**actions: str) -> Policy:
    return Policy(rules=(Rule(**{name: EnforcementAction(action) for name, action in actions.items()}),))  # type: ignore[arg-type]  # the field's own


CLOSING_PASSES = policy(narrowing="warn")


# What each of the three is about


@pytest.mark.parametrize(
    ("new", "effect"), [(OPENED, "widens"), (CLOSED, "narrows"), (labelled(WEB, {"team": "shop"}), "neither")]
)
def test_a_decision_says_what_the_change_does(new: Object, effect: str) -> None:
    verdict = decision(review("UPDATE", WEB, new), [WEB])
    assert verdict.impact is not None
    assert verdict.impact.effect == Effect(effect)


@pytest.mark.parametrize(
    ("new", "actions", "said"),
    [
        (CLOSED, {"narrowing": "warn"}, PASSES),
        (OPENED, {"narrowing": "warn"}, DENIED),
        (SAID_TWICE, {"narrowing": "warn"}, DENIED),
        (SAID_TWICE, {"neither": "warn"}, PASSES),
        (CLOSED, {"neither": "warn"}, DENIED),
        (OPENED, {"widening": "deny", "drift": "warn"}, DENIED),
        (CLOSED, {"widening": "deny", "drift": "warn"}, PASSES),
        (CLOSED, {"narrowing": "audit"}, "14 allowed drift"),
        (CLOSED, {"narrowing": "ignore"}, "14 allowed drift"),
        (CLOSED, {"narrowing": "deny", "drift": "warn"}, DENIED),
    ],
)
def test_an_action_for_the_effect_decides_in_place_of_drift(
    new: Object, actions: dict[str, str], said: str
) -> None:
    assert ruling(review("UPDATE", WEB, new), [WEB], policy(**actions)) == said


def test_what_opens_and_closes_at_once_widens() -> None:
    moved = put(WEB, "/spec/ingress/0/from", [peer("other")])
    assert ruling(review("UPDATE", WEB, moved), [WEB], CLOSING_PASSES) == DENIED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (BINDING, put(BINDING, "/subjects", [person("bob")])),
        (role(), put(role(), "/rules", [rule("get", "pods")])),
        (cluster_role(), put(cluster_role(), "/rules", [])),
        (
            ingress(
                metadata={"annotations": {"nginx.ingress.kubernetes.io/whitelist-source-range": "10.0.0.0/8"}}
            ),
            ingress(
                metadata={
                    "annotations": {"nginx.ingress.kubernetes.io/whitelist-source-range": "10.1.0.0/16"}
                }
            ),
        ),
    ],
    ids=["a subject less", "a verb less", "no rules", "a narrower allow list"],
)
def test_closing_a_hole_needs_no_broken_glass(old: Object, new: Object) -> None:
    assert (
        ruling(review("UPDATE", old, new), [old, role()] if old is BINDING else [old], CLOSING_PASSES)
        == PASSES
    )


def test_deleting_a_binding_closes_and_deleting_the_last_policy_opens() -> None:
    assert ruling(review("DELETE", BINDING), [BINDING, role()], CLOSING_PASSES) == "14 warned deletion"
    assert ruling(review("DELETE", WEB), [WEB], CLOSING_PASSES) == "14 denied deletion"


def test_an_undeclared_policy_that_isolates_is_let_in() -> None:
    assert ruling(review("CREATE", new=DENY_ALL), [], CLOSING_PASSES) == "14 warned undeclared"


# What an attacker would make of it


def test_a_policy_that_lets_something_in_may_open_where_others_isolate_that_git_does_not_declare() -> None:
    verdict = decision(review("CREATE", new=ALLOW_GATEWAY), [], CLOSING_PASSES)
    assert (verdict.outcome, verdict.reason) == ("denied", "undeclared")
    assert verdict.impact is not None
    assert verdict.impact.effect is Effect.NARROWS  # as far as Git knows the namespace


def _closed_with(pointer: str, value: Any) -> Object:
    return put(CLOSED, pointer, value)


@pytest.mark.parametrize(
    "new",
    [
        _closed_with("/metadata/ownerReferences", [owner("gone")]),
        _closed_with("/metadata/finalizers", ["example.com/hold"]),
        annotated(CLOSED, {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
        annotated(CLOSED, {"argocd.argoproj.io/tracking-id": "other:x"}),
        annotated(CLOSED, {LAST_APPLIED: "{}"}),
        annotated(CLOSED, {LAST_APPLIED: orjson.dumps(OPENED).decode()}),
        put(CLOSED, "/spec/podSelector", {"matchLabels": {"app": "web", "tier": "x"}}),
        put(CLOSED, "/spec/policyTypes", ["Egress"]),
    ],
    ids=[
        "an owner that is gone",
        "a finalizer",
        "a key that steers",
        "bookkeeping",
        "a record of nothing",
        "a record of something else",
        "a narrower selector",
        "a direction dropped",
    ],
)
def test_closing_carries_nothing_else_along(new: Object) -> None:
    assert ruling(review("UPDATE", WEB, new), [WEB], CLOSING_PASSES) == DENIED


def test_kubectls_own_record_of_what_it_applies_is_no_harm() -> None:
    applied = annotated(CLOSED, {LAST_APPLIED: orjson.dumps(CLOSED).decode()})
    old = annotated(WEB, {LAST_APPLIED: orjson.dumps(WEB).decode()})
    assert ruling(review("UPDATE", stored(old), stored(applied)), [WEB], CLOSING_PASSES) == PASSES


def test_what_cannot_be_told_is_treated_as_widening() -> None:
    unknown = annotated(ingress(), {"example.com/behaves": "otherwise"})
    said = ruling(review("UPDATE", ingress(), unknown), [ingress()], policy(narrowing="warn", neither="warn"))
    assert said == DENIED


def test_who_may_not_break_the_glass_may_still_close_but_not_with_a_claim() -> None:
    claim = annotated(CLOSED, {"baseward.io/break-glass": "because I can"})
    assert ruling(review("UPDATE", WEB, claim), [WEB], CLOSING_PASSES) == "13 denied break-glass-rejected"


@pytest.mark.parametrize("by", ["alice", "oncall"])
def test_a_claim_that_is_dropped_leaves_no_drift_behind(by: str) -> None:
    drifted = put(OPENED, "/spec/ingress/-", {})
    lenient = policy(narrowing="warn", neither="warn")
    assert ruling(review("UPDATE", claimed(drifted, by=by), drifted), [WEB], lenient) != PASSES
    assert ruling(review("UPDATE", claimed(drifted, by=by), OPENED), [WEB], lenient) != PASSES


def test_an_object_does_not_go_that_would_come_back_without_what_others_wrote_into_it() -> None:
    allow = "/metadata/annotations/nginx.ingress.kubernetes.io~1whitelist-source-range"
    guarded, internal = (
        put(ingress(), allow, "10.0.0.0/8"),
        put(ingress(), "/spec/ingressClassName", "internal"),
    )
    ignoring = replace(
        CLOSING_PASSES, left_out=LeftOut(ignore=(Ignore(("Ingress",), (parse_pointer(allow),), ("bot",)),))
    )
    assert ruling(review("DELETE", guarded), [guarded], CLOSING_PASSES) == "14 warned deletion"
    assert ruling(review("DELETE", guarded), [ingress()], ignoring) == "14 denied deletion"
    assert ruling(review("DELETE", internal), [ingress()], CLOSING_PASSES) == "14 denied deletion"
    assert ruling(review("DELETE", internal), [internal], CLOSING_PASSES) == "14 warned deletion"


def test_what_is_ignored_against_git_may_open_all_the_same() -> None:
    allow = "/metadata/annotations/nginx.ingress.kubernetes.io~1whitelist-source-range"
    hosts = [
        {"host": host, "http": {"paths": [path("/", "web")]}} for host in ("a.example.com", "b.example.org")
    ]
    git = put(ingress(rules=hosts), allow, "0.0.0.0/0")
    live = put(git, allow, "10.0.0.0/8")
    ignoring = replace(
        CLOSING_PASSES, left_out=LeftOut(ignore=(Ignore(("Ingress",), (parse_pointer(allow),), ("bot",)),))
    )
    fewer_hosts = put(git, "/spec/rules", hosts[:1])
    assert ruling(review("UPDATE", live, put(live, "/spec/rules", hosts[:1])), [git], ignoring) == PASSES
    assert ruling(review("UPDATE", live, fewer_hosts), [git], ignoring) == DENIED


# Where nobody is told of a change, nothing is worked out


@pytest.mark.parametrize(
    "reviewed",
    [
        review("UPDATE", OPENED, WEB),
        review("UPDATE", WEB, stored(WEB)),
        review("UPDATE", WEB, OPENED, user=GITOPS),
        review("DELETE", put(WEB, "/metadata/deletionTimestamp", "2030-01-01T00:00:00Z")),
    ],
    ids=["restores Git", "touches nothing", "trusted approver", "terminating"],
)
def test_what_is_simply_allowed_has_no_impact(reviewed: Object) -> None:
    trusting = Policy(approvers=(Approver(GITOPS["username"], Content.TRUSTED),))
    verdict = decision(reviewed, [WEB], trusting)
    assert (verdict.outcome, verdict.impact) == ("allowed", None)


# Row 11: half of the way back to Git


TWO_TOO_MANY = put(put(WEB, "/spec/ingress/0/from/-", peer("a")), "/spec/ingress/0/from/-", peer("b"))
ONE_TOO_MANY = put(WEB, "/spec/ingress/0/from/-", peer("a"))


def test_half_of_the_way_back_is_converging_where_nothing_widens() -> None:
    assert ruling(review("UPDATE", TWO_TOO_MANY, ONE_TOO_MANY), [WEB]) == "11 warned converges"


def test_it_is_not_where_something_widens_on_the_way() -> None:
    isolated = put(WEB, "/spec/policyTypes", ["Ingress", "Egress"])
    drifted = put(put(isolated, "/spec/ingress", []), "/spec/egress", [{}])
    half = put(isolated, "/spec/egress", [{}])
    assert ruling(review("UPDATE", drifted, half), [isolated]) == DENIED


def test_it_is_not_where_the_deviation_is_another_one() -> None:
    other = put(WEB, "/spec/ingress/0/from", [peer("a")])
    assert ruling(review("UPDATE", TWO_TOO_MANY, other), [WEB]) == DENIED
    assert ruling(review("UPDATE", TWO_TOO_MANY, drop(TWO_TOO_MANY, "/spec/ingress/0/from")), [WEB]) == DENIED
