"""The analysis of each kind, and what becomes of one that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from webhook.core import kinds
from webhook.core.errors import ImpactError
from webhook.core.impact import ingress, metadata, networkpolicy, rbac
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.finding import Impact
from webhook.core.impact.surroundings import Surroundings
from webhook.core.kinds import Kind

Analysis: TypeAlias = Callable[[Change, Surroundings, Budget], Impact]

_ANALYSES: dict[Kind, Analysis] = {
    kinds.INGRESS: ingress.analyse,
    kinds.NETWORK_POLICY: networkpolicy.analyse,
    kinds.ROLE: rbac.analyse_role,
    kinds.CLUSTER_ROLE: rbac.analyse_role,
    kinds.ROLE_BINDING: rbac.analyse_binding,
    kinds.CLUSTER_ROLE_BINDING: rbac.analyse_binding,
}


def impact_of(change: Change, surroundings: Surroundings, budget: Budget | None = None) -> Impact:
    """Return what a change opens and closes, within a budget of its own if none is given.

    Raises no error for any JSON.
    """
    try:
        return _ANALYSES[change.kind](change, surroundings, budget or Budget()) + metadata.analyse(change)
    except ImpactError as error:
        return Impact(unknown=(str(error),)) + metadata.analyse(change)
