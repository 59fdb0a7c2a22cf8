"""`baseward run`: sync and serve together, for one machine."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

from webhook.cli.context import CONFIG_VARIABLE, Context
from webhook.cli.group import ERROR

_POLL = 0.1
_PATIENCE = 40.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_EXAMPLES = """\b
Examples:
  baseward run                              with the configuration that BASEWARD_CONFIG names
  baseward --config config.yaml run
"""


@click.command(epilog=_EXAMPLES)
@click.pass_obj
def run(context: Context) -> None:
    """Start `sync` and `serve` together, on one machine.

    Both end together: with SIGTERM, SIGHUP or Ctrl-C, or when one of them does.
    """
    context.configuration()
    environment = {**os.environ, CONFIG_VARIABLE: str(context.config_file)}
    asked = _signals()  # from the first moment on: whatever is started is ended
    with _started(("sync", "serve"), environment) as children:
        while not asked and all(child.poll() is None for child in children.values()):
            time.sleep(_POLL)
        ended = {name: child.returncode for name, child in children.items() if child.poll() is not None}
    if asked:
        return
    for name, code in ended.items():
        click.echo(f"baseward {name} ended with exit code {code}", err=True)
    sys.exit(ERROR)


def _signals() -> list[int]:
    """Return a list to which each signal that tells us to end is added as it comes."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, note)
    return asked


@contextmanager
def _started(
    names: tuple[str, ...], environment: dict[str, str]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Start commands, each in a session of its own: what a terminal sends comes to us alone."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in names:
            children[name] = subprocess.Popen(
                [sys.executable, "-m", "webhook", name],
                env=environment,
                start_new_session=True,
                preexec_fn=_end_with_parent(),  # noqa: PLW1509 - there are no other threads here
            )
        yield children
    finally:
        _end(children)


def _end_with_parent() -> Callable[[], None] | None:
    """Return what lets a child be told to end when its parent is gone, even by SIGKILL; Linux can."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    # SIGTERM, whatever told us to: gunicorn would take SIGHUP for "load your configuration again".
    for child in children.values():
        child.terminate()
    for child in children.values():
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
