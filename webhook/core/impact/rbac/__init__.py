"""What a change of a role or a binding grants and takes away.

rules.py      selectors.py     bindings.py    principals.py     the objects as values, read strictly
grants.py     comparison.py     what rules allow as the authorizer sees it, and what others do not
known.py      builtin_roles.py      holders.py      what is known of other roles, and who holds them
role_change.py      binding_change.py      gains.py     who gains and loses what
dangers.py    phrases.py    wording.py     that in words, the most dangerous first
"""

from __future__ import annotations

from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.finding import Impact
from webhook.core.impact.rbac import binding_change, role_change
from webhook.core.impact.rbac.gains import Difference
from webhook.core.impact.rbac.wording import findings_of
from webhook.core.impact.surroundings import Surroundings


def analyse_role(change: Change, surroundings: Surroundings, budget: Budget) -> Impact:
    """Return what a change of a Role or ClusterRole grants and takes away. Raises ImpactError."""
    return _impact(role_change.difference_of(change, surroundings, budget), budget)


def analyse_binding(change: Change, surroundings: Surroundings, budget: Budget) -> Impact:
    """Return what a change of a binding grants and takes away. Raises ImpactError."""
    return _impact(binding_change.difference_of(change, surroundings, budget), budget)


def _impact(difference: Difference, budget: Budget) -> Impact:
    opens, closes = (findings_of(gains, budget) for gains in (difference.opens, difference.closes))
    return Impact(opens, closes, tuple(dict.fromkeys(difference.unknown)))
