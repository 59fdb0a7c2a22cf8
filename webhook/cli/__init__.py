"""The command line: `baseward`, also installed as `kubectl-baseward`. One file a noun."""

from __future__ import annotations

from pathlib import Path

import click

from webhook import __version__
from webhook.cli.context import CONFIG_VARIABLE, DEFAULT_CONFIG, Context
from webhook.cli.group import TeachingGroup

__all__ = ["main"]


# Each is imported when it is asked for: `sync` needs no Kubernetes client, which takes a second to import.
_COMMANDS = {
    "run": "webhook.cli.run:run",
    "sync": "webhook.cli.sync:sync",
    "serve": "webhook.cli.serve:serve",
    "check": "webhook.cli.check:check",
    "explain": "webhook.cli.explain:explain",
    "break-glass": "webhook.cli.break_glass:break_glass",
    "webhook-config": "webhook.cli.webhook_config:webhook_config",
    "config": "webhook.cli.config:config_group",
    "certs": "webhook.cli.certs:certs_group",
}


@click.group(
    cls=TeachingGroup,
    places=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar=CONFIG_VARIABLE,
    help=f"The configuration [{CONFIG_VARIABLE}; default: {DEFAULT_CONFIG}].",
)
@click.version_option(__version__, "--version", prog_name="baseward")
@click.pass_context
def main(context: click.Context, config_file: Path | None) -> None:
    """Keep a Kubernetes cluster where Git says it is.

    Baseward compares each proposed Ingress, NetworkPolicy and RBAC change with what Git declares,
    and denies or warns on changes that do not come from the approved GitOps account.

    \b
    On one machine, or to try it:
      baseward certs issue --out tls --name localhost
      baseward --config config.yaml run
      baseward --config config.yaml webhook-config --url https://localhost:8443 --ca-file tls/ca.crt
    In an emergency (as a kubectl plugin):
      kubectl baseward break-glass networkpolicy/web -n shop --for 1h --reason "incident 4711"

    Exit codes: 0 fine, 1 drift or denied, 2 error.
    """  # noqa: D301  # click takes the control character \b for "do not wrap this paragraph"
    context.obj = Context(config_file)
