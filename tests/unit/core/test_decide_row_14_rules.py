"""Row 14: drift, undeclared and deletion, by the rule that governs; and what softens a denial."""

from __future__ import annotations

import pytest

from tests.builders import (
    GITOPS,
    MAY_NOT_BREAK_GLASS,
    Object,
    claimed,
    cluster_role,
    decision,
    ingress,
    labelled,
    network_policy,
    review,
    role,
    ruling,
)
from webhook.core.policy import DryRun, EnforcementAction, Mode, Policy, Rule
from webhook.core.subject import Approver, Mismatch

WEB = network_policy()
OPENED = network_policy(podSelector={}, ingress=[{}])
ACTIONS = [("deny", "denied"), ("warn", "warned"), ("audit", "allowed"), ("ignore", "allowed")]


# Three ways to go wrong


def test_an_edit_of_a_declared_object_is_drift() -> None:
    verdict = decision(review("UPDATE", WEB, OPENED), [WEB])
    assert (verdict.row, verdict.outcome, verdict.reason) == (14, "denied", "drift")
    assert verdict.action is EnforcementAction.DENY
    assert verdict.declared is not None
    assert verdict.declared.provenance.path == "clusters/prod/shop/netpol.yaml"


def test_a_create_that_is_not_what_git_declares_is_drift() -> None:
    assert ruling(review("CREATE", new=OPENED), [WEB]) == "14 denied drift"


def test_what_git_does_not_declare_is_undeclared() -> None:
    assert ruling(review("CREATE", new=WEB), []) == "14 denied undeclared"
    assert ruling(review("UPDATE", WEB, OPENED), []) == "14 denied undeclared"


def test_the_deletion_of_a_declared_object_is_a_deletion() -> None:
    assert ruling(review("DELETE", WEB), [WEB]) == "14 denied deletion"


@pytest.mark.parametrize(("action", "outcome"), ACTIONS)
def test_drift_and_deletion_go_by_the_rules_drift(action: str, outcome: str) -> None:
    policy = Policy(rules=(Rule(drift=EnforcementAction(action)),))
    for reviewed in (review("UPDATE", WEB, OPENED), review("DELETE", WEB)):
        verdict = decision(reviewed, [WEB], policy)
        assert (verdict.row, verdict.outcome, verdict.action) == (14, outcome, action)


@pytest.mark.parametrize(("action", "outcome"), ACTIONS)
def test_what_is_undeclared_goes_by_the_rules_undeclared(action: str, outcome: str) -> None:
    policy = Policy(rules=(Rule(undeclared=EnforcementAction(action)),))
    for reviewed in (review("CREATE", new=WEB), review("UPDATE", WEB, OPENED)):
        verdict = decision(reviewed, [], policy)
        assert (verdict.row, verdict.outcome, verdict.action) == (14, outcome, action)


def test_a_rule_about_drift_says_nothing_about_undeclared_objects_and_the_other_way_round() -> None:
    drift_only = Policy(rules=(Rule(drift=EnforcementAction.IGNORE),))
    undeclared_only = Policy(rules=(Rule(undeclared=EnforcementAction.IGNORE),))
    assert ruling(review("CREATE", new=WEB), [], drift_only) == "14 denied undeclared"
    assert ruling(review("UPDATE", WEB, OPENED), [WEB], undeclared_only) == "14 denied drift"


# Which rule governs

LENIENT = EnforcementAction.AUDIT


@pytest.mark.parametrize(
    ("rule", "governs"),
    [
        (Rule(drift=LENIENT), True),
        (Rule(kinds=("NetworkPolicy",), drift=LENIENT), True),
        (Rule(kinds=("Ingress", "NetworkPolicy"), drift=LENIENT), True),
        (Rule(kinds=("Ingress",), drift=LENIENT), False),
        (Rule(kinds=("Network*",), drift=LENIENT), False),
        (Rule(kinds=("networkpolicy",), drift=LENIENT), False),
        (Rule(namespaces=("shop",), drift=LENIENT), True),
        (Rule(namespaces=("sh?p",), drift=LENIENT), True),
        (Rule(namespaces=("bank", "s*"), drift=LENIENT), True),
        (Rule(namespaces=("shop-*",), drift=LENIENT), False),
        (Rule(namespaces=("Shop",), drift=LENIENT), False),
        (Rule(namespaces=(), drift=LENIENT), False),
    ],
)
def test_a_rule_governs_kinds_by_name_and_namespaces_by_glob(*, rule: Rule, governs: bool) -> None:
    expected = "14 allowed drift" if governs else "14 denied drift"
    assert ruling(review("UPDATE", WEB, OPENED), [WEB], Policy(rules=(rule,))) == expected


