"""What traffic a change of a NetworkPolicy opens and closes.

The files, each by itself simple: ``intervals`` and ``labels`` are sets of numbers and of label values;
``addresses``, ``ports`` and ``selectors`` read what is written into them; ``cubes`` are sets of connections;
``peers`` and ``traffic`` make those of rules and policies; ``comparison`` finds what is opened, ``wording``
says it.
"""

from __future__ import annotations

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.finding import NO_IMPACT, Finding, Impact
from webhook.core.impact.networkpolicy.comparison import compare
from webhook.core.impact.networkpolicy.contrast import is_same_spec
from webhook.core.impact.networkpolicy.traffic import DIRECTIONS, Direction
from webhook.core.impact.networkpolicy.wording import findings
from webhook.core.impact.surroundings import Policies


def analyse(change: Change, surroundings: Policies, budget: Budget) -> Impact:
    """Return what a change of a NetworkPolicy opens and closes. Raises ImpactError if that can't be told."""
    try:
        return sum((_told(change, each, surroundings, budget) for each in DIRECTIONS), start=NO_IMPACT)
    except UnreadableError:
        if is_same_spec(change.before, change.after):
            return NO_IMPACT
        raise


def _told(change: Change, direction: Direction, surroundings: Policies, budget: Budget) -> Impact:
    found = compare(change, direction, surroundings, budget)
    opens, closes = (
        findings(regions, direction, change.key.namespace, budget) for regions in (found.opens, found.closes)
    )
    return Impact(opens, tuple(Finding(each.text, rank=each.rank) for each in closes))
