"""`baseward explain`: a stored AdmissionReview, the decision, and how it came about."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import BinaryIO

import click

from webhook.admission.judge import read_json
from webhook.cli.baseline import open_baseline
from webhook.cli.context import Context
from webhook.cli.group import ERROR
from webhook.cli.output import OUTPUT, print_json
from webhook.core.answers import Answers
from webhook.core.breakglass import AccessAnswer
from webhook.core.decide import decide, row_title, rows_passed
from webhook.core.decision import Decision, NoBaseline, Outcome
from webhook.core.explain import Answered, undecided
from webhook.core.explain import explain as answer_of
from webhook.core.freshness import FreshnessAnswer
from webhook.core.impact.wording import as_json
from webhook.core.review import parse_review
from webhook.core.wording import line_of

_WIDTH = 100
_EXAMPLES = """\b
Examples:
  baseward explain review.json
  baseward explain review.json --may-break-glass     as if RBAC let the user
"""


@click.command(epilog=_EXAMPLES)
@click.argument("review", metavar="REVIEW.json", type=click.File("rb"))
@click.option(
    "--at",
    metavar="TIME",
    help="Judge as at that time (RFC 3339) [default: now]; break-glass claims end.",
)
@click.option("--may-break-glass", is_flag=True, help="Assume that RBAC lets the user break the glass.")
@OUTPUT
@click.pass_obj
def explain(
    context: Context, *, review: BinaryIO, at: str | None, may_break_glass: bool, output: str
) -> None:
    """Judge a stored AdmissionReview, and say why.

    Asks row by row of the decision table whether it applies: the first that does decides. Then
    shows what the user would read. The cluster is not asked anything, and the snapshot is taken for
    what Git says now. Exit codes: 0 allowed, 1 denied, 2 error.
    """
    policy = context.configuration().policy
    request = parse_review(read_json(review.read()))
    now = _time(at)
    baseline = open_baseline(context)
    access = AccessAnswer(may_break_glass, "explain does not ask the cluster; see --may-break-glass")
    verdict = decide(request, policy, baseline, now, Answers(access, FreshnessAnswer(established=True)))
    if isinstance(verdict, NoBaseline):
        click.echo(f"Error: {undecided(verdict, request)}", err=True)
        sys.exit(ERROR)
    if not isinstance(verdict, Decision):
        raise AssertionError("every question has been answered")  # noqa: TRY004  # a defect of ours
    answered = Answered(request, verdict, policy, baseline, now)
    if output == "json":
        print_json(_as_json(answered))
    else:
        _print_table(answered)
    sys.exit(verdict.outcome is Outcome.DENIED)


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise click.BadParameter(f"{text!r} is no time such as 2030-01-31T18:00:00Z", param_hint="--at")
    return time


def _as_json(answered: Answered) -> dict[str, object]:
    request, decision, answer = answered.request, answered.decision, answer_of(answered)
    declared = decision.declared
    return {
        "kind": request.key.kind,
        "namespace": request.key.namespace,
        "name": request.key.name,
        "user": request.subject.username,
        "operation": request.operation,
        "decision": decision.outcome,
        "reason": decision.reason,
        "action": decision.action,
        "row": {"number": decision.row, "title": row_title(decision.row)},
        "rowsPassed": [{"number": number, "title": title} for number, title in rows_passed(decision.row)],
        "diff": [line_of(change, _WIDTH) for change in decision.changes],
        "impact": as_json(decision.impact) if decision.impact is not None else None,
        "note": decision.note,
        "declaredIn": str(declared.provenance) if declared is not None else "",
        "message": answer.message,
        "warnings": list(answer.warnings),
    }


def _print_table(answered: Answered) -> None:
    decision, answer = answered.decision, answer_of(answered)
    click.echo(f"{answered.request.operation} of {answered.what} by {answered.who}\n")
    for number, title in rows_passed(decision.row):
        click.echo(f"  {number:>2}  no   {title}")
    action = f", action {decision.action}" if decision.action is not None else ""
    click.secho(f"  {decision.row:>2}  YES  {row_title(decision.row)}", bold=True)
    click.secho(f"\n{decision.outcome}: {decision.reason}{action}", bold=True)
    for text in (answer.message, *(f"Warning: {warning}" for warning in answer.warnings)):
        if text:
            click.echo(f"\n{text}")
