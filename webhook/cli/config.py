"""`baseward config`: check a configuration file, and help to write one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

import click

from webhook.config import Configuration, ConfigurationError, json_schema, load_configuration
from webhook.core.printing import safe

_CHECK_EXAMPLES = """\b
Examples:
  Before a commit, or in CI:
    baseward config check config.yaml
  What a fault looks like:
    config.yaml:12: rules[0].kinds[0]: unknown kind "Ingresses"; one of Ingress, ...
"""
_SCHEMA_EXAMPLES = """\b
Examples:
  Let an editor with the YAML language server complete and check the file:
    baseward config schema > baseward.schema.json
  and make this the first line of the file:
    # yaml-language-server: $schema=baseward.schema.json
"""


class _FaultyError(click.ClickException):
    """Ends the command with the whole report on stderr and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print one line a fault, as compilers do, so that editors can jump to each."""
        click.echo(self.format_message(), file=file, err=file is None)


@click.group("config")
def config_group() -> None:
    """Check the configuration file, or print its JSON Schema."""


@config_group.command("check", epilog=_CHECK_EXAMPLES)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a configuration file, without using it.

    Everything that is wrong is reported at once, unknown keys included, each with its line and path.
    Nothing is fetched: repositories, clusters and certificates are not looked at.

    Exits with 0 if the file is fine, and 2 if it is not.
    """
    try:
        configuration = load_configuration(file)
    except ConfigurationError as error:
        raise _FaultyError(str(error)) from error
    click.echo(f"{file}: fine")
    for name, text in _summary(configuration):
        click.echo(f"  {name:<9}  {text}")


@config_group.command("schema", epilog=_SCHEMA_EXAMPLES)
def schema() -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))


def _summary(configuration: Configuration) -> list[tuple[str, str]]:
    approvers = list(dict.fromkeys(safe(approver.user) for approver in configuration.approvers))
    sources = [f"{source.name} at {safe(source.revision)}" for source in configuration.baseline.sources]
    rows = {
        "cluster": [safe(configuration.cluster)] if configuration.cluster else [],
        "mode": [configuration.mode.value],
        "sources": sources,
        "approvers": approvers or ["none: nobody may bring what Git does not declare yet"],
        "presets": list(configuration.presets),
    }
    return [(name, ", ".join(texts)) for name, texts in rows.items() if texts]
