"""Spans of time as people write them: ``30s``, ``15m``, ``1h30m``, ``500ms``."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(
    r"(?=.)(?:(?P<hours>\d{1,6})h)?(?:(?P<minutes>\d{1,6})m)?"
    r"(?:(?P<seconds>\d{1,9})s)?(?:(?P<milliseconds>\d{1,9})ms)?",
    re.ASCII,
)
_UNITS = ((3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms"))

DURATION_PATTERN = r"^(?=.)(\d{1,6}h)?(\d{1,6}m)?(\d{1,9}s)?(\d{1,9}ms)?$"
"""The same as a regular expression of JSON Schema."""


def parse_duration(text: str) -> timedelta:
    """Read a duration: whole numbers of h, m, s and ms, each at most once, in this order.

    Raises ValueError, with a text fit for people, for anything else.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("not a duration; write one as 30s, 15m or 1h30m (units: h, m, s, ms)")
    return timedelta(**{unit: int(number) for unit, number in match.groupdict(default="0").items()})


def format_duration(span: timedelta) -> str:
    """Write a duration as ``parse_duration`` reads it, to the millisecond."""
    left = span // timedelta(milliseconds=1)
    text = ""
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        text += f"{number}{unit}" if number else ""
    return text or "0s"
