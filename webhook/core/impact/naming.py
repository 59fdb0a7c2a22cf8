"""How a finding names what strangers named: plain, or in quotes."""

from __future__ import annotations

import json
import re

# What cannot be taken for a word of ours, or for the mark between the two sides of a finding.
_PLAIN = re.compile(r"[A-Za-z0-9*/][A-Za-z0-9._:@/*+-]*\Z")


def name_of(text: str) -> str:
    """Return a name as it is, or as a JSON string where it could be mistaken for more than a name."""
    return text if _PLAIN.match(text) else json.dumps(text, ensure_ascii=False)


def listed(texts: list[str], most: int = 4) -> str:
    """Join texts with commas; past ``most`` of them, say how many more there are."""
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[: most - 1])} and {len(texts) - most + 1} more"
