"""How large a policy may be, counted in steps: the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import Object, key_of, network_policy, peer, put
from tests.unit.core.impact.networkpolicy.regions import Beside, change_of, impact
from webhook.core.errors import TooLargeError, UnreadableError
from webhook.core.impact import Change
from webhook.core.impact.budget import MAX_STEPS, Budget
from webhook.core.impact.networkpolicy import analyse
from webhook.core.kinds import NETWORK_POLICY


def block(at: int) -> Object:
    return {"ipBlock": {"cidr": f"{at >> 16}.{at >> 8 & 255}.{at & 255}.0/24"}}


def pods(at: int) -> Object:
    return peer(f"app-{at}")


def large(of: Callable[[int], Object], ports: Callable[[int], int] = lambda _: 80) -> Object:
    """Return a policy of 200 rules with 100 peers each."""
    rules = [
        {"from": [of(7 * (100 * rule + at)) for at in range(100)], "ports": [{"port": ports(rule)}]}
        for rule in range(200)
    ]
    return network_policy(podSelector={}, policyTypes=["Ingress"], ingress=rules)


PEERS = pytest.mark.parametrize("of", [block, pods])
NEW = {"ipBlock": {"cidr": "240.0.0.0/8"}}


@PEERS
@pytest.mark.parametrize(
    "ports", [lambda _: 80, lambda rule: 1000 + rule % 10], ids=["one port", "ten ports"]
)
def test_one_peer_of_20_000_is_told(of: Callable[[int], Object], ports: Callable[[int], int]) -> None:
    policy = large(of, ports)
    found = impact(policy, put(policy, "/spec/ingress/199/from/50", NEW))
    port = ports(199)
    assert [each.text for each in found.opens] == [f"240.0.0.0/8 -> all pods in shop, TCP {port}"]
    assert len(found.closes) == 1


@PEERS
def test_a_policy_of_20_000_peers_may_come_and_go(of: Callable[[int], Object]) -> None:
    words = "any source -> all pods in shop, all ports"
    assert [each.text for each in impact(large(of), None).opens] == [words]
    assert [each.text for each in impact(None, large(of)).closes] == [words]


@PEERS
def test_to_change_all_20_000_is_too_much(of: Callable[[int], Object]) -> None:
    with pytest.raises(TooLargeError):
        impact(large(of), large(lambda at: of(at + 1)))


def test_to_change_all_of_thousands_is_told() -> None:
    def policy(start: int, of: Callable[[int], Object]) -> Object:
        return network_policy(
            podSelector={},
            policyTypes=["Ingress"],
            ingress=[{"from": [of(2 * at + start) for at in range(5000)]}],
        )

    for of in (block, pods):
        found = impact(policy(0, of), policy(1, of))
        assert (len(found.opens), len(found.closes)) == (1, 1)
        assert "and 4997 more" in found.opens[0].text


def test_500_policies_beside_it_are_looked_at() -> None:
    beside = [
        network_policy(
            f"beside-{at}",
            podSelector={"matchLabels": {"app": f"app-{at}"}},
            policyTypes=["Ingress"],
            ingress=[{"from": [peer("gateway")]}],
        )
        for at in range(500)
    ]
    everyone = network_policy(podSelector={}, policyTypes=["Ingress"])
    assert [each.text for each in impact(everyone, None, *beside).opens] == [
        "any source -> all pods in shop, all ports"
    ]
    open_to_gateway = put(everyone, "/spec/ingress", [{"from": [peer("gateway")]}])
    assert not impact(
        put(everyone, "/spec/podSelector", {"matchLabels": {"app": "app-7"}}), None, *beside
    ).opens
    assert impact(everyone, open_to_gateway, *beside).widens


class Counted(Budget):
    """A budget that knows what was spent."""

    spent = 0

    def spend(self, steps: int = 1) -> None:
        self.spent += steps
        super().spend(steps)


def steps(before: Object | None, after: Object | None, *beside: Object) -> int:
    budget = Counted()
    analyse(change_of(before, after), Beside(beside), budget)
    return budget.spent


@PEERS
def test_of_rules_for_other_ports_no_peers_are_read(of: Callable[[int], Object]) -> None:
    """All three analyses of a request share what one may spend."""
    policy = large(of, lambda rule: 1000 + rule)
    assert steps(policy, put(policy, "/spec/ingress/199/from/50", NEW)) < MAX_STEPS // 3


def test_what_stays_on_other_ports_may_be_unreadable() -> None:
    odd = {"from": [{}], "ports": [{"port": 80}]}
    policy = network_policy(podSelector={}, policyTypes=["Ingress"], ingress=[odd])
    opened = put(policy, "/spec/ingress/-", {"from": [peer("x")], "ports": [{"port": 81}]})
    assert [each.text for each in impact(policy, opened).opens] == [
        "pods app=x in shop -> all pods in shop, TCP 81"
    ]
    for port in ({"port": 80}, {"port": "http"}):
        with pytest.raises(UnreadableError):
            impact(policy, put(policy, "/spec/ingress/-", {"from": [peer("x")], "ports": [port]}))


def test_what_policies_beside_it_select_is_read_once_for_both_directions() -> None:
    labels = {f"key-{at}": "" for at in range(1000)}
    beside = network_policy(
        "beside", podSelector={"matchLabels": {"app": "db", **labels}}, policyTypes=["Egress", "Ingress"]
    )
    web = {"matchLabels": {"app": "web"}}
    one = network_policy(podSelector=web, policyTypes=["Ingress"])
    both = network_policy(podSelector=web, policyTypes=["Egress", "Ingress"])
    assert steps(None, both, beside) < steps(None, one, beside) + len(labels)


class Watched(dict[str, Any]):
    """A peer that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Watched.compared += 1
        return super().__eq__(other)

    __hash__ = None


