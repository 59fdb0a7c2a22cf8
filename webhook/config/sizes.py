"""Sizes and shares as people write them: ``512Mi``, ``1Gi``; ``50%``."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from webhook.config.errors import FormError
from webhook.config.forms import Form, quoted, text_of

_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_SIZE = re.compile(r"([1-9]\d{0,5})(Ki|Mi|Gi|Ti)", re.ASCII)
_SHARE = re.compile(r"(100|\d{1,2})%", re.ASCII)


def parse_size(text: str) -> int:
    """Read a size, a whole number of Ki, Mi, Gi or Ti, as bytes. Raises ValueError for anything else."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError("not a size; write one as 512Mi or 1Gi (units: Ki, Mi, Gi, Ti)")
    return int(match[1]) * _UNITS[match[2]]


def format_size(size: int) -> str:
    """Write a size with the largest unit that leaves a whole number; in bytes where none does."""
    units = [(number, unit) for unit, number in _UNITS.items() if size and size % number == 0]
    number, unit = max(units, default=(1, " bytes"))
    return f"{size // number}{unit}"


def _read_size(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        raise FormError(f"{value} has no unit; write {value}Mi for mebibytes")
    text = text_of(value)
    try:
        return parse_size(text)
    except ValueError as error:
        raise FormError(f"{quoted(text)} is {error}") from None


def _read_share(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise FormError(f"{value} has no percent sign; write one as 50%")
    text = text_of(value)
    match = _SHARE.fullmatch(text)
    if match is None:
        raise FormError(f"{quoted(text)} is no share; write one as 50%, from 0% to 100%")
    return int(match[1]) / 100


def _write_share(share: float) -> str:
    return f"{share:.0%}"


Size: TypeAlias = Annotated[
    int, Form(_read_size, {"type": "string", "pattern": f"^{_SIZE.pattern}$"}, write=format_size)
]
Share: TypeAlias = Annotated[
    float, Form(_read_share, {"type": "string", "pattern": f"^{_SHARE.pattern}$"}, write=_write_share)
]
