"""The effect of a change whatever else is in the cluster: what a rule may go by.

The report takes the rest of the namespace to be as Git declares it. A rule that lets closing changes pass
must not rely on that: where Git declares no NetworkPolicy, a new one with any rule seems to close, and
opens where somebody else's policy isolates the same pods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webhook.core.impact.analysis import impact_of
from webhook.core.impact.change import Change
from webhook.core.impact.finding import NO_IMPACT, Effect, Impact
from webhook.core.impact.surroundings import Form
from webhook.core.kinds import NETWORK_POLICY
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

    def role(self, key: ObjectKey) -> Form | None:  # noqa: ARG002  # as above
        return None

    def cluster_roles(self) -> Sequence[Form]:
        return ()

    def aggregating_roles(self) -> Sequence[Form]:
        return ()

    def bindings_of(self, role: ObjectKey) -> Sequence[Form]:  # noqa: ARG002  # as above
        return ()


def certain_effect(change: Change, impact: Impact) -> Effect:
    """Return the effect of a change whatever else the cluster holds; ``impact`` is what is reported of it.

    It widens where it may open something, and narrows where it opens nothing and may close something: what
    another policy still allows today it may not allow tomorrow.
    """
    if impact.widens or change.kind is not NETWORK_POLICY:
        return impact.effect
    told = [impact, *(impact_of(change, _Policies(policies)) for policies in (_ALONE, _ISOLATED))]
    return sum(told, NO_IMPACT).effect
