"""Who holds a role, as far as is known: through the bindings around it."""

from __future__ import annotations

from typing import Any

from webhook.core.errors import TooLargeError, UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac.bindings import binding_of
from webhook.core.impact.rbac.gains import EVERYWHERE, Bound, Gain, Source
from webhook.core.impact.rbac.grants import Grants
from webhook.core.impact.rbac.principals import Principal
from webhook.core.impact.surroundings import Form, Surroundings
from webhook.core.objects import ObjectKey


class Holders:
    """The principals that known bindings bind to roles, and the scopes in which they do."""

    def __init__(self, surroundings: Surroundings, budget: Budget) -> None:
        """Look up nothing yet."""
        self._surroundings = surroundings
        self._budget = budget
        self._known: dict[ObjectKey, list[tuple[Principal, str]]] = {}

    def gains(self, holding: ObjectKey, grants: Grants, source: Source) -> tuple[Gain, ...]:
        """Return who gains grants of a source by holding a role, that one or one which gathers it.

        What no known binding passes on is granted to whoever is bound to it. Raises TooLargeError.
        """
        gains, left = [], grants
        for principal, scope in self._of(holding) if grants else ():
            passed_on = grants if scope == EVERYWHERE else grants.on_resources
            if passed_on:
                gains.append(Gain(principal, scope, passed_on, source))
                left = Grants() if scope == EVERYWHERE else left.on_urls
        if left:
            gains.append(Gain(Bound(holding), holding.namespace or None, left, source))
        return tuple(gains)

    def _of(self, role: ObjectKey) -> list[tuple[Principal, str]]:
        if role not in self._known:
            found = [pair for form in self._bindings_of(role) for pair in self._read(form)]
            self._known[role] = sorted(set(found))
        self._budget.spend(len(self._known[role]))
        return self._known[role]

    def _bindings_of(self, role: ObjectKey) -> list[Form]:
        """Return the bindings of a role; where there are too many to name, none: it is only about words."""
        try:
            return list(self._surroundings.bindings_of(role))
        except TooLargeError:
            return []

    def _read(self, form: Form) -> list[tuple[Principal, str]]:
        """Return whom a binding names. One that the API server would refuse is none."""
        metadata: Any = form.get("metadata")
        scope = metadata.get("namespace", EVERYWHERE) if isinstance(metadata, dict) else EVERYWHERE
        if not isinstance(scope, str):
            return []
        try:
            return [(principal, scope) for principal in binding_of(form, scope, self._budget).principals]
        except UnreadableError:
            return []
