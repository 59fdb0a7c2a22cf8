"""The effect of a change whatever else is in the cluster: what a rule may go by.

The report takes the rest of the namespace to be as Git declares it, controllers to have their own defaults,
and labels to be for people. A rule that lets closing changes pass must not rely on that.
"""

from __future__ import annotations

from webhook.core.errors import ImpactError
from webhook.core.impact.budget import Budget
from webhook.core.impact.certainty import grants, ingresses, keys, policies
from webhook.core.impact.change import Change
from webhook.core.impact.finding import Effect, Impact
from webhook.core.impact.surroundings import Surroundings
from webhook.core.kinds import BINDINGS, NETWORK_POLICY, ROLES


def certain_effect(change: Change, impact: Impact, surroundings: Surroundings, budget: Budget) -> Effect:
    """Return the effect of a change whatever else the cluster holds; ``impact`` is what is reported of it.

    It widens where it may open something, and narrows where it opens nothing and may close something.
    """
    if impact.widens or keys.differ(change):
        return Effect.WIDENS
    if change.kind is NETWORK_POLICY:
        return policies.certain_effect(change, impact, budget)
    return impact.effect if _only_closes(change, surroundings, budget) else Effect.WIDENS


def _only_closes(change: Change, surroundings: Surroundings, budget: Budget) -> bool:
    if change.kind in BINDINGS:
        return grants.binding_only_closes(change)
    if change.kind in ROLES:
        return grants.role_only_closes(change)
    try:
        return ingresses.only_closes(change, surroundings, budget)
    except ImpactError:
        return False
