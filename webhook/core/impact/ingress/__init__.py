"""What a change of an Ingress opens and closes: who is reached where, and past which guards.

An Ingress is taken for itself. What other Ingresses say of the same host, and what a cluster's admin set for
all of them, is not looked at.
"""

from __future__ import annotations

from dataclasses import replace

from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.finding import Impact
from webhook.core.impact.ingress import ingressclass, routing, tls
from webhook.core.impact.ingress.annotations import judging
from webhook.core.impact.ingress.exposure import exposure_of
from webhook.core.impact.surroundings import Surroundings


def analyse(change: Change, surroundings: Surroundings, budget: Budget) -> Impact:  # noqa: ARG001  # one signature
    """Return what a change of an Ingress opens and closes. Raises UnreadableError, TooLargeError."""
    before, after = exposure_of(change.before, budget), exposure_of(change.after, budget)
    impact = routing.compare(before, after, budget) + tls.compare(before, after, budget)
    if change.after is None:
        return impact
    annotations = judging.compare(before.annotations, after.annotations, budget)
    if change.before is None:
        # Guards of an Ingress that was not there take nothing away.
        return impact + replace(annotations, closes=())
    return impact + annotations + ingressclass.compare(before, after)
