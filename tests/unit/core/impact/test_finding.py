"""The value that an analysis gives, and how two become one."""

from __future__ import annotations

import pytest

from webhook.core.errors import TooLargeError
from webhook.core.impact import NO_IMPACT, Effect, Finding, Impact
from webhook.core.impact.budget import Budget
from webhook.core.impact.naming import listed, name_of

OPENS, CLOSES = Finding("a -> b"), Finding("b -> a")


@pytest.mark.parametrize(
    ("impact", "effect"),
    [
        (Impact(opens=(OPENS,)), "widens"),
        (Impact(closes=(CLOSES,)), "narrows"),
        (Impact(opens=(OPENS,), closes=(CLOSES,)), "widens"),
        (Impact(unknown=("too large to analyse",)), "widens"),
        (Impact(closes=(CLOSES,), unknown=("too large to analyse",)), "widens"),
        (NO_IMPACT, "neither"),
    ],
)
def test_what_may_open_anything_widens_whatever_it_closes(impact: Impact, effect: str) -> None:
    assert impact.effect == Effect(effect)


def test_of_two_impacts_each_thing_is_told_once_and_the_worst_first() -> None:
    worst = Finding("everybody -> everything", "wildcard", rank=0)
    both = Impact((OPENS,), (CLOSES,), ("why",)) + Impact((worst, OPENS), (), ("why", "also"))
    assert both == Impact((worst, OPENS), (CLOSES,), ("why", "also"))


def test_a_finding_tells_its_danger_behind_it() -> None:
    assert str(Finding("bob -> get secrets in shop", "reads secrets")) == (
        "bob -> get secrets in shop (reads secrets)"
    )
    assert str(OPENS) == "a -> b"


@pytest.mark.parametrize(
    "name", ["alice", "system:serviceaccount:a:b", "alice@example.com", "*", "*.example.com"]
)
def test_a_plain_name_stands_as_it_is(name: str) -> None:
    assert name_of(name) == name


@pytest.mark.parametrize(
    "name", ["", "a b", "bob -> secrets", "a,b", 'a"b', "(reads)", "\n", "\u202e", "-> a"]
)
def test_a_name_that_could_be_taken_for_more_is_quoted(name: str) -> None:
    quoted = name_of(name)
    assert quoted.startswith('"')
    assert quoted.endswith('"')


def test_a_long_list_says_how_much_longer_it_is() -> None:
    assert listed(["a", "b", "c", "d"]) == "a, b, c, d"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_a_budget_ends_at_the_same_step_every_time() -> None:
    budget = Budget(3)
    budget.spend(2)
    budget.spend()
    with pytest.raises(TooLargeError, match="too large to analyse"):
        budget.spend()
