"""Decision -> what people read: the denial in kubectl, warnings, audit annotations.

No line of a denial is wider than 100 columns. A warning is one line of at most 256
characters, 4,096 in all (kube-apiserver drops one with a control character, and cuts the rest).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from webhook.core.breakglass import claim_on
from webhook.core.canonical import plain_json
from webhook.core.decision import Decision, NoBaseline, Outcome, Reason
from webhook.core.diff import FieldChange
from webhook.core.impact import NO_IMPACT
from webhook.core.impact.wording import lines_of, warnings_of
from webhook.core.kinds import BY_NAME
from webhook.core.normalize.metadata import CLAIM_BY, CLAIM_EXPIRES, CLAIM_REASON
from webhook.core.objects import Baseline
from webhook.core.policy import Mode, Policy
from webhook.core.printing import MAX_NAME, age, columns, safe, shell_word, wrap
from webhook.core.review import CREATE, AdmissionRequest, AdmissionResponse
from webhook.core.wording import line_of, path_text, value_text

MAX_COLUMNS = 100
MAX_CHANGE_LINES = 11
MAX_WARNING = 256
MAX_WARNINGS = 4_096
MAX_NOTE = 160
MAX_ALIGNED = 48
_LAST_ROW = 14


@dataclass(frozen=True, slots=True)
class Answered:
    """One decided request, with all that its explanation looks at."""

    request: AdmissionRequest
    decision: Decision
    policy: Policy
    baseline: Baseline | None
    now: datetime

    @property
    def who(self) -> str:
        """Return the subject's name, safe to print."""
        return safe(self.request.subject.username)

    @property
    def what(self) -> str:
        """Return kind, namespace and name of the object, safe to print."""
        return safe(str(self.request.key))

    @property
    def commit(self) -> str:
        """Return the commit that declares the object, or those of all sources."""
        if self.decision.declared is not None:
            return self.decision.declared.provenance.commit
        return ",".join(self.baseline.commits.values()) if self.baseline is not None else ""


def explain(answered: Answered) -> AdmissionResponse:
    """Write the answer to a request."""
    decision = answered.decision
    allowed = decision.outcome is not Outcome.DENIED
    return AdmissionResponse(
        uid=answered.request.uid,
        allowed=allowed,
        message="" if allowed else denial(answered),
        warnings=tuple(_fitting(_warnings(answered))),
        audit_annotations=_audit_annotations(answered),
    )


def undecided(verdict: NoBaseline, request: AdmissionRequest) -> str:
    """Say why there is no verdict."""
    if not verdict.source:
        return "no snapshot of the baseline has been loaded yet: look at `baseward sync` and /status"
    may = f"and may declare {safe(str(request.key), MAX_WARNING)}"
    return f"source {safe(verdict.source)} was never read, {may}: look at `baseward sync` and /status"


