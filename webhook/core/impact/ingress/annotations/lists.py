"""Annotations whose values are lists: of addresses that may or may not pass, of steps to go through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.addresses import ALL, NO_ADDRESSES, Addresses, addresses_of
from webhook.core.impact.ingress.annotations.behaviours import (
    KEY,
    WHATEVER_STANDS,
    Told,
    Unreadable,
    Values,
    closing,
)
from webhook.core.impact.naming import listed, name_of


@dataclass(frozen=True, slots=True)
class AllowList:
    """Lets in the addresses that it lists, and everybody where it is not there or empty."""

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:
        """Open to addresses that are listed now and were not."""
        left, right = _addresses(values.before, budget) or ALL, _addresses(values.after, budget) or ALL
        if values.before is None and (everybody := ALL.within(right)):
            text = f"requests from {listed(everybody)}, by {KEY}, {WHATEVER_STANDS}"
            yield Told(text, "allow list for everybody", ranks.NO_ALLOW_LIST)
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

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:
        """Open to addresses that were listed and are not any more."""
        left, right = (_addresses(value, budget) or NO_ADDRESSES for value in (values.before, values.after))
        if values.before is None and right is NO_ADDRESSES:
            text = f"requests from any address, by {KEY}, {WHATEVER_STANDS}"
            yield Told(text, "empty deny list", ranks.NO_ALLOW_LIST)
        if fewer := left.beyond(right):
            how = "deny list removed" if right is NO_ADDRESSES else "deny list narrowed"
            yield Told(f"requests from {listed(fewer)}, by {KEY}", how, ranks.NO_ALLOW_LIST)
        if more := right.beyond(left):
            yield closing(f"requests from {listed(more)}, by {KEY}")


def _addresses(value: str | None, budget: Budget) -> Addresses | None:
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

    def judge(self, values: Values, budget: Budget) -> Iterator[Told]:
        """Open what a dropped step stopped, and whatever an added one or another order does."""
        left, right = _elements(values.before, budget), _elements(values.after, budget)
        budget.spend(len(left) + len(right))
        dropped, added = _missing(left, right), _missing(right, left)
        if dropped:
            steps = _steps(dropped, values)
            yield Told(f"requests past {steps}, by {KEY}", "middleware dropped", ranks.CHAIN)
        if added:
            steps = _steps(added, values)
            yield Told(f"requests through {steps}, by {KEY}", "middleware added", ranks.ROUTE)
            yield closing(f"requests past {steps}, by {KEY}")
        if not dropped and not added and left != right:
            text = f"requests through {_steps(right, values)} in this order, by {KEY}"
            yield Told(text, "middlewares reordered", ranks.CHAIN)


def _missing(steps: Sequence[str], among: Sequence[str]) -> list[str]:
    others = set(among)
    return [step for step in dict.fromkeys(steps) if step not in others]


def _steps(names: Sequence[str], values: Values) -> str:
    """Name the steps of a chain, or count them where they may not be named."""
    if values.shown:
        return listed([name_of(name) for name in names])
    return f"{len(names)} of its steps"


def _elements(value: str | None, budget: Budget) -> list[str]:
    """Return what stands between commas or on lines of its own."""
    text = value or ""
    budget.spend(len(text) // 16)
    parts = (part.strip() for part in text.replace("\n", ",").split(","))
    return [part for part in parts if part]
