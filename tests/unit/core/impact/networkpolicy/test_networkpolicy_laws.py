"""The analysis against a brute-force evaluator: what is reported is what changes, no more and no less."""

from __future__ import annotations

import copy
import ipaddress
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.builders import Object, network_policy, put
from tests.unit.core.impact.networkpolicy.bruteforce import Address, Port
from tests.unit.core.impact.networkpolicy.policies import UNIVERSE, changes, policies, siblings
from tests.unit.core.impact.networkpolicy.regions import (
    Pairs,
    compared,
    impact,
    peer_point,
    port_point,
    reported,
    target_point,
    told,
)
from tests.unit.core.strategies import respelled
from webhook.core.impact import NO_IMPACT
from webhook.core.impact.networkpolicy.traffic import DIRECTIONS, INGRESS, Direction

Sides = tuple[Object | None, Object | None]


every_direction = pytest.mark.parametrize("direction", DIRECTIONS, ids=["ingress", "egress"])


@every_direction
@given(st.data())
def test_a_connection_is_reported_exactly_when_it_is_opened_or_closed(
    direction: Direction, data: st.DataObject
) -> None:
    change = data.draw(changes(direction.policy_type))
    beside = data.draw(siblings(direction.policy_type))
    opens, closes = _difference(change, beside, direction)

    found = compared(*change, beside, direction)

    event(f"opens {any(opens.values())}, closes {any(closes.values())}")
    assert reported(found.opens, UNIVERSE) == opens
    assert reported(found.closes, UNIVERSE) == closes
    # And so it is for the whole: where something is reported, something is there.
    assert bool(found.opens) == any(opens.values())
    assert bool(found.closes) == any(closes.values())
    # Words may say more than that, never less.
    assert not any(opens[pair] & ~ports for pair, ports in told(found.opens, UNIVERSE).items())
    assert not any(closes[pair] & ~ports for pair, ports in told(found.closes, UNIVERSE).items())


@every_direction
@given(st.data())
def test_the_impact_widens_and_narrows_in_either_direction(direction: Direction, data: st.DataObject) -> None:
    change = data.draw(changes(direction.policy_type))
    beside = data.draw(siblings(direction.policy_type))
    differences = [_difference(change, beside, each) for each in DIRECTIONS]
    found = impact(*change, *beside)
    assert found.widens == any(any(opens.values()) for opens, _ in differences)
    assert found.narrows == any(any(closes.values()) for _, closes in differences)
    assert not found.unknown


def _difference(change: Sides, beside: list[Object], direction: Direction) -> tuple[Pairs, Pairs]:
    """Return what a change opens and closes."""
    was, is_now = (
        UNIVERSE.allowed([side, *beside] if side else beside, direction.policy_type) for side in change
    )
    return {pair: is_now[pair] & ~was[pair] for pair in was}, {
        pair: was[pair] & ~is_now[pair] for pair in was
    }


@every_direction
@given(st.data())
def test_another_order_is_no_change(direction: Direction, data: st.DataObject) -> None:
    policy = data.draw(policies(direction.policy_type))
    other = {**policy, "spec": data.draw(respelled(policy["spec"]))}
    assert impact(policy, other, *data.draw(siblings(direction.policy_type))) == NO_IMPACT


@every_direction
@given(st.data())
def test_the_same_in_other_words_is_no_change(direction: Direction, data: st.DataObject) -> None:
    policy = data.draw(policies(direction.policy_type))
    other = copy.deepcopy(policy)
    for field, peers_at in (("ingress", "from"), ("egress", "to")):
        if rules := other["spec"].get(field):
            said = [new for rule in rules for new in data.draw(rewritten(rule or {}, peers_at))]
            other["spec"][field] = said
    assert impact(policy, other, *data.draw(siblings(direction.policy_type))) == NO_IMPACT


@st.composite
def rewritten(draw: st.DrawFn, rule: Object, peers_at: str) -> list[Object]:
    """Write one rule as one or more that mean the same."""
    said = copy.deepcopy(rule)
    if said.get(peers_at):
        said[peers_at] = [new for peer in said[peers_at] for new in draw(st.sampled_from(_same_peers(peer)))]
    if said.get("ports"):
        said["ports"] = [new for port in said["ports"] for new in draw(st.sampled_from(_same_ports(port)))]
    split = draw(st.sampled_from([None, peers_at, "ports"]))
    if split is None or not said.get(split):
        return [said]
    return [{**said, split: [item]} for item in said[split]]


def _same_peers(peer: Any) -> list[list[Any]]:
    """Return ways to write a peer as peers."""
    block = peer.get("ipBlock")
    ways = [[peer]]
    if block:
        whole = ipaddress.ip_network(block["cidr"], strict=False)
        halves = list(whole.subnets()) if whole.num_addresses > 1 else [whole]
        ways.append([{"ipBlock": {**block, "cidr": str(half)}} for half in halves])
        ways.append([{"ipBlock": {"cidr": str(left)}} for left in _without(whole, block.get("except") or [])])
        return [way for way in ways if way]
    for field in ("podSelector", "namespaceSelector"):
        for at, expression in enumerate((peer.get(field) or {}).get("matchExpressions") or []):
            if expression["operator"] == "In":
                ways.append([_only(peer, field, at, value) for value in expression["values"]])
    return ways


def _only(peer: Any, field: str, at: int, value: str) -> Any:
    changed = copy.deepcopy(peer)
    changed[field]["matchExpressions"][at]["values"] = [value]
    return changed


def _without(whole: Any, excepted: list[str]) -> list[Any]:
    left = [whole]
    for hole in (ipaddress.ip_network(cidr, strict=False) for cidr in excepted):
        left = [part for block in left for part in _minus(block, hole)]
    return left


def _minus(block: Any, hole: Any) -> list[Any]:
    if block.version != hole.version or not block.overlaps(hole):
        return [block]
    return [] if block.subnet_of(hole) else list(block.address_exclude(hole))


def _same_ports(port: Any) -> list[list[Any]]:
    """Return ways to write an entry of ports as entries."""
    ways = [[port]]
    first, last = port.get("port"), port.get("endPort")
    if first is None and last is None:
        ways.append([{**port, "port": 1, "endPort": 400}, {**port, "port": 300, "endPort": 65535}])
    if isinstance(first, int) and last is not None and last - first < 20:
        ways.append([{"protocol": port.get("protocol"), "port": one} for one in range(first, last + 1)])
    return ways


def test_a_region_can_be_asked_about_one_connection() -> None:
    closed = network_policy(podSelector={}, policyTypes=["Ingress"])
    ten = put(closed, "/spec/ingress", [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}])
    wide = put(closed, "/spec/ingress", [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])
    (region,) = compared(ten, wide, [], INGRESS).opens

    def is_opened(address: str) -> bool:
        peer = peer_point(Address(ipaddress.ip_address(address)))
        return region.contains({**peer, **port_point(Port("TCP", 80, None)), **target_point({"app": "web"})})

    assert [is_opened(address) for address in ("9.9.9.9", "10.9.9.9", "::1")] == [True, False, False]
