"""The decision table, as code that reads like it.

The first row that applies decides. Row 1 (the review is malformed) is ``review.parse_review``.
Two comparisons are never confused: *against Git* (``new`` with ``declared``), and *old against
new* (what this request touches).

A row may need to know what only others can tell: whether the API server lets the subject break the
glass, whether Git says something newer than the baseline. ``decide`` then returns that question in
place of a decision, and is called again with the answer (and with the baseline as it is by then): so
it stays pure, and nobody is asked but where the answer could decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from webhook.core.answers import NO_ANSWERS, Answers
from webhook.core.breakglass import AccessQuestion
from webhook.core.case import Case
from webhook.core.controllers import does_its_own_job
from webhook.core.decision import Decision, NoBaseline, Outcome, Reason
from webhook.core.fieldmanagers import owners_of
from webhook.core.freshness import FreshnessQuestion
from webhook.core.objects import Baseline
from webhook.core.policy import Deletion, DryRun, EnforcementAction, Mode, Policy
from webhook.core.review import DELETE, UPDATE, AdmissionRequest
from webhook.core.subject import Content, Mismatch
from webhook.core.touched import finalizers_of, is_untouched, only_removes_finalizers

Verdict = Decision | NoBaseline | AccessQuestion | FreshnessQuestion


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: its number, when it applies in words, and in code."""

    number: int
    title: str
    judge: Callable[[Case], Verdict | None]


def decide(
    request: AdmissionRequest,
    policy: Policy,
    baseline: Baseline | None,
    now: datetime,
    answers: Answers = NO_ANSWERS,
) -> Verdict:
    """Judge one request.

    ``baseline`` is None until a snapshot has been loaded; ``now`` is aware of its time zone;
    ``answers`` are those to the questions that earlier calls returned.
    """
    if request.kind is None or request.key.namespace in policy.exclude_namespaces:
        return Decision(Outcome.ALLOWED, Reason.OUT_OF_SCOPE, row=2)
    case = Case(request, request.kind, policy, baseline, now, answers)
    for row in TABLE:
        verdict = row.judge(case)
        if verdict is not None:
            return _soften(case, _with_impact(case, verdict)) if isinstance(verdict, Decision) else verdict
    raise AssertionError("row 14 decides whatever reaches it")


def _allow(case: Case, reason: Reason, row: int) -> Decision:
    return Decision(Outcome.ALLOWED, reason, row, declared=case.declared)


def _already_terminating(case: Case) -> Verdict | None:
    request = case.request
    if request.operation == DELETE and request.target["metadata"].get("deletionTimestamp"):
        return Decision(Outcome.ALLOWED, Reason.TERMINATING, row=3)
    return None


def _system_controller(case: Case) -> Verdict | None:
    if not does_its_own_job(case.request, case.kind, case.policy.controllers):
        return None
    if case.request.operation == DELETE and case.declared is not None:
        # Recorded, because a person can launder a deletion through the garbage collector.
        return replace(_allow(case, Reason.SYSTEM_CONTROLLER, 4), action=EnforcementAction.AUDIT)
    return Decision(Outcome.ALLOWED, Reason.SYSTEM_CONTROLLER, row=4)


def _nothing_governed_changes(case: Case) -> Verdict | None:
    old, new = case.request.old, case.request.new
    if old is None or new is None or not is_untouched(old, new):
        return None
    if finalizers_of(old) != finalizers_of(new):
        if case.baseline is None or case.unread_source is not None:
            return None
        if not only_removes_finalizers(old, new, case.declared_finalizers):
            return None
    return Decision(Outcome.ALLOWED, Reason.UNCHANGED, row=5)


def _trusted_approver(case: Case) -> Verdict | None:
    if case.approver is None or case.approver.content is not Content.TRUSTED:
        return None
    return _allow(case, Reason.APPROVER, 6)


def _break_glass(case: Case) -> Verdict | None:
    if case.claim_fault is not None:
        return None
    if case.access is None:
        return case.access_question
    if not case.access.allowed:
        return None
    changes = () if case.equals_declared else case.changes
    return Decision(Outcome.WARNED, Reason.BREAK_GLASS, 7, changes=changes, declared=case.declared)


def _no_baseline(case: Case) -> Verdict | None:
    if case.baseline is None:
        return NoBaseline()
    return NoBaseline(case.unread_source) if case.unread_source is not None else None


def _held_by_another(case: Case) -> Verdict | None:
    if case.claim_of_another is None or case.approver is not None:
        return None
    return _deny(case, Reason.HELD_BY_ANOTHER, 9)


def _restores_git(case: Case) -> Verdict | None:
    if case.request.operation == DELETE:
        if _deletes_undeclared(case) and _rule_allows_deletion(case):
            return _allow(case, Reason.RESTORES_GIT, 10)
        return None
    if case.equals_declared and not case.forbidden:
        return _allow(case, Reason.RESTORES_GIT, 10)
    return None


def _rule_allows_deletion(case: Case) -> bool:
    return case.policy.rule_for(case.request.key).delete_undeclared is Deletion.ALLOW


def _only_converges(case: Case) -> Verdict | None:
    if case.request.operation != UPDATE or case.forbidden or _drops_its_claim(case):
        return None
    if case.only_converges:
        return Decision(Outcome.WARNED, Reason.CONVERGES, 11, changes=case.changes, declared=case.declared)
    return None


def _drops_its_claim(case: Case) -> bool:
    return case.claim is None and case.claim_is_new


