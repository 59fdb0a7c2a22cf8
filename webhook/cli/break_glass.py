"""`baseward break-glass`: claim an object for an emergency, see who has, and end it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import click

from webhook.cli.group import DENIED
from webhook.cli.kinds import parse_kind_and_name
from webhook.cli.output import OUTPUT, Column, print_rows
from webhook.cluster.api import Api
from webhook.cluster.claims import ClaimedObject, end_claim, kinds_in, list_claims, set_claim
from webhook.cluster.client import api_client
from webhook.cluster.errors import ApiStatusError
from webhook.config.durations import parse_duration
from webhook.core.objects import ObjectKey
from webhook.core.printing import age, safe

_SHORTEST = timedelta(seconds=1)  # the end is written in whole seconds
_EXAMPLES = """\b
Examples:
  kubectl baseward break-glass networkpolicy/web -n shop --for 30m --reason "checkout down, INC-4711"
  kubectl edit networkpolicy/web -n shop          (is now allowed, warned about and recorded)
  kubectl baseward break-glass --end networkpolicy/web -n shop
  kubectl baseward break-glass --list
"""


@contextmanager
def _a_denial_is_1() -> Iterator[None]:
    """End with exit code 1 where the API server denies what is asked of it."""
    try:
        yield
    except ApiStatusError as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(DENIED)


@click.command("break-glass", epilog=_EXAMPLES)
@click.argument("target", required=False, metavar="KIND/NAME")
@click.option("-n", "--namespace", metavar="NS", help="The namespace of the object [default: the context's].")
@click.option("--for", "span", metavar="DURATION", default="1h", show_default=True, help="How long: 30m, 1h.")
@click.option("--reason", metavar="TEXT", help="Why; it is recorded. Ten characters or more, by default.")
@click.option("--ticket", metavar="T", help="The incident's number, recorded too.")
@click.option("--list", "list_all", is_flag=True, help="List the claims, of --namespace or of all.")
@click.option("--end", metavar="KIND/NAME", help="Take the claim off an object whose drift is gone.")
@click.option("--context", metavar="NAME", help="The kubeconfig context to use.")
@click.option("--kubeconfig", metavar="FILE", type=click.Path(path_type=Path), help="[default: KUBECONFIG]")
@OUTPUT
@_a_denial_is_1()
def break_glass(  # noqa: PLR0913 - click passes one argument an option
    *,
    target: str | None,
    namespace: str | None,
    span: str,
    reason: str | None,
    ticket: str | None,
    list_all: bool,
    end: str | None,
    context: str | None,
    kubeconfig: Path | None,
    output: str,
) -> None:
    """Override Git on one object, for a while, with a reason.

    Sets annotations on the object that say who, why and until when. Until then its author may
    change it; everything is recorded. Whether you may is plain RBAC: the verb break-glass in the API
    group baseward.io. Your own changes are ended by bringing the object back to Git, then --end.
    """
    if [target is not None, list_all, end is not None].count(True) != 1:
        raise click.UsageError("name one KIND/NAME, or use --end KIND/NAME, or --list")
    wanted = target or end
    kind_and_name = parse_kind_and_name(wanted) if wanted is not None else None
    if target is not None and not reason:
        raise click.UsageError("say why: --reason TEXT")
    duration = _duration(span)
    client, default_namespace = api_client(context, kubeconfig)
    api = Api(client)
    if kind_and_name is None:
        _print_claims(_claims_that_may_be_seen(api, namespace or ""), output)
        return
    kind, name = kind_and_name
    key = ObjectKey(kind.group, kind.name, (namespace or default_namespace) if kind.namespaced else "", name)
    if end is not None:
        _print_warnings(end_claim(api, kind, key))
        click.echo(f"{safe(str(key))}: the claim is gone.")
        return
    until = datetime.now(UTC) + duration
    _print_warnings(set_claim(api, kind, key, reason=reason or "", end=until, ticket=ticket))
    click.echo(f"{safe(str(key))}: the glass is broken until {until:%Y-%m-%dT%H:%M:%SZ}.")


def _duration(text: str) -> timedelta:
    try:
        duration = parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from None
    if duration < _SHORTEST:
        raise click.BadParameter("a claim lasts for a second or more", param_hint="--for")
    return duration


def _print_warnings(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        click.echo(f"Warning: {safe(warning, 300)}", err=True)


_COLUMNS = (
    Column("KIND", "kind"),
    Column("NAMESPACE", "namespace"),
    Column("NAME", "name"),
    Column("BY", "by"),
    Column("UNTIL", "until"),
    Column("LEFT", "left"),
    Column("TICKET", "ticket"),
    Column("REASON", "reason"),
)


def _claims_that_may_be_seen(api: Api, namespace: str) -> list[ClaimedObject]:
    """List the claims of the kinds that the user may list. Raises ApiStatusError where that is none."""
    claims: list[ClaimedObject] = []
    refusals: list[ApiStatusError] = []
    kinds = kinds_in(namespace)
    for kind in kinds:
        try:
            claims += list_claims(api, namespace, [kind])
        except ApiStatusError as error:
            if error.status != HTTPStatus.FORBIDDEN:
                raise
            refusals.append(error)
    if len(refusals) == len(kinds):
        raise refusals[0]
    for refusal in refusals:
        click.echo(f"Warning: not looked at: {refusal}", err=True)
    return claims


def _print_claims(claims: Iterable[ClaimedObject], output: str) -> None:
    now = datetime.now(UTC)
    print_rows(_COLUMNS, [_row(claimed, now) for claimed in claims], output, "No claims.")


def _row(claimed: ClaimedObject, now: datetime) -> dict[str, str]:
    key, claim = claimed.key, claimed.claim
    seconds = (claim.end - now).total_seconds() if claim.end is not None else 0
    return {
        "kind": key.kind,
        "namespace": key.namespace,
        "name": safe(key.name),
        "by": safe(claim.by),
        "until": safe(claim.expires),
        "left": age(seconds) if seconds > 0 else "ended",
        "ticket": safe(claim.ticket),
        "reason": safe(claim.reason),
    }
