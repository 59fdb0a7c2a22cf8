"""Which requests reach whom, before and after."""

from __future__ import annotations

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import Impact
from webhook.core.impact.ingress import opaque, shifts
from webhook.core.impact.ingress.annotations.judging import reads_paths
from webhook.core.impact.ingress.exposure import Exposure
from webhook.core.impact.ingress.hosts import Side, affected_hosts
from webhook.core.impact.ingress.paths import Request
from webhook.core.impact.ingress.places import shifts_of
from webhook.core.impact.ingress.routes import Turn, turns_at
from webhook.core.impact.ingress.shifts import Shift


def compare(before: Exposure, after: Exposure, budget: Budget) -> Impact:
    """Tell which requests go elsewhere. Raises UnreadableError, TooLargeError."""
    moved, orphans = shifts_between(before, after, budget)
    told = shifts.impact_of(moved, budget) + opaque.elsewhere(orphans)
    return told + opaque.reordering(before, after, budget)


def shifts_between(before: Exposure, after: Exposure, budget: Budget) -> tuple[list[Shift], list[str]]:
    """Return the places whose requests move, and what took requests that something else may take now.

    Raises UnreadableError, TooLargeError.
    """
    unread = reads_paths(before.annotations, budget) or reads_paths(after.annotations, budget)
    sides = Side(before, unread, budget), Side(after, unread, budget)
    turns: dict[tuple[str, Request], tuple[Turn, ...]] = {}
    moved: list[Shift] = []
    orphans: list[str] = []
    for host in affected_hosts(before, after, budget):
        if opaque.is_opaque(host, *sides):
            moved += opaque.shifts_at(host, *sides, budget)
            orphans += opaque.orphans_at(host, *sides, budget)
        else:
            turns |= {(host, request): found for request, found in turns_at(host, *sides, budget)}
    moved += shifts_of(turns, before)
    return moved, orphans
