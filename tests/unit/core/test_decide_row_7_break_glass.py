"""Row 7: breaking the glass, and what the API server is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import (
    GITOPS,
    MAY_BREAK_GLASS,
    MAY_NOT_BREAK_GLASS,
    Object,
    claimed,
    decision,
    judge,
    network_policy,
    review,
    ruling,
    stored,
)
from webhook.core.breakglass import AccessAnswer, AccessQuestion, BreakGlassLimits
from webhook.core.objects import ObjectKey
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


# Row 7: it holds


def test_the_glass_is_broken_by_an_update_that_brings_a_claim() -> None:
    verdict = decision(by_oncall("UPDATE", WEB, claimed(OPENED)), [WEB], access=MAY_BREAK_GLASS)
    assert (verdict.row, verdict.outcome, verdict.reason) == (7, "warned", "break-glass")
    assert "spec.podSelector.matchLabels" in {change.path for change in verdict.changes}


def test_the_claim_may_have_been_set_before() -> None:
    before = by_oncall("UPDATE", claimed(WEB), claimed(OPENED))
    assert ruling(before, [WEB], access=MAY_BREAK_GLASS) == HOLDS


def test_an_object_may_be_created_under_a_claim_of_its_manifest() -> None:
    for git in ([], [WEB]):
        created = by_oncall("CREATE", new=claimed(OPENED))
        assert ruling(created, git, access=MAY_BREAK_GLASS) == HOLDS


def test_a_declared_object_may_be_deleted_under_a_claim_that_was_set_before() -> None:
    assert ruling(by_oncall("DELETE", claimed(WEB)), [WEB], access=MAY_BREAK_GLASS) == HOLDS


def test_the_glass_can_be_broken_before_any_snapshot_was_loaded() -> None:
    assert ruling(by_oncall("UPDATE", WEB, claimed(OPENED)), None, access=MAY_BREAK_GLASS) == HOLDS


def test_broken_glass_is_recorded_also_where_policy_would_have_passed() -> None:
    lenient = Policy(rules=(Rule(drift=EnforcementAction.IGNORE),))
    assert ruling(by_oncall("UPDATE", WEB, claimed(OPENED)), [WEB], lenient, MAY_BREAK_GLASS) == HOLDS
    restored = decision(by_oncall("UPDATE", OPENED, claimed(WEB)), [WEB], access=MAY_BREAK_GLASS)
    assert (restored.row, restored.changes) == (7, ())


def test_a_claim_may_be_renewed_and_each_renewal_is_recorded() -> None:
    once, again = claimed(OPENED), claimed(OPENED, ends_in=timedelta(minutes=55))
    assert ruling(by_oncall("UPDATE", once, again), [WEB], access=MAY_BREAK_GLASS) == HOLDS


def test_an_expired_claim_may_be_renewed() -> None:
    expired = claimed(OPENED, ends_in=timedelta(minutes=-5))
    assert ruling(by_oncall("UPDATE", expired, claimed(OPENED)), [WEB], access=MAY_BREAK_GLASS) == HOLDS


def test_a_ticket_may_go_with_the_claim() -> None:
    with_ticket = claimed(OPENED, ticket="INC-42")
    assert ruling(by_oncall("UPDATE", WEB, with_ticket), [WEB], access=MAY_BREAK_GLASS) == HOLDS


def test_the_longest_claim_holds_and_one_second_more_does_not() -> None:
    longest = claimed(OPENED, ends_in=timedelta(hours=1))
    too_long = claimed(OPENED, ends_in=timedelta(hours=1, seconds=1))
    assert ruling(by_oncall("UPDATE", WEB, longest), [WEB], access=MAY_BREAK_GLASS) == HOLDS
    assert ruling(by_oncall("UPDATE", WEB, too_long), [WEB], access=MAY_BREAK_GLASS) == REJECTED


def test_the_longest_claim_is_configurable() -> None:
    four_hours = Policy(break_glass=BreakGlassLimits(max_duration=timedelta(hours=4)))
    long = by_oncall("UPDATE", WEB, claimed(OPENED, ends_in=timedelta(hours=3)))
    assert ruling(long, [WEB], four_hours, MAY_BREAK_GLASS) == HOLDS


# Row 7: what the API server is asked


def test_the_api_server_is_asked_about_the_whole_subject_and_this_very_object() -> None:
    on_call = {"username": "oncall", "uid": "7", "groups": ["sre"], "extra": {"scopes": ["all"]}}
    question = judge(review("UPDATE", WEB, claimed(OPENED), user=on_call), [WEB])
    assert isinstance(question, AccessQuestion)
    assert question.resource == "networkpolicies"
    assert question.key == ObjectKey("networking.k8s.io", "NetworkPolicy", "shop", "web")
    assert (question.subject.username, question.subject.uid) == ("oncall", "7")
    assert (question.subject.groups, question.subject.extra) == (("sre",), {"scopes": ["all"]})


@pytest.mark.parametrize(
    "reviewed",
    [
        by_oncall("UPDATE", WEB, OPENED),
        by_oncall("UPDATE", WEB, claimed(OPENED, by="alice")),
        by_oncall("UPDATE", WEB, claimed(OPENED, ends_in=timedelta(minutes=-1))),
        by_oncall("UPDATE", WEB, claimed(OPENED, reason="short")),
        by_oncall("DELETE", claimed(WEB), name=""),
        by_oncall("UPDATE", claimed(OPENED), stored(claimed(OPENED))),
    ],
    ids=["no claim", "someone else's", "expired", "no reason", "delete-collection", "nothing changes"],
)
def test_the_api_server_is_not_asked_where_its_answer_could_not_decide(reviewed: Object) -> None:
    assert ruling(reviewed, [WEB]) != "7 asks the API server"


def test_a_claim_does_not_hold_where_the_access_review_fails() -> None:
    timed_out = AccessAnswer(allowed=False, why="the access review took longer than 1 s")
    verdict = decision(by_oncall("UPDATE", WEB, claimed(OPENED)), [WEB], access=timed_out)
    assert (verdict.row, verdict.outcome, verdict.note) == (13, "denied", timed_out.why)


def test_who_may_not_break_the_glass_may_still_do_what_needs_no_claim() -> None:
    restored = by_oncall("UPDATE", claimed(OPENED), claimed(WEB))
    assert ruling(restored, [WEB], access=MAY_NOT_BREAK_GLASS) == "10 allowed restores-git"
