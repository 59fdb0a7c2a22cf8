"""What is known of other roles: what they allow, and which of them gather others (aggregation).

Known is what the surroundings hold, and the roles that every cluster has. An aggregated role takes all
that the roles allow which its selectors match, and so on through those that are aggregated themselves
(kubernetes ``pkg/controller/clusterroleaggregation``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.naming import name_of
from webhook.core.impact.rbac.builtin_roles import BUILT_IN
from webhook.core.impact.rbac.rules import NO_RULES, Rule, Rules, rules_of
from webhook.core.impact.rbac.selectors import Labels, Selectors, labels_of, select, selectors_of
from webhook.core.impact.surroundings import Form, Surroundings
from webhook.core.kinds import CLUSTER_ROLE, RBAC
from webhook.core.lazy import lazy
from webhook.core.objects import ObjectKey


def cluster_role_key(name: str) -> ObjectKey:
    """Return the key of a ClusterRole."""
    return ObjectKey(RBAC, CLUSTER_ROLE.name, "", name)


def words_of(key: ObjectKey) -> str:
    """Return how findings name a role: ``Role shop/reader``, ``ClusterRole view``."""
    place = f"{key.namespace}/{key.name}" if key.namespace else key.name
    return f"{key.kind} {name_of(place)}"


@dataclass(frozen=True, slots=True)
class KnownRole:
    """What a role allows, at least; it may ``gather`` more from roles that nobody here knows."""

    rules: Rules
    gathers: bool = False


class KnownRoles:
    """The roles that are known. Each method raises TooLargeError, and all but ``role`` UnreadableError."""

    def __init__(self, surroundings: Surroundings, budget: Budget) -> None:
        """Look up nothing yet."""
        self._surroundings = surroundings
        self._budget = budget

    def role(self, key: ObjectKey) -> KnownRole | None:
        """Return what a role allows, None where it is not known or cannot be read."""
        form = self._surroundings.role(key)
        if form is None and key.kind == CLUSTER_ROLE.name:
            form = BUILT_IN.get(key.name)
        if form is None:
            return None
        try:
            rules, selectors = rules_of(form, self._budget), selectors_of(form, self._budget)
            gathered = self.gathered_by(selectors, apart_from=key.name)
        except UnreadableError:
            return None
        return KnownRole(rules | gathered, selectors is not None)

    def gathered_by(self, selectors: Selectors | None, apart_from: str) -> Rules:
        """Return the rules of all ClusterRoles but one that selectors gather, directly or through others."""
        if not selectors:
            return NO_RULES
        left = {name: form for name, form in self._cluster_roles.items() if name != apart_from}
        rules: set[Rule] = set()
        waiting = [selectors]
        while waiting:
            for name in self._matching(waiting.pop(), left):
                form = left.pop(name)
                rules.update(rules_of(form, self._budget))
                if further := selectors_of(form, self._budget):
                    waiting.append(further)
        return frozenset(rules)

    def gathering(self, labels: Labels, apart_from: str) -> frozenset[str]:
        """Return the names of all ClusterRoles but one that gather a role with labels, or one that does."""
        left = {name: form for name, form in self._aggregating.items() if name != apart_from}
        found, waiting = set(), [labels]
        while waiting:
            current = waiting.pop()
            for name in [name for name, form in left.items() if self._selects(form, current)]:
                found.add(name)
                waiting.append(labels_of(left.pop(name), self._budget))
        return frozenset(found)

    def _selects(self, form: Form, labels: Labels) -> bool:
        return select(selectors_of(form, self._budget) or frozenset(), labels, self._budget)

    def _matching(self, selectors: Selectors, roles: Mapping[str, Form]) -> list[str]:
        return [
            name
            for name, form in roles.items()
            if select(selectors, labels_of(form, self._budget), self._budget)
        ]

    @lazy
    def _cluster_roles(self) -> dict[str, Form]:
        return {**BUILT_IN, **dict(_by_name(self._surroundings.cluster_roles()))}

    @lazy
    def _aggregating(self) -> dict[str, Form]:
        declared = dict(_by_name(self._surroundings.aggregating_roles()))
        built_in = {
            name: form
            for name, form in BUILT_IN.items()
            if "aggregationRule" in form and self._surroundings.role(cluster_role_key(name)) is None
        }
        return {**built_in, **declared}


def _by_name(forms: Iterable[Form]) -> Iterator[tuple[str, Form]]:
    for form in forms:
        metadata: Any = form.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(name, str):
            raise UnreadableError("a ClusterRole beside it cannot be read")
        yield name, form