def test_the_first_rule_that_governs_decides_alone() -> None:
    strict, lenient = Rule(kinds=("NetworkPolicy",)), Rule(drift=LENIENT)
    assert ruling(review("UPDATE", WEB, OPENED), [WEB], Policy(rules=(strict, lenient))) == "14 denied drift"
    assert ruling(review("UPDATE", WEB, OPENED), [WEB], Policy(rules=(lenient, strict))) == "14 allowed drift"
    shop = ingress()
    assert ruling(
        review("UPDATE", shop, labelled(shop, {"a": "b"})), [shop], Policy(rules=(strict, lenient))
    ) == ("14 allowed drift")


def test_a_cluster_scoped_object_is_governed_by_rules_for_all_namespaces_only() -> None:
    reader, edited = cluster_role(), labelled(cluster_role(), {"a": "b"})
    everywhere, in_shop = Rule(namespaces=("*",), drift=LENIENT), Rule(namespaces=("shop*",), drift=LENIENT)
    assert (
        ruling(review("UPDATE", reader, edited), [reader], Policy(rules=(everywhere,))) == "14 allowed drift"
    )
    assert ruling(review("UPDATE", reader, edited), [reader], Policy(rules=(in_shop,))) == "14 denied drift"


def test_without_rules_everything_is_denied_that_brings_the_cluster_away_from_git() -> None:
    for obj in (WEB, ingress(), role(), cluster_role()):
        assert ruling(review("UPDATE", obj, labelled(obj, {"a": "b"})), [obj]) == "14 denied drift"
        assert ruling(review("CREATE", new=obj), []) == "14 denied undeclared"
        assert ruling(review("DELETE", obj), [obj]) == "14 denied deletion"


# The mode that only audits

AUDIT = Policy(mode=Mode.AUDIT)
STRICT_FLUX = Approver(GITOPS["username"], mismatch=Mismatch.DENY)


@pytest.mark.parametrize(
    ("reviewed", "git", "row", "reason"),
    [
        (review("UPDATE", claimed(OPENED), WEB), [WEB], 9, "break-glass-held-by-another"),
        (review("UPDATE", WEB, OPENED, user=GITOPS), [WEB], 12, "approver-mismatch"),
        (review("UPDATE", WEB, claimed(OPENED, by="bob")), [WEB], 13, "break-glass-rejected"),
        (review("UPDATE", WEB, OPENED), [WEB], 14, "drift"),
        (review("CREATE", new=WEB), [], 14, "undeclared"),
        (review("DELETE", WEB), [WEB], 14, "deletion"),
    ],
)
def test_in_audit_mode_each_denial_is_recorded_and_allowed(
    reviewed: Object, git: list[Object], row: int, reason: str
) -> None:
    enforced = decision(reviewed, git, Policy(approvers=(STRICT_FLUX,)))
    assert (enforced.row, enforced.outcome, enforced.reason) == (row, "denied", reason)
    audited = decision(reviewed, git, Policy(approvers=(STRICT_FLUX,), mode=Mode.AUDIT))
    assert (audited.row, audited.outcome, audited.reason) == (row, "allowed", reason)
    assert audited.action is EnforcementAction.AUDIT
    assert audited.changes == enforced.changes


def test_audit_mode_leaves_alone_what_is_no_denial() -> None:
    warns = Policy(mode=Mode.AUDIT, rules=(Rule(drift=EnforcementAction.WARN),))
    assert ruling(review("UPDATE", WEB, OPENED), [WEB], warns) == "14 warned drift"
    assert ruling(review("UPDATE", OPENED, WEB), [WEB], AUDIT) == "10 allowed restores-git"


# Dry-run


def dry(reviewed: Object) -> Object:
    return {**reviewed, "request": {**reviewed["request"], "dryRun": True}}


REVIEWS = [
    review("UPDATE", WEB, OPENED),
    review("UPDATE", OPENED, WEB),
    review("UPDATE", WEB, claimed(OPENED, by="alice")),
    review("UPDATE", WEB, claimed(OPENED, by="bob")),
    review("CREATE", new=WEB),
    review("DELETE", WEB),
]


@pytest.mark.parametrize("reviewed", REVIEWS)
def test_a_dry_run_gets_the_same_verdict(reviewed: Object) -> None:
    for access in (None, MAY_NOT_BREAK_GLASS):
        assert ruling(dry(reviewed), [WEB], access=access) == ruling(reviewed, [WEB], access=access)


def test_a_dry_run_may_be_warned_instead_of_denied() -> None:
    lenient = Policy(dry_run=DryRun.WARN)
    verdict = decision(dry(review("UPDATE", WEB, OPENED)), [WEB], lenient)
    assert (verdict.row, verdict.outcome, verdict.action) == (14, "warned", EnforcementAction.WARN)
    assert ruling(review("UPDATE", WEB, OPENED), [WEB], lenient) == "14 denied drift"
    assert ruling(dry(review("UPDATE", OPENED, WEB)), [WEB], lenient) == "10 allowed restores-git"


def test_a_dry_run_in_audit_mode_is_audited() -> None:
    policy = Policy(mode=Mode.AUDIT, dry_run=DryRun.WARN)
    assert ruling(dry(review("UPDATE", WEB, OPENED)), [WEB], policy) == "14 allowed drift"