def denial(answered: Answered) -> str:
    """Write what kubectl prints of a denial."""
    decision = answered.decision
    impact = lines_of(decision.impact or NO_IMPACT, MAX_COLUMNS)
    blocks = [
        wrap(_headline(answered), MAX_COLUMNS),
        _change_lines(decision.changes, MAX_CHANGE_LINES - (len(impact) + 1 if impact else 0)),
        impact,
        [*_wrapped(_provenance(answered)), *_way_out(answered)],
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _wrapped(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from wrap(text, MAX_COLUMNS)


def _headline(answered: Answered) -> str:
    sentence = _reason_sentence(answered)
    note = answered.decision.note if answered.decision.row == _LAST_ROW else ""
    return f"{sentence} Also, {safe(note, MAX_WARNING)}." if note else sentence


def _reason_sentence(answered: Answered) -> str:
    decision, what, who = answered.decision, answered.what, answered.who
    no_approver = f"{who} is not an approved GitOps identity"
    match decision.reason:
        case Reason.CLAIM_REJECTED:
            return f"{what}: the break-glass claim does not hold: {safe(decision.note, MAX_WARNING)}."
        case Reason.HELD_BY_ANOTHER:
            return f"{what} is under break-glass by {_claim_text(answered)}. Until then the change is theirs."
        case Reason.APPROVER_MISMATCH:
            but = f"but no synced revision declares this of {what}{_aside(decision.note)}"
            return f"{who} is an approved GitOps identity, {but}."
        case Reason.UNDECLARED:
            return f"{what} is not declared in Git, and {no_approver}."
        case Reason.DELETION if decision.declared is None:
            return f"{what} is not declared in Git, and may not be deleted: {no_approver}."
        case Reason.DELETION:
            return f"{what} is declared in Git, and may not be deleted: {no_approver}."
        case _:
            return f"{what} is declared in Git, and {no_approver}."


def _claim_text(answered: Answered) -> str:
    claim = claim_on(answered.request.old)
    return f"{safe(claim.by)} until {safe(claim.expires, 40)}" if claim is not None else ""


def _change_lines(changes: tuple[FieldChange, ...], most: int) -> list[str]:
    """Lay changes out in two columns; a path too long for its column has a line of its own."""
    paths = [path_text(change) for change in changes[:most]]
    column = max((columns(path) for path in paths if columns(path) <= MAX_ALIGNED), default=0)
    lines: list[str] = []
    told = 0
    for path, change in zip(paths, changes, strict=False):
        if columns(path) <= MAX_ALIGNED:
            padded = path + " " * (column - columns(path))
            entry = [f"  {padded}   {value_text(change, MAX_COLUMNS - column - 5)}"]
        else:
            entry = [f"  {path}", f"      {value_text(change, MAX_COLUMNS - 6)}"]
        if len(lines) + len(entry) > most:
            break
        lines += entry
        told += 1
    return [*lines, f"  and {len(changes) - told} more"] if told < len(changes) else lines


def _provenance(answered: Answered) -> Iterator[str]:
    declared = answered.decision.declared
    commits = answered.baseline.commits if answered.baseline is not None else {}
    if declared is not None:
        where = safe(str(declared.provenance), MAX_WARNING)
        yield f"Declared in {where}{_synced(answered, declared.provenance.source)}."
    elif commits:
        places = ", ".join(f"{name}@{commit[:7]}" for name, commit in commits.items())
        yield f"Looked up in {safe(places, MAX_WARNING)}."


def _synced(answered: Answered, source: str) -> str:
    synced_at = answered.baseline.synced_at.get(source) if answered.baseline is not None else None
    if synced_at is None:
        return ""
    return f" (synced {age((answered.now - synced_at).total_seconds())} ago)"


def _way_out(answered: Answered) -> Iterator[str]:
    decision, request = answered.decision, answered.request
    if decision.reason is Reason.APPROVER_MISMATCH:
        yield "Commit the change to Git; it is allowed as soon as Baseward has synced that commit."
        return
    if decision.reason is Reason.HELD_BY_ANOTHER:
        return
    if decision.declared is None:
        yield "To have it, declare it in Git. In an emergency:"
    else:
        yield "To change it, change that file. In an emergency:"
    if request.operation == CREATE:
        yield from _annotations_to_add(answered)
    else:
        yield from _break_glass_command(answered)


def _annotations_to_add(answered: Answered) -> Iterator[str]:
    end = answered.now + min(answered.policy.break_glass.max_duration, timedelta(hours=1))
    yield "It does not exist yet: put a break-glass claim into the manifest's annotations:"
    yield f"  {CLAIM_REASON}: <the reason>"
    username = answered.request.subject.username
    by = f"  {CLAIM_BY}: {plain_json(username).decode()}"
    fits = safe(username, MAX_NAME) == username and columns(by) <= MAX_COLUMNS
    yield by if fits else f"  # {CLAIM_BY}: your username, as kubectl auth whoami says"
    yield f'  {CLAIM_EXPIRES}: "{end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'


def _break_glass_command(answered: Answered) -> Iterator[str]:
    key = answered.request.key
    name, namespace = shell_word(f"{BY_NAME[key.kind].singular}/{key.name}"), shell_word(key.namespace)
    duration = _duration(min(answered.policy.break_glass.max_duration, timedelta(hours=1)))
    what = f"{name} -n {namespace}" if key.namespace else f"{name}"
    rest = f'--for {duration} --reason "..."'
    if name is None or namespace is None or columns(what) > MAX_COLUMNS - 6:
        yield "  kubectl baseward break-glass (its name is too long, or not safe to print here)"
    elif columns(what) + len(rest) <= MAX_COLUMNS - 32:
        yield f"  kubectl baseward break-glass {what} {rest}"
    else:
        yield from ("  kubectl baseward break-glass \\", f"    {what} \\", f"    {rest}")


def _duration(span: timedelta) -> str:
    minutes = max(int(span.total_seconds()) // 60, 1)
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def _warnings(answered: Answered) -> Iterator[str]:
    decision = answered.decision
    if decision.outcome is Outcome.WARNED:
        yield _warning_headline(answered)
        yield from (line_of(change, MAX_WARNING) for change in decision.changes[:MAX_CHANGE_LINES])
        if len(decision.changes) > MAX_CHANGE_LINES:
            yield f"and {len(decision.changes) - MAX_CHANGE_LINES} more"
        yield from warnings_of(decision.impact or NO_IMPACT)
    if _is_stale(answered):
        oldest = min(answered.baseline.synced_at.values()) if answered.baseline is not None else answered.now
        yield f"the baseline was last synced {age((answered.now - oldest).total_seconds())} ago"


def _warning_headline(answered: Answered) -> str:
    decision, what = answered.decision, answered.what
    match decision.reason:
        case Reason.BREAK_GLASS:
            claim = claim_on(answered.request.target)
            end = safe(claim.expires, 40) if claim is not None else ""
            left = "; deviates from Git:" if decision.changes else ""
            return f"{what}: glass broken by {answered.who} until {end}, recorded{left}"
        case Reason.CONVERGES:
            return f"{what} comes closer to Git, and still deviates:"
        case Reason.APPROVER_MISMATCH:
            return f"{what}: no synced revision declares this{_aside(decision.note)}:"
        case Reason.UNDECLARED:
            return f"{what} is not declared in Git"
        case Reason.DELETION:
            return f"{what} is {'declared' if decision.declared else 'not declared'} in Git, and gets deleted"
        case Reason.CLAIM_REJECTED | Reason.HELD_BY_ANOTHER:
            return _reason_sentence(answered)
        case _:
            where = f" {decision.declared.provenance}" if decision.declared is not None else ""
            return f"{what} deviates from Git{safe(where, MAX_COLUMNS)}{_aside(decision.note)}:"


def _aside(note: str) -> str:
    return f" ({safe(note, MAX_NOTE)})" if note else ""


_JUDGED_BY_BASELINE_FROM = 9


def _is_stale(answered: Answered) -> bool:
    """Tell whether a person was judged by a baseline that is older than ``maxAge``."""
    baseline, decision = answered.baseline, answered.decision
    if baseline is None or decision.row < _JUDGED_BY_BASELINE_FROM or not baseline.synced_at:
        return False
    if decision.reason in (Reason.APPROVER, Reason.APPROVER_MISMATCH):
        return False
    return answered.now - min(baseline.synced_at.values()) > answered.policy.max_age


def _fitting(warnings: Iterator[str]) -> Iterator[str]:
    room = MAX_WARNINGS
    for warning in warnings:
        text = safe(warning, MAX_WARNING)
        room -= len(text)
        if room < 0:
            return
        yield text


def _audit_annotations(answered: Answered) -> dict[str, str]:
    decision = answered.decision
    facts = {
        "decision": decision.outcome.value,
        "reason": decision.reason.value,
        "action": decision.action.value if decision.action is not None else "",
        "commit": safe(answered.commit, MAX_COLUMNS),
    }
    if answered.policy.mode is Mode.AUDIT:
        facts["mode"] = Mode.AUDIT.value
    return {name: value for name, value in facts.items() if value}
