"""Annotations whose values are lists: of addresses that may or may not pass, of steps to go through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.addresses import ALL, NO_ADDRESSES, Addresses, addresses_of
from webhook.core.impact.ingress.annotations.behaviours import KEY, Told, Unreadable, closing
from webhook.core.impact.naming import listed, name_of


@dataclass(frozen=True, slots=True)
class AllowList:
    """Lets in the addresses that it lists, and everybody where it is not there."""

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:
        """Open to addresses that are listed now and were not."""
        left, right = _addresses(before, budget) or ALL, _addresses(after, budget) or ALL
        if more := right.beyond(left):
            removed = f"requests from any address, without {KEY}"
            text = removed if right is ALL else f"requests from {listed(more)}, by {KEY}"
            how = "allow list removed" if right is ALL else "allow list widened"
            yield Told(text, how, ranks.NO_ALLOW_LIST)
        if less := left.beyond(right):
            added = f"requests from addresses that {KEY} does not list"
            yield closing(added if left is ALL else f"requests from {listed(less)}, by {KEY}")


@dataclass(frozen=True, slots=True)
class DenyList:
    """Stops the addresses that it lists."""

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:
        """Open to addresses that were listed and are not any more."""
        left, right = (_addresses(value, budget) or NO_ADDRESSES for value in (before, after))
        if fewer := left.beyond(right):
            how = "deny list narrowed" if after else "deny list removed"
            yield Told(f"requests from {listed(fewer)}, by {KEY}", how, ranks.NO_ALLOW_LIST)
        if more := right.beyond(left):
            yield closing(f"requests from {listed(more)}, by {KEY}")


def _addresses(value: str, budget: Budget) -> Addresses | None:
    """Read a list of addresses, None for an empty one. Raises Unreadable."""
    texts = _elements(value, budget)
    if not texts:
        return None
    found = addresses_of(texts, budget)
    if found is None:
        raise Unreadable
    return found


@dataclass(frozen=True, slots=True)
class Chain:
    """Sends requests through the steps that it lists, one after the other.

    What a step does stands elsewhere: one that is added may protect, and as well send requests elsewhere.
    """

    def judge(self, before: str, after: str, budget: Budget) -> Iterator[Told]:
        """Open what a dropped step stopped, and whatever an added one or another order does."""
        left, right = _elements(before, budget), _elements(after, budget)
        dropped, added = _missing(left, right), _missing(right, left)
        if dropped:
            yield Told(f"requests past {_steps(dropped)}, by {KEY}", "middleware dropped", ranks.CHAIN)
        if added:
            yield Told(f"requests through {_steps(added)}, by {KEY}", "middleware added", ranks.ROUTE)
            yield closing(f"requests past {_steps(added)}, by {KEY}")
        if not dropped and not added and left != right:
            text = f"requests through {_steps(right)} in this order, by {KEY}"
            yield Told(text, "middlewares reordered", ranks.CHAIN)


def _missing(steps: Sequence[str], among: Sequence[str]) -> list[str]:
    others = set(among)
    return [step for step in dict.fromkeys(steps) if step not in others]


def _steps(names: Sequence[str]) -> str:
    return listed([name_of(name) for name in names])


def _elements(value: str, budget: Budget) -> list[str]:
    """Return what stands between commas or on lines of its own."""
    budget.spend(len(value) // 16)
    parts = (part.strip() for part in value.replace("\n", ",").split(","))
    return [part for part in parts if part]