def _declaring_approver(case: Case) -> Verdict | None:
    if case.approver is None:
        return None
    if case.was_declared or _deletes_undeclared(case):
        return _allow(case, Reason.APPROVER, 12)
    if case.freshness is None:
        return FreshnessQuestion(case.approver, case.request.key)
    note = "; ".join(filter(None, [case.freshness.why, _owners(case)]))
    if case.approver.mismatch is Mismatch.DENY and case.freshness.established:
        return _deny(case, Reason.APPROVER_MISMATCH, 12, note)
    # A baseline that lags behind Git never denies an approver by itself.
    return Decision(
        Outcome.WARNED,
        Reason.APPROVER_MISMATCH,
        12,
        action=EnforcementAction.WARN,
        changes=case.changes,
        note=note,
        declared=case.declared,
    )


def _deletes_undeclared(case: Case) -> bool:
    return case.request.operation == DELETE and case.declared is None


def _owners(case: Case) -> str:
    managers = owners_of(case.request.target, [change.pointer for change in case.changes])
    return f"set by {', '.join(managers)}" if managers else ""


def _claim_rejected(case: Case) -> Verdict | None:
    if not (case.claim_is_new and case.claim is not None):
        return None
    if _drift_or_undeclared(case).action is not EnforcementAction.DENY:
        return None
    why = case.claim_fault or (case.access.why if case.access is not None else "") or _NOT_AUTHORIZED
    return _deny(case, Reason.CLAIM_REJECTED, 13, note=why)


def _drift_or_undeclared(case: Case) -> Decision:
    rule = case.policy.rule_for(case.request.key)
    if _deletes_undeclared(case):
        reason, action = Reason.DELETION, EnforcementAction(rule.delete_undeclared.value)
    elif case.declared is None:
        reason, action = Reason.UNDECLARED, rule.undeclared
    elif case.request.operation == DELETE:
        reason, action = Reason.DELETION, rule.drift
    else:
        reason, action = Reason.DRIFT, rule.drift
    if rule.goes_by_effect:
        action = rule.action_for(case.effect) or action
    outcome = {EnforcementAction.DENY: Outcome.DENIED, EnforcementAction.WARN: Outcome.WARNED}
    return Decision(
        outcome.get(action, Outcome.ALLOWED),
        reason,
        14,
        action,
        case.changes,
        _own_claim(case),
        case.declared,
    )


_NOTED = (EnforcementAction.DENY, EnforcementAction.WARN, EnforcementAction.AUDIT)
_JUDGED_WHOLE_FROM = 7


def _with_impact(case: Case, decision: Decision) -> Decision:
    """Add what a change opens, where somebody is told of the change or it is recorded.

    Not in the rows before, which look at no more of an object than they need.
    """
    is_told = decision.outcome is not Outcome.ALLOWED or decision.action in _NOTED
    if not is_told or decision.row < _JUDGED_WHOLE_FROM:
        return decision
    return replace(decision, impact=case.impact)


def _own_claim(case: Case) -> str:
    """Say why the subject's own claim, merely still there, decided nothing."""
    if case.claim is None or case.claim.by != case.request.subject.username or case.claim_fault is None:
        return ""
    return f"the break-glass claim on it does not hold: {case.claim_fault}"


def _deny(case: Case, reason: Reason, row: int, note: str = "") -> Decision:
    return Decision(Outcome.DENIED, reason, row, EnforcementAction.DENY, case.changes, note, case.declared)


def _soften(case: Case, decision: Decision) -> Decision:
    """Let a denial pass where the mode or a dry run says so; it stays recorded as what it is."""
    if decision.outcome is not Outcome.DENIED:
        return decision
    if case.policy.mode is Mode.AUDIT:
        return replace(decision, outcome=Outcome.ALLOWED, action=EnforcementAction.AUDIT)
    if case.request.dry_run and case.policy.dry_run is DryRun.WARN:
        return replace(decision, outcome=Outcome.WARNED, action=EnforcementAction.WARN)
    return decision


_NOT_AUTHORIZED = "you may not break the glass here"
OUT_OF_SCOPE = "kind or namespace is outside the policy's scope"
TABLE = (
    Row(3, "DELETE of an object that is already terminating", _already_terminating),
    Row(4, "a system controller does its own job", _system_controller),
    Row(5, "UPDATE in which nothing governed changes", _nothing_governed_changes),
    Row(6, "the subject is an approver with content: trusted", _trusted_approver),
    Row(7, "a break-glass claim is present and holds", _break_glass),
    Row(8, "no snapshot was ever loaded, or a source that may declare the object never read", _no_baseline),
    Row(9, "somebody else's claim holds on the old object", _held_by_another),
    Row(10, "the change restores Git, or deletes what Git does not declare", _restores_git),
    Row(11, "UPDATE that only converges towards Git", _only_converges),
    Row(12, "the subject is an approver with content: declared", _declaring_approver),
    Row(13, "the request brings a break-glass claim that does not hold", _claim_rejected),
    Row(14, "drift, undeclared, or DELETE of a declared object", _drift_or_undeclared),
)


_TITLES = {1: "the review is malformed", 2: OUT_OF_SCOPE, **{row.number: row.title for row in TABLE}}


def row_title(number: int) -> str:
    """Return when a row applies, in words."""
    return _TITLES[number]


def rows_passed(decision_row: int) -> list[tuple[int, str]]:
    """Return number and title of each row that was passed before the one that decided."""
    return [(number, title) for number, title in _TITLES.items() if number < decision_row]
