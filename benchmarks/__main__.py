"""Measure Baseward: `python -m benchmarks`."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.errors import BenchmarkError
from benchmarks.impact import impact
from benchmarks.latency import latency
from benchmarks.memory import build, memory
from benchmarks.report import Finding, print_findings
from benchmarks.scale import FULL, QUICK, Scale
from benchmarks.speed import decision, size
from benchmarks.syncing import syncing
from benchmarks.world import World


@dataclass(frozen=True, slots=True)
class Setting:
    """What benchmarks work on: a small baseline and a large one, made when they are first needed."""

    few: World
    many: World
    scale: Scale


BENCHMARKS: dict[str, Callable[[Setting], list[Finding]]] = {
    "decision": lambda setting: decision(setting.few, setting.scale),
    "latency": lambda setting: latency(setting.few, setting.scale),
    "impact": lambda setting: impact(setting.scale.rounds),
    "build": lambda setting: build(setting.many),
    "syncing": lambda setting: syncing(setting.scale.rounds),
    "size": lambda setting: size(setting.few, setting.many, setting.scale),
    "memory": lambda setting: memory(setting.few, setting.many, setting.scale),
}


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--quick", is_flag=True, help=f"Fewer rounds, and {QUICK.many:,} objects: a first look.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(list(BENCHMARKS)),
    help="Run this benchmark and no other; may be given more than once.",
)
def main(*, quick: bool, only: tuple[str, ...]) -> None:
    """Measure what a decision costs, and what a large baseline costs.

    \b
    decision   CPU of a decision against the floor: parse, hash, answer, on the same server
    latency    p50 and p99 at half the floor's throughput, 16 connections
    impact     what telling the impact of the largest changes costs, in process
    build      seconds and memory of `baseward sync --once` from 100,000 small files
    syncing    a poll, one changed file of 10,000, and the way from a push to a decision
    size       CPU of a decision with 100,000 objects against the same with 100
    memory     private memory of a worker with 100,000 objects against one with 100

    Ratios in one run: what they are made of takes turns, slice by slice; absolute times are for
    information. A busy machine makes the ratios larger, as it empties the caches that long work
    needs more than short work: measure on a quiet one. Each answer is checked to be the expected
    one. The server has one core, its client another. Linux only, as /proc is read. All of it takes
    some minutes, and 1 GB of room for temporary files, which TMPDIR may name.

    Exit codes: 0 all bounds are met, 1 one is not, 2 it could not be measured.
    """  # noqa: D301  # click keeps the lines below a backspace character as they are
    chosen = [name for name in BENCHMARKS if not only or name in only]
    findings: list[Finding] = []
    try:
        with _setting(QUICK if quick else FULL) as setting:
            for name in chosen:
                click.echo(f"{name} ...", err=True)
                findings += BENCHMARKS[name](setting)
    except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    finally:
        if findings:  # also those before an error
            print_findings(findings)
    sys.exit(any(finding.met is False for finding in findings))


@contextlib.contextmanager
def _setting(scale: Scale) -> Iterator[Setting]:
    with tempfile.TemporaryDirectory(prefix="baseward-benchmark-") as folder:
        yield Setting(World(Path(folder), scale.few), World(Path(folder), scale.many), scale)


if __name__ == "__main__":
    main()
