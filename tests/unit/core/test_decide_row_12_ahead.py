"""Row 12 where an approver may run ahead of the baseline: Git is looked at once, and then it is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    GITOPS,
    NOW,
    UNREACHABLE,
    UP_TO_DATE,
    MemoryBaseline,
    Object,
    baseline,
    claimed,
    decision,
    judge,
    key_of,
    labelled,
    network_policy,
    review,
    ruling,
)
from tests.unit.core.strategies import kinds, objects, replaced
from webhook.core.answers import Answers
from webhook.core.decide import decide
from webhook.core.freshness import FreshnessAnswer, FreshnessQuestion
from webhook.core.kinds import Kind
from webhook.core.policy import Deletion, DryRun, Mode, Policy, Rule
from webhook.core.review import parse_review
from webhook.core.subject import Approver, Content, Mismatch

WEB = network_policy()
NEWER = labelled(WEB, {"release": "2"})
FLUX = Approver(GITOPS["username"])
STRICT = replace(FLUX, mismatch=Mismatch.DENY)
UNTRUSTED = FreshnessAnswer(established=True, why="source platform has a commit that is not trusted")

CHANGES = [
    review("CREATE", new=NEWER, user=GITOPS),
    review("UPDATE", WEB, NEWER, user=GITOPS),
    review("DELETE", WEB, user=GITOPS),
]
each_change = pytest.mark.parametrize("change", CHANGES, ids=["CREATE", "UPDATE", "DELETE"])


def rule_by(*approvers: Approver) -> Policy:
    return Policy(approvers=approvers)


# When Git is looked at


@each_change
@pytest.mark.parametrize("approver", [FLUX, STRICT], ids=["mismatch: warn", "mismatch: deny"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_git_is_looked_at_before_no_revision_is_said_to_declare_a_change(
    *, change: Object, approver: Approver, dry_run: bool
) -> None:
    change["request"]["dryRun"] = dry_run
    question = judge(change, [WEB], rule_by(approver), freshness=None)
    assert question == FreshnessQuestion(approver, key_of(WEB))


def test_git_is_not_looked_at_for_what_a_synced_revision_declares() -> None:
    policy = replace(rule_by(STRICT), rules=(Rule(delete_undeclared=Deletion.DENY),))
    behind, undeclared = baseline(NEWER, earlier=[[WEB]]), baseline()
    for change, git in (
        (review("UPDATE", WEB, NEWER, user=GITOPS), behind),
        (review("UPDATE", NEWER, WEB, user=GITOPS), behind),
        (review("DELETE", WEB, user=GITOPS), undeclared),
    ):
        assert ruling(change, git, policy, freshness=None).split()[1] == "allowed"


def test_git_is_not_looked_at_for_an_approver_that_is_trusted_anyway() -> None:
    trusted = replace(FLUX, content=Content.TRUSTED)
    assert ruling(CHANGES[1], [WEB], rule_by(trusted), freshness=None) == "6 allowed approver"


@pytest.mark.parametrize(
    "user", ["alice", {"username": GITOPS["username"]}], ids=["a person", "a plain --as"]
)
def test_git_is_not_looked_at_for_anybody_else(user: str | Object) -> None:
    change = review("UPDATE", WEB, NEWER, user=user)
    assert ruling(change, [WEB], rule_by(STRICT), freshness=None) == "14 denied drift"


# What then decides


@pytest.mark.parametrize("answer", [UP_TO_DATE, UNTRUSTED, UNREACHABLE])
def test_what_git_turns_out_to_declare_is_allowed(answer: FreshnessAnswer) -> None:
    ahead = {"CREATE": [NEWER], "UPDATE": [NEWER], "DELETE": []}
    for change in CHANGES:
        newest = baseline(*ahead[change["request"]["operation"]])
        assert ruling(change, newest, rule_by(STRICT), freshness=answer) == "10 allowed restores-git"


def test_a_deletion_that_git_turns_out_to_want_is_allowed_even_where_people_may_not() -> None:
    policy = replace(rule_by(STRICT), rules=(Rule(delete_undeclared=Deletion.DENY),))
    assert ruling(CHANGES[2], [], policy) == "12 allowed approver"


@each_change
@pytest.mark.parametrize(
    ("approver", "answer", "outcome"),
    [
        (FLUX, UP_TO_DATE, "warned"),
        (FLUX, UNTRUSTED, "warned"),
        (FLUX, UNREACHABLE, "warned"),
        (STRICT, UP_TO_DATE, "denied"),
        (STRICT, UNTRUSTED, "denied"),
        (STRICT, UNREACHABLE, "warned"),
    ],
)
def test_what_git_does_not_declare_goes_by_mismatch_unless_the_baseline_may_be_behind(
    change: Object, approver: Approver, answer: FreshnessAnswer, outcome: str
) -> None:
    expected = f"12 {outcome} approver-mismatch"
    assert ruling(change, [WEB], rule_by(approver), freshness=answer) == expected


@pytest.mark.parametrize("answer", [UNTRUSTED, UNREACHABLE])
def test_the_decision_says_what_is_the_matter_with_the_sources(answer: FreshnessAnswer) -> None:
    assert decision(CHANGES[1], [WEB], rule_by(STRICT), freshness=answer).note == answer.why


def test_it_says_so_before_it_names_who_owns_what_deviates() -> None:
    owned = labelled(WEB, {"release": "2"})
    fields: Object = {"f:metadata": {"f:labels": {"f:release": {}}}}
    owned["metadata"]["managedFields"] = [{"manager": "hot-fix", "fieldsV1": fields}]
    change = review("UPDATE", WEB, owned, user=GITOPS)
    told = decision(change, [WEB], rule_by(FLUX), freshness=UNREACHABLE)
    assert told.note == "source platform cannot be reached; set by hot-fix"


def test_a_denial_is_softened_as_any_other() -> None:
    audited = replace(rule_by(STRICT), mode=Mode.AUDIT)
    assert ruling(CHANGES[1], [WEB], audited) == "12 allowed approver-mismatch"
    previewed = replace(rule_by(STRICT), dry_run=DryRun.WARN)
    dry = review("UPDATE", WEB, NEWER, user=GITOPS, dryRun=True)
    assert ruling(dry, [WEB], previewed) == "12 warned approver-mismatch"


# Laws


def changes(old: Object, new: Object, user: str | Object) -> list[Object]:
    """Return what one can do with two versions of an object."""
    return [
        review("CREATE", new=new, user=user),
        review("UPDATE", old, new, user),
        review("DELETE", old, user=user),
    ]


strangers = st.sampled_from(["alice", {"username": GITOPS["username"]}, {**GITOPS, "uid": ""}])
answers = st.sampled_from([None, UP_TO_DATE, UNTRUSTED, UNREACHABLE])


@st.composite
def versions(draw: st.DrawFn, kind: Kind) -> tuple[MemoryBaseline, Object, Object]:
    """Generate a baseline and two versions of an object that it declares, or does not."""
    declared, old, new = draw(objects(kind)), draw(objects(kind)), draw(objects(kind))
    name = ("metadata", "name")
    old, new = (replaced(obj, name, declared["metadata"]["name"]) for obj in (old, new))
    git = draw(st.sampled_from([baseline(declared), baseline(new), baseline(), baseline(earlier=[[new]])]))
    return (
        git,
        draw(st.sampled_from([old, claimed(old)])),
        draw(st.sampled_from([new, claimed(new), declared])),
    )


@given(kinds.flatmap(versions), strangers, answers)
def test_how_fresh_the_baseline_is_makes_no_difference_to_who_is_no_approver(
    drawn: tuple[MemoryBaseline, Object, Object], stranger: str | Object, answer: FreshnessAnswer | None
) -> None:
    git, old, new = drawn
    for change in changes(old, new, stranger):
        without = decide_with(change, git, None)
        assert not isinstance(without, FreshnessQuestion)
        assert decide_with(change, git, answer) == without


@given(kinds.flatmap(versions))
def test_a_baseline_that_may_be_behind_never_denies_an_approver_and_never_allows_it_more(
    drawn: tuple[MemoryBaseline, Object, Object],
) -> None:
    git, old, new = drawn
    for change in changes(old, new, GITOPS):
        strict = ruling(change, git, rule_by(STRICT), freshness=UP_TO_DATE)
        doubtful = ruling(change, git, rule_by(STRICT), freshness=UNREACHABLE)
        assert doubtful == strict.replace("denied", "warned")


def decide_with(change: Object, git: MemoryBaseline, answer: FreshnessAnswer | None) -> object:
    return decide(parse_review(change), rule_by(STRICT), git, NOW, Answers(freshness=answer))
