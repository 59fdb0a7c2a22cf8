"""The effect of a change of a NetworkPolicy beside policies that Git does not declare."""

from __future__ import annotations

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.builders import Object, baseline, key_of, kind_of, network_policy, peer, put, role, rule
from tests.unit.core.impact.networkpolicy.policies import UNIVERSE, changes, siblings
from webhook.core.impact import (
    Budget,
    DeclaredSurroundings,
    Effect,
    Impact,
    certain_effect,
    change_of,
    impact_of,
)

WEB = network_policy()
CLOSED = put(WEB, "/spec/ingress", [])
TWIN = network_policy("twin")
ISOLATING = network_policy("isolating", podSelector={}, policyTypes=["Ingress", "Egress"])
LETS_IN = network_policy("lets-in", podSelector={}, ingress=[{"from": [peer("gateway")]}])


def told(old: Object | None, new: Object | None, *git: Object) -> tuple[Impact, Effect]:
    obj = new or old or {}
    change = change_of(kind_of(obj), key_of(obj), old, new)
    surroundings = DeclaredSurroundings(baseline(*git))
    impact = impact_of(change, surroundings)
    return impact, certain_effect(change, impact, surroundings, Budget())


@pytest.mark.parametrize(
    ("old", "new", "git", "reported", "certain"),
    [
        (WEB, CLOSED, [WEB], "narrows", "narrows"),
        (WEB, CLOSED, [WEB, TWIN], "neither", "narrows"),
        (None, ISOLATING, [], "narrows", "narrows"),
        (None, LETS_IN, [], "narrows", "widens"),
        (None, LETS_IN, [LETS_IN], "narrows", "widens"),
        (WEB, None, [WEB], "widens", "widens"),
        (WEB, None, [WEB, TWIN], "neither", "widens"),
        (role(), put(role(), "/rules", [rule("get", "pods")]), [], "narrows", "narrows"),
    ],
    ids=[
        "a rule less",
        "a rule less that another policy has as well",
        "isolating pods",
        "a first policy with a rule",
        "the same, declared",
        "the only policy deleted",
        "one of two alike deleted",
        "a role, which needs no more",
    ],
)
def test_a_rule_goes_by_what_is_certain_and_not_by_what_is_reported(
    old: Object | None, new: Object | None, git: list[Object], reported: str, certain: str
) -> None:
    impact, effect = told(old, new, *git)
    assert (impact.effect, effect) == (reported, certain)


def test_where_nothing_is_left_to_spend_nothing_is_certain() -> None:
    change = change_of(kind_of(WEB), key_of(WEB), WEB, CLOSED)
    surroundings = DeclaredSurroundings(baseline(WEB))
    impact = impact_of(change, surroundings)
    assert impact.effect is Effect.NARROWS
    assert certain_effect(change, impact, surroundings, Budget(1)) is Effect.WIDENS


@pytest.mark.parametrize("direction", ["Ingress", "Egress"])
@given(st.data())
def test_what_does_not_widen_opens_no_connection_beside_any_policies_that_git_does_not_declare(
    direction: str, data: st.DataObject
) -> None:
    old, new = data.draw(changes(direction))
    _, effect = told(old, new, *data.draw(siblings(direction)))
    hidden = data.draw(siblings(direction))
    event(effect)
    if effect is Effect.WIDENS:
        return
    for each in ("Ingress", "Egress"):
        was, is_now = (UNIVERSE.allowed([side, *hidden] if side else hidden, each) for side in (old, new))
        assert not any(is_now[pair] & ~ports for pair, ports in was.items())
        assert effect is Effect.NARROWS or was == is_now
