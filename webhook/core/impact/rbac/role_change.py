"""What a change of a Role or ClusterRole grants and takes away.

It does to whoever is bound to the role, and to whoever is bound to a role that gathers it by its labels.
All bindings are never known, so that a role counts for what it allows also where none is. That one of them
is allowed the same by other roles makes a grant no less new (see ``binding_change``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.rbac.comparison import compared
from webhook.core.impact.rbac.gains import Difference, Gain, Gathering, Source
from webhook.core.impact.rbac.grants import Grants
from webhook.core.impact.rbac.holders import Holders
from webhook.core.impact.rbac.known import KnownRoles, cluster_role_key, words_of
from webhook.core.impact.rbac.rules import NO_RULES, Rules, rules_of
from webhook.core.impact.rbac.selectors import Labels, Selectors, labels_of, select_no_more, selectors_of
from webhook.core.impact.surroundings import Surroundings
from webhook.core.kinds import CLUSTER_ROLE, ROLE
from webhook.core.normalize.rbac import is_gathering_label
from webhook.core.objects import ObjectKey

_STEPS_A_LABEL = 2
_FIELDS = {
    ROLE: frozenset({"metadata", "rules"}),
    CLUSTER_ROLE: frozenset({"metadata", "rules", "aggregationRule"}),
}


@dataclass(frozen=True, slots=True)
class _Role:
    """One side of the change; one that does not exist has no labels, not even none."""

    labels: Labels | None = None
    rules: Rules = NO_RULES
    selectors: Selectors | None = None
    gathered: Rules = NO_RULES
    gathered_into: frozenset[str] = frozenset()

    @property
    def allowed(self) -> Rules:
        """Return what it allows now, or when its controller has gathered."""
        return self.rules | self.gathered

    @property
    def lasting(self) -> Rules:
        """Return what it goes on to allow: the controller overwrites the rules of an aggregated role."""
        return self.rules if self.selectors is None else self.gathered


def difference_of(change: Change, surroundings: Surroundings, budget: Budget) -> Difference:
    """Return what a change of a role opens and closes. Raises UnreadableError, TooLargeError."""
    roles = KnownRoles(surroundings, budget)
    before, after = (_read(side, change, roles, budget) for side in (change.before, change.after))
    changed = _ChangedRole(change.key, before, after, Holders(surroundings, budget), budget)
    return changed.by_rules() + changed.by_being_gathered() + changed.not_known()


def _read(form: Mapping[str, Any] | None, change: Change, roles: KnownRoles, budget: Budget) -> _Role:
    if form is None:
        return _Role()
    if not _FIELDS[change.kind].issuperset(form):
        raise UnreadableError("one of its fields cannot be read")
    labels, rules = labels_of(form, budget), rules_of(form, budget)
    if change.kind is ROLE:
        if any(rule.urls for rule in rules):
            raise UnreadableError("it grants URLs, which a Role cannot")
        return _Role(labels, rules)
    selectors, name = selectors_of(form, budget), change.key.name
    return _Role(labels, rules, selectors, roles.gathered_by(selectors, name), roles.gathering(labels, name))


@dataclass(frozen=True, slots=True)
class _ChangedRole:
    key: ObjectKey
    before: _Role
    after: _Role
    holders: Holders
    budget: Budget

    def by_rules(self) -> Difference:
        """Return what its holders gain and lose, and those of the roles that gather it as before."""
        more, less = compared(self.after.allowed, self.before.allowed, self.budget)
        if self.after.selectors is not None:
            _, less = compared(self.after.lasting, self.before.lasting, self.budget)
        gathering = self.before.gathered_into & self.after.gathered_into
        holding = [self.key, *map(cluster_role_key, sorted(gathering))]
        source = Source(self.key)
        return Difference(self._gains(holding, more, source), self._gains(holding, less, source))

    def by_being_gathered(self) -> Difference:
        """Return what the holders of roles gain that gather it from now on, or lose as they no longer do."""
        entered = self.after.gathered_into - self.before.gathered_into
        left = self.before.gathered_into - self.after.gathered_into
        return Difference(self._brought(entered), self._taken(left))

    def _brought(self, entered: Collection[str]) -> tuple[Gain, ...]:
        labels = self._new_labels_for_gathering()
        if not entered and not labels:
            return ()
        everything, source = self._all_of(self.after)
        gains = self._gains(map(cluster_role_key, sorted(entered)), everything, source)
        if labels:
            # Known or not, a role that gathers by such a label is what it is there for.
            gains += (Gain(Gathering(labels), None, everything or None, source),)
        return gains

    def _taken(self, left: Collection[str]) -> tuple[Gain, ...]:
        if not left:
            return ()
        return self._gains(map(cluster_role_key, sorted(left)), *self._all_of(self.before))

    def _new_labels_for_gathering(self) -> tuple[tuple[str, str], ...]:
        if self.key.kind != CLUSTER_ROLE.name:
            return ()
        before, after = self.before.labels or {}, self.after.labels or {}
        self.budget.spend(_STEPS_A_LABEL * len(after))
        new = [(key, value) for key, value in after.items() if before.get(key) != value]
        return tuple(sorted(label for label in new if is_gathering_label(label[0])))

    def not_known(self) -> Difference:
        """Return what roles outside Git may have to do with it."""
        return Difference(unknown=tuple(self._clauses()))

    def _clauses(self) -> Iterator[str]:
        selectors, others = self.after.selectors, self.before.selectors or frozenset()
        if selectors is not None and not select_no_more(selectors, others, self.budget):
            yield f"what {words_of(self.key)} gathers is not known"
        if self.key.kind == CLUSTER_ROLE.name and self._other_labels_differ():
            yield "its labels change, and which roles gather it by them is not known"

    def _other_labels_differ(self) -> bool:
        """Tell whether other roles may gather it by labels that are not only there for that."""
        if self.before.labels is None or not (self.after.allowed or self.after.selectors):
            return False  # a role that is new opens all that it allows anyway, and one without any nothing
        before, after = self.before.labels, self.after.labels or {}
        self.budget.spend(_STEPS_A_LABEL * (len(before) + len(after)))
        return not all(is_gathering_label(key) for key, _ in before.items() ^ after.items())

    def _gains(self, holding: Iterable[ObjectKey], grants: Grants, source: Source) -> tuple[Gain, ...]:
        return tuple(gain for held in holding for gain in self.holders.gains(held, grants, source))

    def _all_of(self, role: _Role) -> tuple[Grants, Source]:
        grants, _ = compared(role.allowed, NO_RULES, self.budget)
        return grants, Source(self.key, whole=True, partial=bool(role.selectors))
