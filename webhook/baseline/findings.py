"""What was found while reading: the first lines, for people, and how many there are in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """Lines for people, of which at most ``limit`` are kept."""

    limit: int
    lines: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, lines: Iterable[str]) -> None:
        """Add lines."""
        for line in lines:
            self.count += 1
            if self.count <= self.limit:
                self.lines.append(line)

    def shown(self, what: str) -> tuple[str, ...]:
        """Return the lines, with one more that says how many are not shown; ``what`` names them."""
        hidden = self.count - len(self.lines)
        return (*self.lines, *([f"and {hidden} more {what}"] if hidden else []))
