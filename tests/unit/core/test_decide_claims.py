"""The claim is no deviation from Git, but a governed change: adding, altering, removing one, and row 9."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    GITOPS,
    MAY_BREAK_GLASS,
    MAY_NOT_BREAK_GLASS,
    Object,
    annotated,
    claimed,
    decision,
    drop,
    labelled,
    network_policy,
    put,
    review,
    ruling,
)
from webhook.core.policy import Policy
from webhook.core.subject import Approver, Content

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


# The claim is a governed change


def test_adding_a_claim_needs_that_it_holds_even_if_the_rest_is_as_in_git() -> None:
    for old in (WEB, OPENED):
        assert ruling(by_oncall("UPDATE", old, claimed(WEB)), [WEB], access=MAY_NOT_BREAK_GLASS) == REJECTED
    assert ruling(by_oncall("CREATE", new=claimed(WEB)), [WEB], access=MAY_NOT_BREAK_GLASS) == REJECTED


@pytest.mark.parametrize(
    "altered",
    [
        claimed(OPENED, ends_in=timedelta(hours=2)),
        claimed(OPENED, by="alice"),
        put(claimed(OPENED), TICKET, "INC-1"),
        drop(claimed(OPENED), EXPIRES),
    ],
    ids=["longer", "handed over", "another ticket", "without its end"],
)
def test_altering_a_claim_needs_that_it_holds(altered: Object) -> None:
    before = claimed(OPENED)
    assert ruling(by_oncall("UPDATE", before, altered), [WEB], access=MAY_NOT_BREAK_GLASS) == REJECTED


def test_removing_the_claim_is_allowed_when_the_drift_goes_with_it() -> None:
    assert ruling(by_oncall("UPDATE", claimed(OPENED), WEB), [WEB]) == "10 allowed restores-git"


def test_removing_the_claim_is_allowed_when_the_drift_is_gone() -> None:
    assert ruling(by_oncall("UPDATE", claimed(WEB), WEB), [WEB]) == "10 allowed restores-git"
    expired = claimed(WEB, ends_in=timedelta(hours=-2))
    assert ruling(review("UPDATE", expired, WEB), [WEB]) == "10 allowed restores-git"


@pytest.mark.parametrize("ends_in", [timedelta(minutes=30), timedelta(minutes=-30)])
def test_removing_the_claim_is_denied_while_drift_remains(ends_in: timedelta) -> None:
    assert ruling(by_oncall("UPDATE", claimed(OPENED, ends_in=ends_in), OPENED), [WEB]) == "14 denied drift"
    undeclared = by_oncall("UPDATE", claimed(OPENED, ends_in=ends_in), OPENED)
    assert ruling(undeclared, []) == "14 denied undeclared"


def test_coming_closer_to_git_is_no_way_to_be_rid_of_the_claim() -> None:
    labelled_too = claimed(labelled(OPENED, {"a": "b"}))
    closer = claimed(OPENED)
    assert (
        ruling(review("UPDATE", claimed(labelled_too, by="alice"), claimed(closer, by="alice")), [WEB])
        == "7 asks the API server"
    )
    assert ruling(by_oncall("UPDATE", labelled_too, OPENED), [WEB]) == "14 denied drift"


def test_an_expired_claim_that_is_merely_still_there_decides_nothing() -> None:
    def expired(obj: Object) -> Object:
        return claimed(obj, ends_in=timedelta(hours=-1))

    assert ruling(by_oncall("UPDATE", expired(WEB), expired(OPENED)), [WEB]) == "14 denied drift"
    assert ruling(review("UPDATE", expired(OPENED), expired(WEB)), [WEB]) == "10 allowed restores-git"
    assert (
        ruling(review("UPDATE", expired(labelled(OPENED, {"a": "b"})), expired(OPENED)), [WEB])
        == "11 warned converges"
    )
    assert ruling(by_oncall("DELETE", expired(WEB)), []) == "10 allowed restores-git"


def test_only_ones_own_claim_is_worth_a_note() -> None:
    def note(by: str, ends_in: timedelta) -> str:
        held = claimed(WEB, by=by, ends_in=ends_in)
        touched = review("UPDATE", held, labelled(held, {"a": "b"}))
        return decision(touched, [WEB], access=MAY_NOT_BREAK_GLASS).note

    assert (
        note("alice", timedelta(minutes=-7))
        == "the break-glass claim on it does not hold: it expired 7 min ago"
    )
    assert note("bob", timedelta(minutes=-7)) == ""
    assert "None" not in note("alice", timedelta(minutes=30))


def test_a_claim_is_no_deviation_from_git() -> None:
    touched = review("UPDATE", claimed(WEB, by="alice"), labelled(claimed(WEB, by="alice"), {"a": "b"}))
    verdict = decision(touched, [WEB], access=MAY_NOT_BREAK_GLASS)
    assert [change.path for change in verdict.changes] == ["metadata.labels[a]"]


def test_a_claim_in_git_is_nobodys_licence() -> None:
    in_git = claimed(WEB, by="alice")
    assert ruling(
        review("UPDATE", in_git, put(in_git, "/spec/ingress", [{}])), [in_git], access=MAY_NOT_BREAK_GLASS
    ) == ("14 denied drift")


# Row 9: somebody else's claim

HELD = claimed(OPENED, by="oncall")
HELD_BY_ANOTHER = "9 denied break-glass-held-by-another"


@pytest.mark.parametrize(
    "reviewed",
    [
        review("UPDATE", HELD, claimed(network_policy(podSelector={}))),
        review("UPDATE", HELD, WEB),
        review("UPDATE", HELD, OPENED),
        review("UPDATE", HELD, labelled(HELD, {"a": "b"})),
        review("UPDATE", HELD, claimed(OPENED, by="alice", reason="mine")),
        review("DELETE", HELD),
        review("DELETE", HELD, name=""),
    ],
    ids=[
        "changed",
        "restored",
        "claim removed",
        "labelled",
        "own claim fails",
        "deleted",
        "deleted with all",
    ],
)
@pytest.mark.parametrize("git", [[WEB], []], ids=["declared", "undeclared"])
def test_the_emergency_change_is_theirs_until_it_ends(reviewed: Object, git: list[Object]) -> None:
    assert ruling(reviewed, git) == HELD_BY_ANOTHER


def test_it_is_nobodys_after_it_ended() -> None:
    ended = claimed(OPENED, by="oncall", ends_in=timedelta(seconds=-1))
    assert ruling(review("UPDATE", ended, WEB), [WEB]) == "10 allowed restores-git"


def test_gitops_takes_an_object_back_at_any_time() -> None:
    for approver in (FLUX, replace(FLUX, content=Content.TRUSTED)):
        taken_back = review("UPDATE", HELD, WEB, user=GITOPS)
        assert ruling(taken_back, [WEB], Policy(approvers=(approver,))).split()[1] == "allowed"


def test_an_update_that_changes_nothing_is_not_held_up_by_a_claim() -> None:
    addressed = {**HELD, "status": {"a": "b"}}
    assert ruling(review("UPDATE", HELD, addressed), [WEB]) == "5 allowed unchanged"


def test_another_who_may_break_the_glass_takes_over_with_a_claim_of_their_own() -> None:
    taken_over = review("UPDATE", HELD, claimed(OPENED, by="bob"), user="bob")
    assert ruling(taken_over, [WEB], access=MAY_BREAK_GLASS) == HOLDS
    assert ruling(taken_over, [WEB], access=MAY_NOT_BREAK_GLASS) == HELD_BY_ANOTHER


@pytest.mark.parametrize(
    "claim",
    [
        drop(HELD, BY),
        put(HELD, BY, ""),
        drop(HELD, REASON),
        claimed(OPENED, by="oncall", reason="short"),
        claimed(OPENED, by="oncall", ends_in=timedelta(days=3_000)),
        put(HELD, EXPIRES, "never"),
        drop(HELD, EXPIRES),
    ],
    ids=["by nobody", "by the empty name", "no reason", "a short reason", "too long", "no time", "no end"],
)
def test_a_claim_that_could_not_hold_for_anybody_holds_nobody_off(claim: Object) -> None:
    assert ruling(review("UPDATE", claim, WEB), [WEB]) == "10 allowed restores-git"


def test_the_claim_of_an_approver_holds_nobody_off() -> None:
    of_flux = claimed(OPENED, by=FLUX.user)
    assert (
        ruling(review("UPDATE", of_flux, WEB), [WEB], Policy(approvers=(FLUX,))) == "10 allowed restores-git"
    )
    assert ruling(review("UPDATE", of_flux, WEB), [WEB]) == HELD_BY_ANOTHER


def test_only_the_annotations_of_a_claim_make_one() -> None:
    almost = annotated(OPENED, {"baseward.io/break-glass-note": "x", "baseward.io/breakglass": "y"})
    assert ruling(by_oncall("UPDATE", WEB, almost), [WEB], access=MAY_BREAK_GLASS) == "14 denied drift"
