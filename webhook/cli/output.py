"""Tables for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True
)


_NO_TERMINAL = 100_000
"""Columns, more than any row has."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and the key of its values."""

    heading: str
    key: str


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def print_rows(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], output: str, if_none: str
) -> None:
    """Print rows as a table without borders, as kubectl does, or as a JSON list."""
    if output == "json":
        print_json(list(rows))
    elif not rows:
        click.echo(if_none)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column.heading, overflow="fold")
        for row in rows:
            table.add_row(*(str(row[column.key]) for column in columns))
        _console().print(table, markup=False, highlight=False)


def _console() -> Console:
    """Return a console that prints texts as they are, and on one line each where there is no terminal."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _NO_TERMINAL
    return console
