"""NetworkPolicies that Git does not declare: a change must open nothing beside any of them.

Where Git declares no policy, a new one with any rule seems to close, and opens where somebody else's policy
isolates the same pods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webhook.core.errors import ImpactError
from webhook.core.impact import networkpolicy
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.finding import Effect, Impact
from webhook.core.impact.surroundings import Form

_ISOLATING: Form = {"metadata": {}, "spec": {"podSelector": {}, "policyTypes": ["Egress", "Ingress"]}}


@dataclass(frozen=True, slots=True)
class _World:
    """A namespace with these NetworkPolicies and no others."""

    policies: tuple[Form, ...] = ()

    def network_policies(self, namespace: str) -> Sequence[Form]:  # noqa: ARG002  # a port's signature
        return self.policies


# Pods that no other policy selects, and pods that others isolate without letting anything in: what a change
# opens beside any other policies, it opens beside one of these two.
_WORLDS = (_World(), _World((_ISOLATING,)))


def certain_effect(change: Change, impact: Impact, budget: Budget) -> Effect:
    """Return the effect of a change of a NetworkPolicy beside whatever other policies there are.

    It narrows also where another policy still allows today what this one no longer does.
    """
    try:
        return sum((networkpolicy.analyse(change, world, budget) for world in _WORLDS), impact).effect
    except ImpactError:
        return Effect.WIDENS
