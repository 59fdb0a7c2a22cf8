"""`baseward sync`: bring the snapshot to what Git declares."""

from __future__ import annotations

import contextlib
import logging
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from webhook.baseline import accepted
from webhook.baseline.doorbell import Doorbell, ring
from webhook.baseline.part import Progress as Report
from webhook.baseline.receiver import Receiver
from webhook.baseline.schedule import Schedule
from webhook.baseline.snapshot_files import locked
from webhook.baseline.status import read_status
from webhook.baseline.sync import Synchronizer
from webhook.baseline.sync_result import SyncResult, result_of
from webhook.cli.context import Context
from webhook.cli.group import ERROR
from webhook.config import Configuration
from webhook.core.printing import safe

_SECONDS_BETWEEN_LINES = 5.0
_EXAMPLES = """\b
Examples:
  baseward sync                             as a service beside `baseward serve`
  baseward sync --once                      once, for instance to see what is wrong in Git
  baseward --config config.yaml sync --once
  baseward sync --accept platform@3f2c1ab9b4b3c63a1e4a9a6a1b0e34e2b1a7c9d0
"""
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RING = 60.0  # seconds that a running service has to look at Git


@click.command(epilog=_EXAMPLES)
@click.option("--once", is_flag=True, help="Sync one time, print what came of it, and end.")
@click.option(
    "--accept",
    metavar="SOURCE@COMMIT",
    help="Serve a commit that is held: a rewritten history, or one that takes away more than maxShrink.",
)
@click.pass_obj
def sync(context: Context, *, once: bool, accept: str | None) -> None:
    """Bring the snapshot to what Git declares, again and again.

    Every `interval` it asks each source what its revision names now, and reads the source again only if
    that has moved. A commit with any error in it is refused whole, with all places named: what was served
    of its source stays, and the other sources go on. `baseward serve` takes up each new snapshot by itself.

    With --once: exit code 0 if all sources are in sync, 2 if not. A service that is at work in the same
    folder is asked to look at once.
    """
    configuration = context.configuration()
    if accept is not None:
        _accept(configuration, accept)
    elif once:
        sys.exit(_print_result(_sync_once(configuration)))
    else:
        _serve(configuration)


def _serve(configuration: Configuration) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    baseline = configuration.baseline
    schedule = Schedule(synchronizer_of(configuration), baseline.interval.total_seconds())
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(configuration.snapshot))
        stack.enter_context(Doorbell(configuration.snapshot, schedule.look_now))
        if baseline.receiver is not None:
            stack.enter_context(Receiver(baseline.receiver, baseline.sources, schedule.request))
        schedule.run(_Lines().report)


def _sync_once(configuration: Configuration) -> SyncResult:
    answer = ring(configuration.snapshot, _RING)
    if answer is not None:
        return _said(configuration, is_late=not answer)
    with _progress() as report, contextlib.closing(synchronizer_of(configuration)) as synchronizer:
        return synchronizer.sync_once(report)


def _said(configuration: Configuration, *, is_late: bool) -> SyncResult:
    """Return what the service at work in this folder said last."""
    result = result_of(read_status(configuration.snapshot))
    late = (f"the service in {configuration.snapshot} is still looking at Git; this is what it said last",)
    return replace(result, errors=late + result.errors) if is_late else result


def _accept(configuration: Configuration, text: str) -> None:
    name, _, commit = text.partition("@")
    names = [source.name for source in configuration.baseline.sources]
    if name not in names:
        raise click.UsageError(f"no source is named {safe(name)!r}; one of {', '.join(names)}")
    if not _COMMIT.fullmatch(commit):
        raise click.UsageError("name the commit by all of its digits, as the error does that holds it")
    accepted.accept(configuration.snapshot, name, commit)
    answer = ring(configuration.snapshot, _RING)
    if answer is not None:
        sys.exit(_print_result(_said(configuration, is_late=not answer)))
    click.echo(f"{name}@{commit[:7]} is accepted, and served from the next sync on.")


def synchronizer_of(configuration: Configuration) -> Synchronizer:
    """Return what syncs the sources of a configuration into its snapshot."""
    return Synchronizer(
        configuration.baseline.sources,
        configuration.snapshot,
        configuration.policy.left_out,
        history=configuration.baseline.history,
        max_shrink=configuration.baseline.max_shrink,
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
    served = [str(source) for source in result.sources if source.commit]
    what = f"served is {'; '.join(served)}" if served else "there is no snapshot yet"
    click.echo(f"Not all sources are in sync; {what}.", err=True)
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
