"""Where a value stands in the file, and how that is written for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from webhook.core.printing import safe

Place: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a value: ``("rules", 2, "kinds", 0)``."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)


def format_place(place: Place) -> str:
    """Write a place: ``rules[2].kinds[0]``; a key of other characters stands in brackets and quotes."""
    text = ""
    for step in place:
        if isinstance(step, str) and _PLAIN_KEY.fullmatch(step):
            text += f".{safe(step)}" if text else safe(step)
        else:
            text += f"[{step}]" if isinstance(step, int) else f'["{safe(step)}"]'
    return text


def line_of(place: Place, lines: Mapping[Place, int]) -> int | None:
    """Return the line of a place, or of the nearest one around it that has a line."""
    return next((lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), None)
