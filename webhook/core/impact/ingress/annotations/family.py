"""A table of annotations: what each does, by its name behind the controller's prefix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from webhook.core.impact.ingress.annotations.behaviours import Behaviour


@dataclass(frozen=True, slots=True)
class Family:
    """The annotations of one controller.

    ``domains`` are what may stand before the slash; ``rows`` are names behind it, those of ``beginnings`` go
    on as a user likes (``actions.<name>``). ``aliases`` are names of one and the same annotation.
    """

    domains: tuple[str, ...]
    rows: Mapping[str, Behaviour]
    beginnings: Mapping[str, Behaviour] = field(default_factory=dict)
    aliases: tuple[tuple[str, ...], ...] = ()

    def behaviour_of(self, name: str) -> Behaviour | None:
        """Return what an annotation does, None where that is not known."""
        if name in self.rows:
            return self.rows[name]
        return next((row for start, row in self.beginnings.items() if name.startswith(start)), None)

    def aliased(self) -> Iterator[tuple[str, ...]]:
        """Yield the whole names of each annotation that has several."""
        for domain in self.domains:
            for names in self.aliases:
                yield tuple(f"{domain}/{name}" for name in names)
