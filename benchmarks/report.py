"""What was measured, as a table; a bound that is missed is the reader's first business."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. ``met`` is None where there is no bound; ``more`` is for information."""

    name: str
    measured: str
    bound: str = ""
    met: bool | None = None
    more: str = ""


def ratio_finding(name: str, ratios: Sequence[float], bound: float, more: str) -> Finding:
    """Report the median of the rounds' ratios."""
    median = statistics.median(ratios)
    measured = f"{median:.2f}x ({min(ratios):.2f}..{max(ratios):.2f})"
    return Finding(name, measured, f"{bound:.1f}x", median <= bound, more)


def print_findings(findings: Sequence[Finding]) -> None:
    """Print the table, on a terminal in colour."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("what", "measured (min..max)", "bound", "met", "for information"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        met = {None: "", True: "yes", False: "[red]NO[/red]"}[finding.met]
        table.add_row(finding.name, finding.measured, finding.bound, met, finding.more)
    console = Console(highlight=False)
    (console if console.is_terminal else Console(width=160, highlight=False)).print(table)
