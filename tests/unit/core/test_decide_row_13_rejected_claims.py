"""Row 13: a claim that does not hold, in each way to fail."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    GITOPS,
    MAY_BREAK_GLASS,
    MAY_NOT_BREAK_GLASS,
    Object,
    claimed,
    decision,
    drop,
    network_policy,
    put,
    review,
    ruling,
)
from webhook.core.breakglass import AccessAnswer, BreakGlassLimits
from webhook.core.policy import EnforcementAction, Policy, Rule
from webhook.core.subject import Approver

WEB = network_policy()
OPENED = network_policy(podSelector={}, ingress=[{}])
HOLDS = "7 warned break-glass"
REJECTED = "13 denied break-glass-rejected"
BY = "/metadata/annotations/baseward.io~1break-glass-by"
REASON = "/metadata/annotations/baseward.io~1break-glass"
EXPIRES = "/metadata/annotations/baseward.io~1break-glass-expires"
TICKET = "/metadata/annotations/baseward.io~1break-glass-ticket"
FLUX = Approver(GITOPS["username"])


def by_oncall(operation: str, old: Object | None = None, new: Object | None = None, **more: object) -> Object:
    return review(operation, old, new, user="oncall", **more)


# Row 13: it does not hold


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (claimed(OPENED, ends_in=timedelta(minutes=-7)), "it expired 7 min ago"),
        (claimed(OPENED, ends_in=timedelta()), "it expired 0 s ago"),
        (claimed(OPENED, ends_in=timedelta(hours=3)), "its end is 3 h away, more than the 60 min allowed"),
        (
            put(claimed(OPENED), EXPIRES, "tomorrow"),
            "its end is no RFC 3339 time, such as 2030-01-31T18:00:00Z",
        ),
        (
            put(claimed(OPENED), EXPIRES, "2030-01-31T12:30:00"),
            "its end is no RFC 3339 time, such as 2030-01-31T18:00:00Z",
        ),
        (drop(claimed(OPENED), EXPIRES), "its end is no RFC 3339 time, such as 2030-01-31T18:00:00Z"),
        (claimed(OPENED, reason=""), "it has no reason"),
        (claimed(OPENED, reason="  \t          "), "it has no reason"),
        (drop(claimed(OPENED), REASON), "it has no reason"),
        (claimed(OPENED, reason="urgent"), "its reason does not match the required '.{10,}'"),
        (claimed(OPENED, reason="x" * 1_001), "its reason is longer than 1000 characters"),
        (claimed(OPENED, by="alice"), "it is alice's, not yours"),
        (claimed(OPENED, by="ONCALL"), "it is ONCALL's, not yours"),
        (
            drop(claimed(OPENED), BY),
            "it does not say by whom: set baseward.io/break-glass-by to your username",
        ),
        (
            put(claimed(OPENED), BY, 5),
            "it does not say by whom: set baseward.io/break-glass-by to your username",
        ),
    ],
)
def test_a_claim_that_does_not_hold_is_denied_and_told_exactly_why(claim: Object, why: str) -> None:
    for reviewed in (by_oncall("UPDATE", WEB, claim), by_oncall("CREATE", new=claim)):
        verdict = decision(reviewed, [WEB], access=MAY_BREAK_GLASS)
        assert (verdict.row, verdict.outcome, verdict.reason) == (13, "denied", "break-glass-rejected")
        assert verdict.note == why


def test_who_is_not_authorized_is_told_what_the_api_server_said() -> None:
    verdict = decision(by_oncall("UPDATE", WEB, claimed(OPENED)), [WEB], access=MAY_NOT_BREAK_GLASS)
    assert (verdict.row, verdict.note) == (13, MAY_NOT_BREAK_GLASS.why)


def test_who_is_not_authorized_is_told_so_even_if_the_api_server_gives_no_reason() -> None:
    verdict = decision(by_oncall("UPDATE", WEB, claimed(OPENED)), [WEB], access=AccessAnswer(allowed=False))
    assert verdict.note != ""


def test_the_reason_may_have_to_match_a_pattern_whole() -> None:
    tickets_only = Policy(break_glass=BreakGlassLimits(reason=re.compile(r"INC-\d+: .+")))
    for reason, expected in (("INC-7: shop is down", HOLDS), ("see INC-7: shop is down", REJECTED)):
        reviewed = by_oncall("UPDATE", WEB, claimed(OPENED, reason=reason))
        assert ruling(reviewed, [WEB], tickets_only, MAY_BREAK_GLASS) == expected


def test_an_approver_breaks_no_glass() -> None:
    policy = Policy(approvers=(FLUX,))
    by_flux = review("UPDATE", WEB, claimed(OPENED, by=FLUX.user), user=GITOPS)
    assert ruling(by_flux, [WEB], policy, MAY_BREAK_GLASS) == "12 warned approver-mismatch"


def test_an_approver_of_another_namespace_is_still_no_person_and_breaks_no_glass() -> None:
    elsewhere = Policy(approvers=(replace(FLUX, namespaces=("team-a",)),))
    by_flux = review("UPDATE", WEB, claimed(OPENED, by=FLUX.user), user=GITOPS)
    assert ruling(by_flux, [WEB], elsewhere, MAY_BREAK_GLASS) == REJECTED


def test_a_delete_collection_never_breaks_the_glass() -> None:
    assert (
        ruling(by_oncall("DELETE", claimed(WEB), name=""), [WEB], access=MAY_BREAK_GLASS)
        == "14 denied deletion"
    )


def test_a_claim_that_somebody_else_set_deletes_nothing() -> None:
    assert ruling(by_oncall("DELETE", claimed(WEB, by="alice")), [WEB], access=MAY_BREAK_GLASS) == (
        "9 denied break-glass-held-by-another"
    )


def test_a_deletion_under_an_expired_claim_is_a_deletion_like_any_other() -> None:
    expired = claimed(WEB, ends_in=timedelta(minutes=-1))
    assert ruling(by_oncall("DELETE", expired), [WEB], access=MAY_BREAK_GLASS) == "14 denied deletion"


def test_a_rejected_claim_is_no_reason_to_deny_what_the_rule_lets_pass() -> None:
    for action, expected in (("warn", "14 warned drift"), ("audit", "14 allowed drift")):
        lenient = Policy(rules=(Rule(drift=EnforcementAction(action)),))
        expired = by_oncall("UPDATE", WEB, claimed(OPENED, ends_in=timedelta(minutes=-1)))
        assert ruling(expired, [WEB], lenient, MAY_BREAK_GLASS) == expected
