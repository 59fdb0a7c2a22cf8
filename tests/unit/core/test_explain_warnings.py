"""What is told of a change that passes: warnings, a stale baseline, audit annotations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import (
    COMMIT,
    GITOPS,
    MAY_BREAK_GLASS,
    NOW,
    UNREACHABLE,
    MemoryBaseline,
    Object,
    annotated,
    answer,
    baseline,
    claimed,
    labelled,
    network_policy,
    put,
    request,
    review,
)
from webhook.core.decision import NoBaseline
from webhook.core.explain import undecided
from webhook.core.policy import Deletion, DryRun, EnforcementAction, Mode, Policy, Rule
from webhook.core.subject import Approver, Content, Mismatch

WEB = network_policy()
OPENED = put(WEB, "/spec/podSelector", {})
DRIFTED = labelled(WEB, {"a": "b"})
WARN = Policy(
    rules=(
        Rule(
            drift=EnforcementAction.WARN,
            undeclared=EnforcementAction.WARN,
            delete_undeclared=Deletion.WARN,
        ),
    )
)


def test_what_is_allowed_and_as_in_git_needs_no_words() -> None:
    answered = answer(review("UPDATE", OPENED, WEB), [WEB])
    assert (answered.allowed, answered.message, answered.warnings) == (True, "", ())


def test_a_rule_that_warns_tells_what_deviates() -> None:
    answered = answer(review("UPDATE", WEB, DRIFTED), [WEB], WARN)
    assert answered.allowed
    assert answered.warnings == (
        "NetworkPolicy shop/web deviates from Git platform@3f2c1ab clusters/prod/shop/netpol.yaml:12:",
        "metadata.labels[a] + b",
    )


def test_what_a_change_opens_is_told_behind_what_deviates_however_much_that_is() -> None:
    opened = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})
    drifted = labelled(opened, {f"label-{number:02}": "x" for number in range(40)})
    warnings = answer(review("UPDATE", WEB, drifted), [WEB], WARN).warnings
    assert warnings[1:3] == ("metadata.labels[label-00] + x", "metadata.labels[label-01] + x")
    assert warnings[12:] == (
        "and 30 more",
        "newly allows: any address -> pods app=web in shop, TCP 8080",
    )


def test_what_does_not_fit_into_all_warnings_together_is_left_out() -> None:
    long = "x" * 300
    web = put(WEB, "/spec/podSelector", {"matchLabels": {"app": long}})
    peers = [{"namespaceSelector": {"matchLabels": {f"team-{letter}": long}}} for letter in "abc"]
    opened = put(web, "/spec/ingress/0/from", [{"ipBlock": {"cidr": "0.0.0.0/0"}}, *peers])
    steering = {f"argocd.argoproj.io/{letter}{long}": "x" for letter in "abc"}
    drifted = labelled(opened, {**{f"label-{number:02}": long for number in range(40)}, **steering})
    warnings = answer(review("UPDATE", web, drifted), [web], WARN).warnings
    assert all(len(warning) <= 256 for warning in warnings)
    assert 3_840 < sum(map(len, warnings)) <= 4_096


@pytest.mark.parametrize("action", [EnforcementAction.AUDIT, EnforcementAction.IGNORE])
def test_a_rule_that_only_records_says_nothing(action: EnforcementAction) -> None:
    answered = answer(review("UPDATE", WEB, DRIFTED), [WEB], Policy(rules=(Rule(drift=action),)))
    assert (answered.allowed, answered.warnings) == (True, ())


def test_audit_mode_says_nothing() -> None:
    assert answer(review("UPDATE", WEB, DRIFTED), [WEB], Policy(mode=Mode.AUDIT)).warnings == ()


@pytest.mark.parametrize(
    ("reviewed", "git", "headline"),
    [
        (review("CREATE", new=WEB), [], "NetworkPolicy shop/web is not declared in Git"),
        (review("DELETE", WEB), [WEB], "NetworkPolicy shop/web is declared in Git, and gets deleted"),
        (review("DELETE", WEB), [], "NetworkPolicy shop/web is not declared in Git, and gets deleted"),
    ],
)
def test_undeclared_objects_and_deletions_are_warned_of(
    reviewed: Object, git: list[Object], headline: str
) -> None:
    assert answer(reviewed, git, WARN).warnings[0] == headline


def test_broken_glass_is_told_and_what_deviates() -> None:
    broken = answer(review("UPDATE", WEB, claimed(DRIFTED), user="oncall"), [WEB], access=MAY_BREAK_GLASS)
    assert broken.warnings[0] == (
        "NetworkPolicy shop/web: glass broken by oncall until 2030-01-31T12:30:00Z, recorded; "
        "deviates from Git:"
    )
    assert "metadata.labels[a] + b" in broken.warnings


def test_broken_glass_that_deviates_from_nothing_is_told_too() -> None:
    broken = answer(review("UPDATE", WEB, claimed(WEB), user="oncall"), [WEB], access=MAY_BREAK_GLASS)
    assert broken.warnings == (
        "NetworkPolicy shop/web: glass broken by oncall until 2030-01-31T12:30:00Z, recorded",
    )


def test_what_is_left_after_converging_is_told() -> None:
    closer = answer(review("UPDATE", labelled(WEB, {"a": "b", "c": "d"}), DRIFTED), [WEB])
    assert closer.warnings == (
        "NetworkPolicy shop/web comes closer to Git, and still deviates:",
        "metadata.labels[a] + b",
    )


def test_a_mismatch_of_an_approver_names_what_deviates_and_who_owns_it() -> None:
    managed = put(
        DRIFTED,
        "/metadata/managedFields",
        [{"manager": "rancher", "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}}],
    )
    policy = Policy(approvers=(Approver(GITOPS["username"]),))
    answered = answer(review("UPDATE", WEB, managed, user=GITOPS), [WEB], policy)
    assert answered.warnings == (
        "NetworkPolicy shop/web: no synced revision declares this (set by rancher):",
        "metadata.labels[a] + b",
    )
    nobody = answer(review("UPDATE", WEB, DRIFTED, user=GITOPS), [WEB], policy)
    assert nobody.warnings[0] == "NetworkPolicy shop/web: no synced revision declares this:"


def test_an_approver_that_a_baseline_behind_git_cannot_judge_reads_why() -> None:
    strict = Policy(approvers=(Approver(GITOPS["username"], mismatch=Mismatch.DENY),))
    by_flux = review("UPDATE", WEB, DRIFTED, user=GITOPS)
    warned = answer(by_flux, [WEB], strict, freshness=UNREACHABLE)
    assert warned.allowed
    assert warned.warnings[0] == (
        "NetworkPolicy shop/web: no synced revision declares this (source platform cannot be reached):"
    )


def test_a_dry_run_that_is_warned_reads_what_would_have_been_denied() -> None:
    policy = Policy(dry_run=DryRun.WARN)
    drift = answer(review("UPDATE", WEB, DRIFTED, dryRun=True), [WEB], policy)
    assert drift.warnings[1:] == ("metadata.labels[a] + b",)
    rejected = answer(review("UPDATE", WEB, claimed(WEB, by="bob"), dryRun=True), [WEB], policy)
    assert "it is bob's, not yours" in rejected.warnings[0]
    held = answer(review("UPDATE", claimed(DRIFTED, by="bob"), WEB, dryRun=True), [WEB], policy)
    assert "break-glass" in held.warnings[0]


# No verdict


def test_without_a_verdict_it_is_said_what_is_missing() -> None:
    create = request("CREATE", new=WEB)
    assert undecided(NoBaseline(), create) == (
        "no snapshot of the baseline has been loaded yet: look at `baseward sync` and /status"
    )
    assert undecided(NoBaseline("team"), create) == (
        "source team was never read, and may declare NetworkPolicy shop/web: "
        "look at `baseward sync` and /status"
    )


# Limits of the API server


@pytest.mark.parametrize("value", ["x", "x" * 9_999, "\u202e" * 300, "\x1b\n" * 300])
@pytest.mark.parametrize("count", [1, 10, 500])
def test_a_warning_is_one_line_of_256_characters_and_all_are_4096(value: str, count: int) -> None:
    noisy = annotated(WEB, {f"baseward.io/break-glass-ticket{i}": value for i in range(count)})
    noisy = put(labelled(noisy, {f"{i}": value for i in range(count)}), "/metadata/finalizers", [value, "a"])
    for warnings in (
        answer(review("UPDATE", WEB, noisy), [WEB], WARN).warnings,
        answer(review("UPDATE", WEB, claimed(noisy), user="oncall"), [WEB], access=MAY_BREAK_GLASS).warnings,
    ):
        assert warnings
        assert all(len(warning) <= 256 for warning in warnings)
        assert all(warning.isprintable() for warning in warnings)
        assert sum(map(len, warnings)) <= 4_096


# A baseline that has become old


def synced(ago: timedelta, *objects: Object) -> MemoryBaseline:
    return baseline(*objects, synced_at={"fresh": NOW, "platform": NOW - ago})


OLD = "the baseline was last synced 20 min ago"


@pytest.mark.parametrize(
    ("reviewed", "objects"),
    [
        (review("UPDATE", WEB, DRIFTED), [WEB]),
        (review("UPDATE", DRIFTED, WEB), [WEB]),
        (review("DELETE", WEB), []),
        (review("CREATE", new=WEB), []),
    ],
    ids=["denied", "restored", "deleted", "created"],
)
def test_people_are_warned_when_the_baseline_is_older_than_its_max_age(
    reviewed: Object, objects: list[Object]
) -> None:
    assert OLD in answer(reviewed, synced(timedelta(minutes=20), *objects)).warnings
    assert OLD not in answer(reviewed, synced(timedelta(minutes=15), *objects)).warnings
    patient = Policy(max_age=timedelta(hours=1))
    assert OLD not in answer(reviewed, synced(timedelta(minutes=20), *objects), patient).warnings


def test_who_was_not_judged_by_the_baseline_is_not_warned_of_it() -> None:
    old = synced(timedelta(minutes=20), WEB)
    assert answer(review("UPDATE", DRIFTED, DRIFTED), old).warnings == ()
    trusted = Policy(approvers=(Approver(GITOPS["username"], content=Content.TRUSTED),))
    assert answer(review("UPDATE", WEB, DRIFTED, user=GITOPS), old, trusted).warnings == ()


def test_the_pipeline_is_not_warned_of_an_old_baseline() -> None:
    declaring = Policy(approvers=(Approver(GITOPS["username"]),))
    answered = answer(
        review("UPDATE", WEB, DRIFTED, user=GITOPS), synced(timedelta(minutes=20), WEB), declaring
    )
    assert OLD not in answered.warnings


def test_a_baseline_of_no_source_is_not_old() -> None:
    assert answer(review("UPDATE", DRIFTED, WEB), baseline(WEB, synced_at={})).warnings == ()


# Audit annotations


@pytest.mark.parametrize(
    ("reviewed", "git", "policy", "facts"),
    [
        (
            review("UPDATE", WEB, DRIFTED),
            [WEB],
            Policy(),
            {"decision": "denied", "reason": "drift", "action": "deny", "commit": COMMIT},
        ),
        (
            review("UPDATE", DRIFTED, WEB),
            [WEB],
            Policy(),
            {"decision": "allowed", "reason": "restores-git", "commit": COMMIT},
        ),
        (
            review("CREATE", new=WEB),
            [],
            WARN,
            {"decision": "warned", "reason": "undeclared", "action": "warn", "commit": COMMIT},
        ),
        (
            review("UPDATE", WEB, DRIFTED),
            [WEB],
            Policy(exclude_namespaces=frozenset({"shop"})),
            {"decision": "allowed", "reason": "out-of-scope", "commit": COMMIT},
        ),
        (
            review("DELETE", WEB, user="system:serviceaccount:kube-system:namespace-controller"),
            None,
            Policy(),
            {"decision": "allowed", "reason": "system-controller"},
        ),
    ],
)
def test_the_facts_of_a_decision_land_in_the_clusters_audit_log(
    reviewed: Object, git: list[Object] | None, policy: Policy, facts: dict[str, str]
) -> None:
    assert answer(reviewed, git, policy).audit_annotations == facts


def test_in_audit_mode_the_log_shows_what_would_have_been_denied() -> None:
    annotations = answer(review("UPDATE", WEB, DRIFTED), [WEB], Policy(mode=Mode.AUDIT)).audit_annotations
    assert annotations["decision"] == "allowed"
    assert annotations["reason"] == "drift"
    assert annotations["action"] == "audit"


def test_a_dozen_sources_make_no_long_annotation() -> None:
    many = baseline(commits={f"source-{i}": COMMIT for i in range(12)})
    assert len(answer(review("CREATE", new=WEB), many).audit_annotations["commit"]) <= 100
