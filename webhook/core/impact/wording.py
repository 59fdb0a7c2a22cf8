"""An impact for people and for programs: the lines of a denial, one line a warning, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from webhook.core.impact.finding import Finding, Impact
from webhook.core.printing import columns, safe, wrap

_TREATED = "treated as widening"
_MOST_LINES = 4
_MOST_WARNINGS = 3
_MAX_TEXT = 400
_ALL = 1_000


def lines_of(impact: Impact, width: int) -> list[str]:
    """Tell what a change would do in few lines of at most ``width`` columns: the worst, and how much more."""
    doubts = [f"Impact: {text}" for text in _doubts(impact, 1)]
    closes = _list("Would no longer allow", impact.closes, width, 1 if impact.opens else _MOST_LINES)
    return [
        *_list("Would newly allow", impact.opens, width, _MOST_LINES),
        *(_indented(1, text, width) for text in doubts),
        *closes,
    ]


def warnings_of(impact: Impact, most: int = _MOST_WARNINGS) -> Iterator[str]:
    """Tell what a change that is let pass does, one finding a line; whoever prints them cuts them."""
    yield from (f"newly allows: {text}" for text in _some(impact.opens, most))
    yield from (f"impact: {text}" for text in _doubts(impact, most))
    yield from (f"no longer allows: {text}" for text in _some(impact.closes, 1))


def as_json(impact: Impact, most: int = _ALL, width: int = _MAX_TEXT) -> dict[str, Any]:
    """Return an impact as JSON: of each list the first ``most`` texts, each cut to ``width``."""
    lists = {"opens": impact.opens, "closes": impact.closes, "unknown": impact.unknown}
    texts = {name: [safe(text, width) for text in _some(items, most)] for name, items in lists.items()}
    return {"effect": impact.effect, **texts}


def _list(title: str, findings: tuple[Finding, ...], width: int, most: int) -> list[str]:
    """Write one finding behind the title if it fits there, else as many as fit in ``most`` lines below it."""
    if not findings:
        return []
    rest = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    line = f"{title}: {findings[0]}{rest}"
    if most == 1 or (not rest and columns(line) <= width - 2):
        return [_indented(1, line, width)]
    lines: list[str] = []
    for told, finding in enumerate(findings):
        wrapped = _wrapped(str(finding), width)[: most - 1]
        if len(lines) + len(wrapped) > (most if finding is findings[-1] else most - 1):
            lines.append(f"    and {len(findings) - told} more")
            break
        lines += wrapped
    return [f"  {title}:", *lines]


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines below a title, the first with less of an indent."""
    first, *others = wrap(safe(text, _MAX_TEXT), width - 6)
    return [f"    {first}", *(f"      {line}" for line in others)]


def _some(items: Sequence[object], most: int) -> list[str]:
    """Return the first few texts; where there are more, the last says how many."""
    if len(items) <= most:
        return [str(item) for item in items]
    told = max(most - 1, 1)  # never only a count
    return [*(str(item) for item in items[:told]), f"and {len(items) - told} more"]


def _doubts(impact: Impact, most: int) -> list[str]:
    """Return what cannot be told, as whole sentences; the last one says how much more there is."""
    told = impact.unknown[:most]
    more = f", and {len(impact.unknown) - len(told)} more" if len(impact.unknown) > len(told) else ""
    return [f"{text}{more if text is told[-1] else ''}; {_TREATED}" for text in told]


def _indented(depth: int, text: str, width: int) -> str:
    indent = "  " * depth
    return indent + safe(text, width - len(indent))
