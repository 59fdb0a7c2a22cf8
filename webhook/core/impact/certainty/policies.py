"""NetworkPolicies that Git does not declare: a change must open nothing beside any of them.

Where Git declares no policy, a new one with any rule seems to close, and opens where somebody else's policy
isolates the same pods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webhook.core.impact.analysis import impact_of
from webhook.core.impact.change import Change
from webhook.core.impact.finding import Effect, Impact
from webhook.core.impact.surroundings import Form
from webhook.core.objects import ObjectKey

# Pods that no other policy selects, and pods that others isolate without letting anything in: what a change
# opens beside any other policies, it opens beside one of these two.
_ALONE: tuple[Form, ...] = ()
_ISOLATED: tuple[Form, ...] = (
    {"metadata": {}, "spec": {"podSelector": {}, "policyTypes": ["Egress", "Ingress"]}},
)


@dataclass(frozen=True, slots=True)
class _Policies:
    """A namespace with certain NetworkPolicies, and nothing else that is known."""

    policies: tuple[Form, ...]

    def network_policies(self, namespace: str) -> Sequence[Form]:  # noqa: ARG002  # a port's signature
        return self.policies

    def ingresses(self, namespace: str) -> Sequence[Form]:  # noqa: ARG002  # as above
        return ()

    def role(self, key: ObjectKey) -> Form | None:  # noqa: ARG002  # as above
        return None

    def cluster_roles(self) -> Sequence[Form]:
        return ()

    def aggregating_roles(self) -> Sequence[Form]:
        return ()

    def bindings_of(self, role: ObjectKey) -> Sequence[Form]:  # noqa: ARG002  # as above
        return ()


def certain_effect(change: Change, impact: Impact) -> Effect:
    """Return the effect of a change of a NetworkPolicy beside whatever other policies there are.

    It narrows also where another policy still allows today what this one no longer does.
    """
    worlds = (_Policies(_ALONE), _Policies(_ISOLATED))
    return sum((impact_of(change, world) for world in worlds), impact).effect
