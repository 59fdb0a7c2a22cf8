"""What the API would refuse or does not know is never passed over."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Object, key_of, network_policy, peer, put
from tests.unit.core.impact.networkpolicy.regions import Beside, change_of, impact
from tests.unit.core.strategies import damaged, json_values, objects
from webhook.core.errors import ImpactError, UnreadableError
from webhook.core.impact import NO_IMPACT, Change
from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy import analyse
from webhook.core.kinds import NETWORK_POLICY
from webhook.core.normalize import normalize

WEB = network_policy()
CIDR = "/spec/ingress/0/from/0/ipBlock"
EXPRESSION = "/spec/podSelector/matchExpressions"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/spec", []),
        ("/spec/newField", 1),
        ("/spec/policyTypes", ["Ingress", "Routing"]),
        ("/spec/policyTypes", "Ingress"),
        ("/spec/podSelector", []),
        ("/spec/podSelector/matchFields", {}),
        ("/spec/podSelector/matchLabels", []),
        ("/spec/podSelector/matchLabels/app", 1),
        ("/spec/podSelector/matchLabels/app", "x" * 318),
        (EXPRESSION, {}),
        (EXPRESSION, [{"key": "x" * 318, "operator": "Exists"}]),
        (EXPRESSION, [{"key": "app", "operator": "In", "values": ["x" * 318]}]),
        (EXPRESSION, [{"key": "app", "operator": "In"}]),
        (EXPRESSION, [{"key": "app", "operator": "NotIn", "values": []}]),
        (EXPRESSION, [{"key": "app", "operator": "Exists", "values": ["x"]}]),
        (EXPRESSION, [{"key": "app", "operator": "DoesNotExist", "values": ["x"]}]),
        (EXPRESSION, [{"key": "app", "operator": "Gt", "values": ["1"]}]),
        (EXPRESSION, [{"key": 1, "operator": "Exists"}]),
        (EXPRESSION, [{"key": "app", "operator": "In", "values": [1]}]),
        (EXPRESSION, [{"key": "app", "operator": "In", "values": ["x"], "weight": 1}]),
        ("/spec/ingress", {}),
        ("/spec/ingress/0/newField", 1),
        ("/spec/ingress/0/to", [{"podSelector": {}}]),
        ("/spec/ingress/0/from", {}),
        ("/spec/ingress/0/from/-", {}),
        ("/spec/ingress/0/from/-", 1),
        ("/spec/ingress/0/from/0/newField", 1),
        ("/spec/ingress/0/from/0/podSelector/matchLabels/app", 1),
        ("/spec/ingress/0/from/0/podSelector/matchLabels/app", []),
        ("/spec/ingress/0/from/0/podSelector/matchLabels/app", "x" * 318),
        ("/spec/ingress/0/from/0/ipBlock", {"cidr": "10.0.0.0/8"}),
        ("/spec/ingress/0/from", [{"ipBlock": {}}]),
        ("/spec/ingress/0/from", [{"ipBlock": {"cidr": "10.0.0.0/8", "newField": 1}}]),
        ("/spec/ingress/0/from", [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["x"]}}]),
        ("/spec/ingress/0/ports", {}),
        ("/spec/ingress/0/ports", [1]),
        ("/spec/ingress/0/ports", [{"protocol": "ICMP"}]),
        ("/spec/ingress/0/ports", [{"port": 0}]),
        ("/spec/ingress/0/ports", [{"port": 65536}]),
        ("/spec/ingress/0/ports", [{"port": True}]),
        ("/spec/ingress/0/ports", [{"port": "80"}]),
        ("/spec/ingress/0/ports", [{"port": 80.0}]),
        ("/spec/ingress/0/ports", [{"endPort": 80}]),
        ("/spec/ingress/0/ports", [{"port": 80, "endPort": 79}]),
        ("/spec/ingress/0/ports", [{"port": "http", "endPort": 80}]),
        ("/spec/ingress/0/ports", [{"port": 80, "newField": 1}]),
    ],
)
def test_what_the_api_would_refuse_cannot_be_told(pointer: str, value: Any) -> None:
    with pytest.raises(UnreadableError):
        impact(WEB, put(WEB, pointer, value))
    with pytest.raises(UnreadableError):
        impact(put(WEB, pointer, value), None)


@pytest.mark.parametrize(
    "cidr",
    [
        "",
        "10.0.0.0",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.0.0.256/8",
        "010.0.0.0/8",
        "10.0.0.0/08",
        "10.0.0.0/8/8",
        " 10.0.0.0/8",
        "::/129",
        "fe80::1%eth0/64",
        "::ffff:10.0.0.0/104",
        "0xa.0.0.0/8",
        "\u0661.0.0.0/8",
    ],
)
def test_a_block_that_is_none_or_whose_meaning_is_disputed(cidr: str) -> None:
    with pytest.raises(UnreadableError, match=r"block of addresses|network plugin"):
        impact(WEB, put(WEB, "/spec/ingress/0/from", [{"ipBlock": {"cidr": cidr}}]))


def test_one_is_not_true() -> None:
    one, true = (put(WEB, "/spec/ingress/0/ports", [{"port": port}]) for port in (1, True))
    with pytest.raises(UnreadableError):
        impact(one, true)


def test_an_unreadable_policy_beside_it_is_named() -> None:
    beside = network_policy("odd", podSelector={}, policyTypes=["Ingress"], ingress=[{"from": [{}]}])
    with pytest.raises(UnreadableError, match=r"^NetworkPolicy odd beside it: "):
        impact(WEB, None, beside)


def test_an_unreadable_selector_beside_it_is_named() -> None:
    beside = network_policy("odd", podSelector={"matchFields": {}}, policyTypes=["Ingress"])
    with pytest.raises(UnreadableError, match=r"^NetworkPolicy odd beside it: "):
        impact(WEB, None, beside)


def test_what_cannot_be_read_and_does_not_change_opens_nothing() -> None:
    odd = put(WEB, "/spec/newField", 1)
    assert impact(odd, put(odd, "/metadata/labels/team", "x")) == NO_IMPACT


def test_a_spec_that_cannot_be_compared_as_it_is_too_deep() -> None:
    def deep() -> Any:
        value: Any = []
        for _ in range(100_000):
            value = [value]
        return value

    form = normalize(WEB, NETWORK_POLICY)
    before, after = (
        {**form, "spec": {**form["spec"], "ingress": [{"from": [peer("a"), deep()]}]}} for _ in "12"
    )
    with pytest.raises(UnreadableError):
        analyse(Change(NETWORK_POLICY, key_of(WEB), before, after), Beside(), Budget())


@given(st.data())
def test_any_json_is_told_or_said_to_be_unreadable(data: st.DataObject) -> None:
    spoilt = objects(NETWORK_POLICY).flatmap(
        lambda obj: damaged(obj["spec"]) if "spec" in obj else json_values
    )
    before, after = (
        data.draw(spoilt),
        data.draw(spoilt | objects(NETWORK_POLICY).map(lambda obj: obj.get("spec"))),
    )
    sides: list[Object] = [{**WEB, "spec": spec} for spec in (before, after)]
    with contextlib.suppress(ImpactError):
        analyse(change_of(*sides), Beside([network_policy("other", podSelector={})]), Budget())


@given(json_values, json_values)
def test_any_json_in_place_of_a_normal_form(before: Any, after: Any) -> None:
    with contextlib.suppress(ImpactError):
        analyse(Change(NETWORK_POLICY, key_of(WEB), before, after), Beside(), Budget())