def test_rules_that_are_alike_but_for_their_last_peer_are_not_compared_pairwise() -> None:
    def spec(last: str) -> Object:
        peers = [block(at) for at in range(20)]
        return {
            "podSelector": {},
            "policyTypes": ["Ingress"],
            "ingress": [
                {"from": [*(Watched(each) for each in peers), Watched(peer(f"{last}-{rule}"))]}
                for rule in range(170)
            ],
        }

    change = Change(NETWORK_POLICY, key_of(network_policy()), {"spec": spec("a")}, {"spec": spec("b")})
    with pytest.raises(UnreadableError):
        analyse(change, Beside(), Budget())
    assert Watched.compared <= 170 * 21


def test_long_texts_are_paid_by_their_length() -> None:
    """Also where nobody reads them, as they are the same on both sides."""

    def spent(length: int) -> int:
        odd = {"from": [{"newField": "x" * length}], "ports": [{"port": 80}]}
        policy = network_policy(podSelector={}, policyTypes=["Ingress"], ingress=[odd])
        return steps(policy, put(policy, "/spec/ingress/-", {"ports": [{"port": 81}]}))

    assert spent(100_000) > spent(1000) + 1000


ENTANGLED: dict[str, Any] = {
    "labels that halve each other": [
        {
            "podSelector": {
                "matchExpressions": [
                    {"key": f"key-{bit}", "operator": "Exists" if at >> bit & 1 else "DoesNotExist"}
                    for bit in range(10)
                ]
            }
        }
        for at in range(1023)
    ],
    "labels of many keys": [{"podSelector": {"matchLabels": {f"key-{at}": "" for at in range(20_000)}}}],
    "many values": [
        {
            "podSelector": {
                "matchExpressions": [
                    {"key": "a", "operator": "In", "values": [str(at) for at in range(2 * 10**5)]}
                ]
            }
        }
    ],
    "IPv6": [{"ipBlock": {"cidr": f"2001:db8:{at:x}::/48"}} for at in range(20_000)],
    "except": [
        {"ipBlock": {"cidr": f"10.0.{at >> 8}.{at & 255}/31", "except": ["10.0.0.0/32"]}}
        for at in range(8000)
    ],
}


MOST_CALLS = 10
"""Calls of functions in one step."""


@pytest.mark.parametrize("peers", ENTANGLED.values(), ids=ENTANGLED)
def test_what_takes_too_long_is_given_up(peers: list[Object]) -> None:
    before = network_policy(podSelector={}, policyTypes=["Ingress"], ingress=[{"from": peers}])
    after = put(before, "/spec/ingress", [{"from": [{"podSelector": {}}]}])
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    change, beside, budget = change_of(before, after), Beside(), Counted()
    sys.setprofile(count)
    try:
        with pytest.raises(TooLargeError):
            analyse(change, beside, budget)
    finally:
        sys.setprofile(None)
    # Little is done that is not paid, and what is too much is not begun.
    assert calls < MOST_CALLS * MAX_STEPS
