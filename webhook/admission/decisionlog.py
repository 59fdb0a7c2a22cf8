"""The decision log: one JSON line a decision, on standard output.

Two processes that write long lines to one pipe tear them, so that a line is one write of at most
4,096 bytes (PIPE_BUF): what is long is cut before. Whatever is cut, each key keeps its type, and of
the diff what matters most is kept: an attacker must not hide a rule behind a dozen labels.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import orjson

from webhook.core.diff import FieldChange
from webhook.core.explain import Answered
from webhook.core.impact import Impact
from webhook.core.impact.wording import as_json
from webhook.core.printing import safe
from webhook.core.wording import line_of

MAX_LINE = 4_096
_ROUNDS = ((12, 10, 6), (8, 6, 4), (4, 3, 3), (2, 1, 2), (1, 0, 1))
"""How many changes, groups and findings are told: fewer from round to round, until the line fits."""
_MAX_CHANGES, _MAX_GROUPS = _ROUNDS[0][:2]
_MAX_CHANGE = 160
_MAX_DIFF = 1_200  # so that a long diff leaves room for all else
_MAX_FINDING = 160
_MAX_NOTE = 160
_MAX_USER = 120
_MAX_NAME = 253
_MIN_TEXT = 40  # what each text is cut to where nothing else helps; a commit still fits


def log_line(answered: Answered, duration_ms: float) -> bytes:
    """Write the line of one decision, with its line end."""
    request, decision = answered.request, answered.decision
    groups = [safe(group) for group in request.subject.groups[:_MAX_GROUPS]]
    diff = _diff(decision.changes)
    facts: dict[str, Any] = {
        "time": answered.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "uid": safe(request.uid),
        "user": safe(request.subject.username, _MAX_USER),
        "groups": groups,
        "operation": safe(request.operation),
        "group": safe(request.key.group),
        "kind": safe(request.key.kind),
        "namespace": safe(request.key.namespace),
        "name": safe(request.key.name, _MAX_NAME),
        "decision": decision.outcome,
        "reason": decision.reason,
        "action": decision.action,
        "diff": diff,
        "impact": None,
        "commit": safe(answered.commit),
        "dryRun": request.dry_run,
        "durationMs": round(duration_ms, 3),
    }
    if decision.note:
        facts["note"] = safe(decision.note, _MAX_NOTE)
    for most_changes, most_groups, most_findings in _ROUNDS:
        facts["diff"] = _first(most_changes, diff, len(decision.changes))
        facts["groups"] = _first(most_groups, groups, len(request.subject.groups))
        facts["impact"] = _impact(decision.impact, most_findings)
        line = orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE)
        if len(line) <= MAX_LINE:
            return line
    facts |= {name: safe(text, _MIN_TEXT) for name, text in facts.items() if isinstance(text, str)}
    return orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE)


def _diff(changes: Sequence[FieldChange]) -> list[str]:
    """Tell the first changes, those of metadata last; each shorter where there are many."""
    told = sorted(changes, key=_is_metadata)[:_MAX_CHANGES]
    width = min(_MAX_CHANGE, _MAX_DIFF // max(len(told), 1))
    return [line_of(change, width) for change in told]


def _impact(impact: Impact | None, most: int) -> dict[str, Any] | None:
    return None if impact is None else as_json(impact, most, _MAX_FINDING)


def _is_metadata(change: FieldChange) -> bool:
    return change.pointer[:1] == ("metadata",)


def _first(count: int, texts: list[str], total: int) -> list[str]:
    """Return the first texts, and how many of ``total`` are not told."""
    told = texts[:count]
    return told if len(told) == total else [*told, f"and {total - len(told)} more"]


def write_line(line: bytes) -> None:
    """Write a line to standard output in one piece. Raises OSError.

    Nothing catches that where the line is a decision's: the review gets a 500, and the cluster's
    ``failurePolicy`` decides. With a full disk or nobody at the other end of the pipe Baseward so stops
    deciding, as intended: a decision that cannot be recorded is not given.
    """
    os.write(1, line)
