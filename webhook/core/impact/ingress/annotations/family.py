"""A table of annotations: what each does, by its name behind the controller's prefix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from webhook.core.impact.ingress.annotations.behaviours import Behaviour


@dataclass(frozen=True, slots=True)
class Family:
    """The annotations of one controller.

    ``domains`` are what may stand before the slash; ``rows`` are names behind it, those of ``beginnings`` go
    on as a user likes (``actions.<name>``). ``aliases`` are names of one and the same annotation;
    ``domains_are_one`` where all domains with a name are.
    """

    domains: tuple[str, ...]
    rows: Mapping[str, Behaviour]
    beginnings: Mapping[str, Behaviour] = field(default_factory=dict)
    aliases: tuple[tuple[str, ...], ...] = ()
    domains_are_one: bool = False

    def behaviour_of(self, name: str) -> Behaviour | None:
        """Return what an annotation does, None where that is not known."""
        if name in self.rows:
            return self.rows[name]
        return next((row for start, row in self.beginnings.items() if name.startswith(start)), None)

    def keys_of(self, domain: str, name: str) -> tuple[str, ...]:
        """Return all the keys of one annotation, in an order that is the same for each of them."""
        domains = self.domains if self.domains_are_one else (domain,)
        names = next((names for names in self.aliases if name in names), (name,))
        return tuple(f"{domain}/{name}" for domain in domains for name in names)
