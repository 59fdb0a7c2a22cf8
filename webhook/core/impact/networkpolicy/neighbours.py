"""The other policies of the namespace, as far as they bear on the pods of the one that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.naming import name_of
from webhook.core.impact.networkpolicy.cubes import Cube, merged, overlap, within
from webhook.core.impact.networkpolicy.intervals import IntervalSet
from webhook.core.impact.networkpolicy.traffic import Direction, Policy, Spec, read_rules, read_spec
from webhook.core.impact.surroundings import Policies
from webhook.core.objects import ObjectKey

_STEPS = 4
"""What it takes to look at another policy; to read it takes more."""


@dataclass(frozen=True, slots=True)
class Around:
    """The other policies in one direction: whom they select, and what they allow to whom."""

    targets: list[Cube]
    traffic: list[Cube]


class Neighbours:
    """The policies beside the one that changes.

    They are read only when they are asked for: what each selects once for both directions, its rules only
    where it selects the same pods.
    """

    def __init__(self, key: ObjectKey, surroundings: Policies, budget: Budget) -> None:
        """Take where the policy ``key`` stands."""
        self._key, self._surroundings, self._budget = key, surroundings, budget

    def around(self, direction: Direction, selected: Sequence[Cube], reach: IntervalSet) -> Around:
        """Return what they select and allow where they select pods of ``selected``, on ports of ``reach``.

        Raises UnreadableError, which names the policy, and TooLargeError.
        """
        targets: list[Cube] = []
        traffic: list[Cube] = []
        for name, spec in self._specs:
            self._budget.spend(_STEPS)
            policy = spec.policy(direction)
            mine = policy.targets
            if mine is None or not any(overlap(mine, each, self._budget) for each in selected):
                continue
            targets.append(mine)
            traffic.extend(self._traffic(name, policy, mine, reach))
        return Around(merged(targets, self._budget), merged(traffic, self._budget))

    @cached_property
    def _specs(self) -> list[tuple[str, Spec]]:
        return list(self._read())

    def _read(self) -> Iterator[tuple[str, Spec]]:
        namespace = self._key.namespace
        for form in self._surroundings.network_policies(namespace):
            name = form.get("metadata", {}).get("name")
            self._budget.spend(_STEPS)
            if name != self._key.name:
                try:
                    yield str(name), read_spec(form, namespace, self._budget)
                except UnreadableError as error:
                    raise _beside(str(name), error) from None

    def _traffic(self, name: str, policy: Policy, targets: Cube, reach: IntervalSet) -> list[Cube]:
        try:
            rules = read_rules(policy.rules, policy, self._budget, reach)
            return within(targets, rules.cubes(policy.namespace, self._budget), self._budget)
        except UnreadableError as error:
            raise _beside(name, error) from None


def _beside(name: str, error: UnreadableError) -> UnreadableError:
    return UnreadableError(f"NetworkPolicy {name_of(name)} beside it: {error}")
