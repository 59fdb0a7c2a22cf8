"""Why what a source's revision names is not served."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """What keeps a source from being in sync."""

    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    BROKEN = "broken"
    HELD = "held"
    UNWRITABLE = "unwritable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something of a source is not served: the kind of trouble, and lines for people."""

    trouble: Trouble
    errors: tuple[str, ...]
