"""What traffic a change of a NetworkPolicy opens and closes.

The files, each by itself simple: ``intervals`` and ``labels`` are sets of numbers and of label values;
``addresses``, ``ports`` and ``selectors`` read what is written into them; ``cubes`` are sets of connections;
``peers`` and ``traffic`` make those of rules and policies; ``contrast`` finds the rules that changed,
``neighbours`` what other policies allow, ``comparison`` what is opened; ``plain`` and ``wording`` say it.
"""

from __future__ import annotations

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.finding import NO_IMPACT, Finding, Impact
from webhook.core.impact.networkpolicy.comparison import Comparison, compare
from webhook.core.impact.networkpolicy.contrast import is_same_spec
from webhook.core.impact.networkpolicy.neighbours import Neighbours
from webhook.core.impact.networkpolicy.traffic import DIRECTIONS, read_spec
from webhook.core.impact.networkpolicy.wording import findings
from webhook.core.impact.surroundings import Policies


def analyse(change: Change, surroundings: Policies, budget: Budget) -> Impact:
    """Return what a change of a NetworkPolicy opens and closes. Raises ImpactError if that can't be told."""
    try:
        return _told(change, surroundings, budget)
    except UnreadableError:
        if is_same_spec(change.before, change.after, budget):
            return NO_IMPACT
        raise


def _told(change: Change, surroundings: Policies, budget: Budget) -> Impact:
    namespace = change.key.namespace
    neighbours = Neighbours(change.key, surroundings, budget)
    before, after = (read_spec(form, namespace, budget) for form in (change.before, change.after))
    compared = (
        compare(before.policy(direction), after.policy(direction), neighbours, budget)
        for direction in DIRECTIONS
    )
    return sum((_impact(each, namespace, budget) for each in compared), start=NO_IMPACT)


def _impact(found: Comparison, namespace: str, budget: Budget) -> Impact:
    opens, closes = (
        findings(regions, found.direction, namespace, budget) for regions in (found.opens, found.closes)
    )
    return Impact(opens, tuple(Finding(each.text, rank=each.rank) for each in closes))
