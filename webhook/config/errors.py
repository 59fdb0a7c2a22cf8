"""What can be wrong with a configuration file.

BasewardError
└── ConfigurationError      the file cannot be used: all of its faults, each with its line and path

ValueError
└── FormError               one value is wrong; whoever knows its place makes a fault of it

Neither ever carries the value of a field that may hold a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webhook.core.errors import BasewardError
from webhook.core.printing import safe

_MAX_PATH = 200


class FormError(ValueError):
    """Says what is wrong with one value, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    ``path`` is where (``rules[2].kinds[0]``, "" for the file itself); ``line`` counts from 1, None
    where there is no line to name.
    """

    path: str
    problem: str
    line: int | None = None


class ConfigurationError(BasewardError):
    """Says everything that is wrong with a configuration file: one line a fault."""

    def __init__(self, where: str, faults: Sequence[Fault]) -> None:
        super().__init__(where, tuple(faults))
        self.where = where
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(self._line(fault) for fault in self.faults)

    def _line(self, fault: Fault) -> str:
        file = safe(self.where, _MAX_PATH)
        place = file if fault.line is None else f"{file}:{fault.line}"
        return ": ".join(part for part in (place, fault.path, fault.problem) if part)
