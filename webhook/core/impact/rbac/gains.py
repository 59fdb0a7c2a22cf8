"""What somebody gains or loses by a change: values, not yet words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from webhook.core.impact.rbac.grants import Grants
from webhook.core.impact.rbac.principals import Principal
from webhook.core.objects import ObjectKey

EVERYWHERE = ""
"""The scope of a ClusterRoleBinding; that of a RoleBinding is the name of its namespace."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Whoever is bound to a role, by bindings that are not known."""

    role: ObjectKey


@dataclass(frozen=True, slots=True)
class Gathering:
    """Whoever holds a role that gathers others by one of some labels, a role that is not known."""

    labels: tuple[tuple[str, str], ...]


Holder: TypeAlias = Principal | Bound | Gathering


@dataclass(frozen=True, slots=True)
class Source:
    """The role that allows what is gained.

    It is all that the role allows where ``whole``. Where ``partial``, the role may allow more, as it gathers
    roles that are not known.
    """

    role: ObjectKey
    whole: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Gain:
    """What one holder gains, or loses, in one scope (None: that of a binding that is not known).

    No ``grants`` are whatever its source allows, which is not known.
    """

    holder: Holder
    scope: str | None
    grants: Grants | None
    source: Source


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change opens and closes, and what of it is not known, as clauses."""

    opens: tuple[Gain, ...] = ()
    closes: tuple[Gain, ...] = ()
    unknown: tuple[str, ...] = ()

    def __add__(self, other: Difference) -> Difference:
        """Return what both tell."""
        return Difference(self.opens + other.opens, self.closes + other.closes, self.unknown + other.unknown)
