"""What somebody probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_CUTOFF = 0.6
_MAX_WORD = 100  # nobody misspells a word that long, and the comparison is quadratic


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the known word that is nearest, or "" where none is near."""
    plain = {_plain(candidate): candidate for candidate in known}
    near = get_close_matches(_plain(word[:_MAX_WORD]), plain, n=1, cutoff=_CUTOFF)
    return f'; did you mean "{plain[near[0]]}"?' if near else ""


def _plain(word: str) -> str:
    """Drop what people differ in: max_age, max-age and maxAge are one word."""
    return re.sub(r"[-_.\s]", "", word).lower()
