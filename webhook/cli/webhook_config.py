"""`baseward webhook-config`: the ValidatingWebhookConfiguration to apply."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import yaml
from cryptography.x509 import load_pem_x509_certificates

from webhook.cli.context import Context
from webhook.cluster.registration import Registration
from webhook.config.cluster_names import DNS_LABEL
from webhook.core.policy import Mode

_PATH = "/validate"
_PLAIN_URL = re.compile(r"[!\"$->@-~]+")  # ASCII without blanks, "?" and "#"
_SERVICE_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")  # RFC 1035
_NAMESPACE_NAME = re.compile(DNS_LABEL)
_EXAMPLES = """\b
Examples:
  baseward webhook-config --url https://127.0.0.1:8443 --ca-file tls/ca.crt | kubectl apply -f -
  baseward webhook-config --service baseward --namespace baseward-system --ca-file tls/ca.crt
"""


@click.command("webhook-config", epilog=_EXAMPLES)
@click.option("--url", metavar="URL", help="Where the API server reaches the webhook, outside the cluster.")
@click.option("--service", metavar="NAME", help="The webhook's Service, inside the cluster.")
@click.option("--namespace", metavar="NS", help="The namespace of --service.")
@click.option(
    "--ca-file",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The CA that issued the serving certificate (PEM).",
)
@click.option(
    "--failure-policy",
    type=click.Choice(["Fail", "Ignore"]),
    help="What happens while the webhook is down [default: Fail in mode enforce, Ignore in mode audit].",
)
@click.option("--timeout", type=click.IntRange(1, 30), default=3, show_default=True, metavar="SECONDS")
@click.pass_obj
def webhook_config(  # noqa: PLR0913 - click passes one argument an option
    context: Context,
    *,
    url: str | None,
    service: str | None,
    namespace: str | None,
    ca_file: Path,
    failure_policy: str | None,
    timeout: int,
) -> None:
    """Print the ValidatingWebhookConfiguration.

    It is for a URL or for a Service. Namespaces that the configuration's scope excludes are never
    asked about. The API server's own requests (system:apiserver) are exempt, and nobody else's, so
    that approved changes are recorded.
    """
    client_config = _client_config(url, service, namespace)
    client_config["caBundle"] = base64.b64encode(_certificate(ca_file)).decode()
    configuration = context.configuration_if_there()
    if configuration is None:
        click.echo(
            "no configuration, see --config: no namespace is excluded (scope.excludeNamespaces),"
            " and the mode is taken to be enforce",
            err=True,
        )
    if failure_policy is None:
        audits = configuration is not None and configuration.mode is Mode.AUDIT
        failure_policy = "Ignore" if audits else "Fail"
    excluded = configuration.policy.exclude_namespaces if configuration is not None else ()
    registration = Registration(client_config, failure_policy, excluded, timeout)
    click.echo(yaml.safe_dump(registration.to_manifest(), sort_keys=False), nl=False)


def _client_config(url: str | None, service: str | None, namespace: str | None) -> dict[str, Any]:
    if url is not None and service is None and namespace is None:
        return {"url": _with_path(url)}
    if url is None and service and namespace:
        if not _SERVICE_NAME.fullmatch(service):
            raise click.UsageError(f"--service {service!r} is no name that a Service can have")
        if not _NAMESPACE_NAME.fullmatch(namespace):
            raise click.UsageError(f"--namespace {namespace!r} is no name that a namespace can have")
        return {"service": {"name": service, "namespace": namespace, "path": _PATH, "port": 443}}
    raise click.UsageError("name the webhook by --url, or by --service and --namespace")


def _with_path(url: str) -> str:
    """Return a URL with a path. An error repeats nothing of it: there may be a password in it."""
    if not _is_callable(url):
        raise click.UsageError(
            "--url must be https://HOST[:PORT][/PATH], without user, password, query and fragment"
        )
    return url if urlsplit(url).path not in ("", "/") else url.rstrip("/") + _PATH


def _is_callable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # a port out of range, half of an IPv6 address
        return False
    return parts.scheme == "https" and has_host and _PLAIN_URL.fullmatch(url) is not None


def _certificate(file: Path) -> bytes:
    content = file.read_bytes()
    try:
        load_pem_x509_certificates(content)
        is_fine = b"PRIVATE KEY-----" not in content
    except ValueError:
        is_fine = False
    if not is_fine:
        raise click.UsageError(f"--ca-file {file} must hold PEM certificates, and no key")
    return content
