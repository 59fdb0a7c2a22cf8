"""What a change of a RoleBinding or ClusterRoleBinding grants and takes away.

Only the binding that changes counts. That another one grants the same already makes a grant no less new:
else somebody could plant a second binding first, and keep it when the other is taken away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.rbac.bindings import NO_BINDING, Binding, binding_of
from webhook.core.impact.rbac.comparison import compared
from webhook.core.impact.rbac.gains import EVERYWHERE, Difference, Gain, Source
from webhook.core.impact.rbac.grants import Grants
from webhook.core.impact.rbac.known import KnownRoles, words_of
from webhook.core.impact.rbac.principals import Principal
from webhook.core.impact.rbac.rules import NO_RULES
from webhook.core.impact.surroundings import Surroundings
from webhook.core.kinds import ROLE_BINDING
from webhook.core.objects import ObjectKey

_STEPS_A_PRINCIPAL = 3


def difference_of(change: Change, surroundings: Surroundings, budget: Budget) -> Difference:
    """Return what a change of a binding opens and closes. Raises UnreadableError, TooLargeError."""
    scope = change.key.namespace if change.kind is ROLE_BINDING else EVERYWHERE
    before, after = (_read(side, scope, budget) for side in (change.before, change.after))
    granting = _Granting(scope, KnownRoles(surroundings, budget), budget)
    found = Difference()
    if after.role is not None:
        found += granting.added(after.principals - before.principals, after.role)
    if before.role is not None:
        found += granting.removed(before.principals - after.principals, before.role)
    if before.role is not None and after.role is not None and before.role != after.role:
        found += granting.moved(before.principals & after.principals, before.role, after.role)
    return found


def _read(form: Mapping[str, Any] | None, scope: str, budget: Budget) -> Binding:
    return binding_of(form, scope, budget) if form is not None else NO_BINDING


@dataclass(frozen=True, slots=True)
class _Granting:
    """What it means to be bound to roles in one scope."""

    scope: str
    roles: KnownRoles
    budget: Budget

    def added(self, principals: Collection[Principal], role: ObjectKey) -> Difference:
        """Return what being bound to a role opens."""
        gains = self._all_of(principals, role)
        return Difference(opens=gains, unknown=_not_known(gains))

    def removed(self, principals: Collection[Principal], role: ObjectKey) -> Difference:
        """Return what not being bound to a role any longer closes."""
        return Difference(closes=self._all_of(principals, role))

    def moved(self, principals: Collection[Principal], before: ObjectKey, after: ObjectKey) -> Difference:
        """Return what being bound to one role in place of another opens and closes."""
        left, entered = self.roles.role(before), self.roles.role(after)
        if left is None or entered is None:
            return self.added(principals, after)  # never say that it closes what is not known
        more, less = compared(entered.rules, left.rules, self.budget)
        gains = self._gains(principals, more, Source(after, partial=entered.gathers))
        lost = self._gains(principals, less, Source(before))
        return Difference(gains, lost, _not_known(gains))

    def _all_of(self, principals: Collection[Principal], role: ObjectKey) -> tuple[Gain, ...]:
        if not principals:
            return ()
        known = self.roles.role(role)
        if known is None:
            return self._each(principals, None, Source(role))
        grants, _ = compared(known.rules, NO_RULES, self.budget)
        return self._gains(principals, grants, Source(role, whole=True, partial=known.gathers))

    def _gains(self, principals: Collection[Principal], grants: Grants, source: Source) -> tuple[Gain, ...]:
        """Return what counts in the scope; of a role that may allow more, whatever it allows."""
        counting = grants if self.scope == EVERYWHERE else grants.on_resources
        return self._each(principals, counting or None, source) if counting or source.partial else ()

    def _each(
        self, principals: Collection[Principal], grants: Grants | None, source: Source
    ) -> tuple[Gain, ...]:
        self.budget.spend(_STEPS_A_PRINCIPAL * len(principals))
        return tuple(Gain(principal, self.scope, grants, source) for principal in sorted(principals))


def _not_known(gains: Iterable[Gain]) -> tuple[str, ...]:
    roles = sorted({words_of(gain.source.role) for gain in gains if gain.grants is None})
    return tuple(f"what {role} allows is not known" for role in roles)
