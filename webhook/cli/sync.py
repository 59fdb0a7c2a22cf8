"""`baseward sync`: bring the snapshot to what Git declares."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from webhook.baseline.build import Progress as Report
from webhook.baseline.sync import Synchronizer
from webhook.baseline.sync_result import SyncResult
from webhook.cli.context import Context
from webhook.cli.group import ERROR
from webhook.config import Configuration

_SECONDS_BETWEEN_LINES = 5.0
_EXAMPLES = """\b
Examples:
  baseward sync                             as a service beside `baseward serve`
  baseward sync --once                      once, for instance to see what is wrong in Git
  baseward --config config.yaml sync --once
"""


@click.command(epilog=_EXAMPLES)
@click.option("--once", is_flag=True, help="Sync one time, print what came of it, and end.")
@click.pass_obj
def sync(context: Context, *, once: bool) -> None:
    """Bring the snapshot to what Git declares, again and again.

    Every `baseline.interval` it asks each source what its revision names now, and reads the source
    again only if that has moved. A commit with any error in it is refused whole, with all places
    named, and the snapshot before it stays. `baseward serve` takes up each new snapshot by itself.

    With --once: exit code 0 if all sources are in sync, 2 if not.
    """
    configuration = context.configuration()
    synchronizer = synchronizer_of(configuration)
    if once:
        with _progress() as report:
            result = synchronizer.sync_once(report)
        sys.exit(_print_result(result))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    synchronizer.run(configuration.baseline.interval.total_seconds(), threading.Event(), _Lines().report)


def synchronizer_of(configuration: Configuration) -> Synchronizer:
    """Return what syncs the sources of a configuration into its snapshot."""
    return Synchronizer(
        configuration.baseline.sources,
        configuration.snapshot,
        configuration.policy.left_out,
        history=configuration.baseline.history,
    )


def _end(_number: int, _frame: FrameType | None) -> None:
    # In the middle of whatever it is: what is written aside is thrown away, programs at work are ended.
    sys.exit(0)


def _print_result(result: SyncResult) -> int:
    for warning in result.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if not result.errors:
        for source in result.sources:
            click.echo(str(source))
        return 0
    for error in result.errors:
        click.echo(f"Error: {error}", err=True)
    stays = f"the snapshot before it stays ({result.id})" if result.id else "there is no snapshot yet"
    click.echo(f"The sources are not in sync; {stays}.", err=True)
    return ERROR


@contextlib.contextmanager
def _progress() -> Iterator[Report]:
    """Show progress on standard error: a bar on a terminal, else a line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines().report
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"))
    with Progress(*columns, console=console, transient=True) as bars:
        yield _Bars(bars).report


class _Bars:
    """A bar for each source that is being read."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def report(self, source: str, done: int, total: int) -> None:
        if source not in self._tasks:
            self._tasks[source] = self._bars.add_task(source, total=None)
        self._bars.update(self._tasks[source], completed=done, total=total or None)
        if total and done == total:
            self._bars.remove_task(self._tasks.pop(source))


class _Lines:
    """A line for each few seconds that reading takes."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _SECONDS_BETWEEN_LINES

    def report(self, source: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done == 0:
            self._next = now + _SECONDS_BETWEEN_LINES
        elif now >= self._next:
            self._next = now + _SECONDS_BETWEEN_LINES
            click.echo(f"{source}: {done:,} of {total:,} files read", err=True)
