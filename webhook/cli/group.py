"""How every command fails: one message on standard error, exit code 2."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from webhook.core.errors import BasewardError

DENIED = 1
ERROR = 2


class TeachingGroup(click.Group):
    """A group that imports a command when it is asked for, and reports our errors.

    ``places`` says where each command is, as ``module:name``, most used first.
    """

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        """Remember where the commands are."""
        super().__init__(*args, **kwargs)
        self._places = dict(places)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order in which they were given."""
        return list(self._places)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import a command; None where there is none of that name."""
        place = self._places.get(name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that was raised on purpose is a message, not a stack trace."""
        try:
            return super().invoke(ctx)
        except BasewardError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(ERROR)
        except BrokenPipeError:
            # Whoever read our output has seen enough (`| head`). Python would complain at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(ERROR)
