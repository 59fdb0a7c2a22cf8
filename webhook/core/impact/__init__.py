"""What a change opens and closes, in the words of the domain: traffic, grants, exposure.

Nothing that becomes possible is left out: what cannot be told is ``unknown``, and treated as
widening. Each kind's analysis stands in a package of its own; all work on normal forms, and none
looks further than the ``Surroundings``.
"""

from __future__ import annotations

from webhook.core.impact.analysis import impact_of
from webhook.core.impact.budget import Budget
from webhook.core.impact.certainty import certain_effect
from webhook.core.impact.change import Change, change_of
from webhook.core.impact.finding import NO_IMPACT, Effect, Finding, Impact
from webhook.core.impact.surroundings import DeclaredSurroundings, Surroundings

__all__ = [
    "NO_IMPACT",
    "Budget",
    "Change",
    "DeclaredSurroundings",
    "Effect",
    "Finding",
    "Impact",
    "Surroundings",
    "certain_effect",
    "change_of",
    "impact_of",
]
