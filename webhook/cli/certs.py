"""`baseward certs`: certificates for the webhook, without a cluster."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

import certs

_MAX_DAYS = 36_500
_EXAMPLES = """\b
Examples:
  On one machine:
    baseward certs issue --out tls --name localhost --name 127.0.0.1
  Behind a Service of the cluster:
    baseward certs issue --out tls --service baseward --namespace baseward-system
"""


class _RefusedError(click.ClickException):
    """Ends the command with one line on stderr and exit code 2."""

    exit_code = 2


@click.group("certs")
def certs_group() -> None:
    """Issue certificates for the webhook."""


@certs_group.command("issue", epilog=_EXAMPLES)
@click.option(
    "--out",
    "directory",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where to write ca.crt, tls.crt and tls.key; made if missing.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="DNS_OR_IP",
    help="A host that clients call the webhook by. Repeat it, or list more after it.",
)
@click.argument("more_names", nargs=-1, metavar="[DNS_OR_IP]...")
@click.option("--service", metavar="NAME", help="The webhook's Service: adds the name NAME.NS.svc.")
@click.option("--namespace", metavar="NS", help="The namespace of --service.")
@click.option(
    "--days",
    type=click.IntRange(1, _MAX_DAYS),
    default=certs.SERVING_LIFETIME.days,
    show_default=True,
    help="How long the serving certificate is valid.",
)
@click.option(
    "--ca-days",
    type=click.IntRange(1, _MAX_DAYS),
    default=certs.CA_LIFETIME.days,
    show_default=True,
    help="How long its CA is valid.",
)
@click.option("--force", is_flag=True, help="Overwrite certificates that Baseward did not issue.")
def issue(  # noqa: PLR0913 - click passes one argument an option
    *,
    directory: Path,
    names: tuple[str, ...],
    more_names: tuple[str, ...],
    service: str | None,
    namespace: str | None,
    days: int,
    ca_days: int,
    force: bool,
) -> None:
    """Issue a CA, and a serving certificate that it signs.

    `baseward serve` needs tls.crt and tls.key. The API server needs ca.crt, which
    `baseward webhook-config --ca-file` puts where it belongs.

    To renew, run the same command again: a running `baseward serve` picks the new files up. The CA's
    private key is kept nowhere, so every run makes a new CA: apply `baseward webhook-config` again right
    after, as the API server trusts only the CA that it was told about.
    """
    now = datetime.now(UTC)
    try:
        hosts = (*names, *more_names, *_service_names(service, namespace))
        authority = certs.issue_authority(now=now, lifetime=timedelta(days=ca_days))
        serving = certs.issue_serving_certificate(authority, hosts, now=now, lifetime=timedelta(days=days))
        certs.write_certificates(directory, authority, serving, force=force)
    except certs.CertificateError as error:
        raise _RefusedError(str(error)) from error
    _report(directory, authority, serving)


def _service_names(service: str | None, namespace: str | None) -> tuple[str, ...]:
    if service is None and namespace is None:
        return ()
    if service is None or namespace is None:
        raise _RefusedError("--service and --namespace belong together: give both, or --name instead")
    return (certs.service_dns_name(service, namespace),)


def _report(directory: Path, authority: certs.Authority, serving: certs.ServingCertificate) -> None:
    ca_file = shlex.quote(str(directory / certs.CA_FILE))
    click.echo(
        f"Wrote {certs.CA_FILE}, {certs.CERTIFICATE_FILE} and {certs.KEY_FILE} to {directory}\n"
        f"  serving certificate  until {certs.expiry(serving.certificate):%Y-%m-%d}\n"
        f"  its CA, a new one    until {certs.expiry(authority.certificate):%Y-%m-%d}\n"
        f"Next, let the API server trust it: baseward webhook-config --ca-file {ca_file} ..."
    )
