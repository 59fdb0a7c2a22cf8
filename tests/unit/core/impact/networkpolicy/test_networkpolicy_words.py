"""What a change of a NetworkPolicy opens and closes, as people read it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Object, drop, network_policy, peer, put
from tests.unit.core.impact.networkpolicy.regions import impact
from webhook.core.impact import NO_IMPACT, Effect
from webhook.core.impact.networkpolicy.ports import listed_ports
from webhook.core.impact.networkpolicy.wording import ANYWHERE

WEB = network_policy()
FROM = "/spec/ingress/0/from/-"
EVERYTHING = network_policy(
    podSelector={"matchLabels": {"app": "web"}}, policyTypes=["Ingress"], ingress=[{}]
)
THREE_PROTOCOLS = [{"protocol": protocol} for protocol in ("TCP", "UDP", "SCTP")]
IN_TEAM_X = {"namespaceSelector": {"matchLabels": {"team": "x"}}}


def opened(before: Object | None, after: Object | None, *beside: Object) -> list[str]:
    return [finding.text for finding in impact(before, after, *beside).opens]


def closed(before: Object | None, after: Object | None, *beside: Object) -> list[str]:
    return [finding.text for finding in impact(before, after, *beside).closes]


def block(cidr: str, *excepted: str) -> Object:
    return {"ipBlock": {"cidr": cidr, "except": list(excepted)}}


def egress(*rules: Object, name: str = "out") -> Object:
    selector = {"matchLabels": {"app": "web"}}
    return network_policy(name, podSelector=selector, policyTypes=["Egress"], egress=list(rules))


def of(selector: Object, *rules: Object, name: str = "web") -> Object:
    return network_policy(name, podSelector=selector, policyTypes=["Ingress"], ingress=list(rules))


# Who


@pytest.mark.parametrize(
    ("added", "words"),
    [
        (block("0.0.0.0/0"), "any address"),
        (block("::/0"), "any IPv6 address"),
        (block("10.1.2.3/8"), "10.0.0.0/8"),
        (block("2001:db8::/32"), "2001:db8::/32"),
        (block("0.0.0.0/0", "10.0.0.0/8", "192.168.0.0/16"), "any address except 10.0.0.0/8, 192.168.0.0/16"),
        (block("10.0.0.0/8", "10.128.0.0/9"), "10.0.0.0/9"),
        (block("10.0.0.0/8", "10.7.7.7/32"), "10.0.0.0-10.7.7.6, 10.7.7.8-10.255.255.255"),
        (block("10.0.0.0/8", "11.0.0.0/8", "::/0"), "10.0.0.0/8"),
        (peer("x"), "pods app=x in shop"),
        ({"podSelector": {}}, "pods app notin (gateway) in shop"),
        (IN_TEAM_X, "pods in namespaces team=x"),
        ({**IN_TEAM_X, **peer("x")}, "pods app=x in namespaces team=x"),
        ({"namespaceSelector": {}}, "all pods in any namespace"),
        ({"namespaceSelector": {}, **peer("x")}, "pods app=x in any namespace"),
        (
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "billing"}}},
            "pods in billing",
        ),
        (
            {
                "podSelector": {
                    "matchLabels": {"app": "x", "tier": "y"},
                    "matchExpressions": [
                        {"key": "a", "operator": "In", "values": ["1", "2"]},
                        {"key": "b", "operator": "NotIn", "values": ["1"]},
                        {"key": "c", "operator": "Exists"},
                        {"key": "d", "operator": "DoesNotExist"},
                    ],
                }
            },
            "pods a in (1, 2),app=x,b notin (1),c,!d,tier=y in shop",
        ),
        ({"podSelector": {"matchLabels": {"app": "x -> y"}}}, 'pods app="x -> y" in shop'),
    ],
)
def test_a_new_peer(added: Object, words: str) -> None:
    assert opened(WEB, put(WEB, FROM, added)) == [f"{words} -> pods app=web in shop, TCP 8080"]
    assert closed(put(WEB, FROM, added), WEB) == [f"{words} -> pods app=web in shop, TCP 8080"]


def test_ipv4_and_ipv6() -> None:
    both = put(put(WEB, FROM, block("0.0.0.0/0")), FROM, block("::/0"))
    assert opened(WEB, both) == ["any address, IPv6 too -> pods app=web in shop, TCP 8080"]


def test_many_new_peers_are_one_line() -> None:
    many = put(WEB, "/spec/ingress/0/from", [block(f"10.{at}.0.0/24") for at in range(6)])
    assert opened(WEB, many) == [
        "10.0.0.0/24, 10.1.0.0/24, 10.2.0.0/24 and 3 more -> pods app=web in shop, TCP 8080"
    ]
    many = put(WEB, "/spec/ingress/0/from", [peer(name) for name in "abcdef"])
    assert opened(WEB, many) == ["pods app in (a, b, c and 3 more) in shop -> pods app=web in shop, TCP 8080"]


def test_everybody() -> None:
    assert opened(WEB, EVERYTHING) == ["any source -> pods app=web in shop, all ports"]


def test_what_was_allowed_already_is_not_told_again() -> None:
    ten = put(WEB, FROM, block("10.0.0.0/8"))
    assert opened(ten, put(ten, FROM, block("0.0.0.0/0"))) == [
        "any address except 10.0.0.0/8 -> pods app=web in shop, TCP 8080"
    ]
    assert opened(ten, put(ten, FROM, block("10.1.0.0/16"))) == []


def test_namespaces_next_to_pods_of_the_own_one() -> None:
    """The exact rest, all but app=gateway of shop, would be harder to read than what was added."""
    everywhere = put(WEB, FROM, {"namespaceSelector": {}})
    assert opened(WEB, everywhere) == ["all pods in any namespace -> pods app=web in shop, TCP 8080"]


# To whom


def test_egress_is_told_from_the_pod_to_its_peer() -> None:
    assert opened(egress(), egress({"to": [peer("db")], "ports": [{"port": 5432}]})) == [
        "pods app=web in shop -> pods app=db in shop, TCP 5432"
    ]
    assert opened(egress(), egress({})) == ["pods app=web in shop -> any destination, all ports"]


def test_all_pods() -> None:
    assert opened(of({}), of({}, {"from": [IN_TEAM_X]})) == [
        "pods in namespaces team=x -> all pods in shop, all ports"
    ]


@pytest.mark.parametrize(
    ("ports", "words"),
    [
        ([], "all ports"),
        ([{"port": 8080}], "TCP 8080"),
        ([{"port": 8000, "endPort": 9000}], "TCP 8000-9000"),
        ([{"protocol": "UDP", "port": 53}], "UDP 53"),
        ([{"protocol": "TCP"}], "all TCP ports"),
        ([{"port": "http"}], "TCP http (by name)"),
        (
            [{"port": "http"}, {"port": 80}, {"protocol": "SCTP", "port": 7}],
            "TCP 80, SCTP 7, TCP http (by name)",
        ),
        ([{"port": port} for port in (1, 3, 5, 7, 9)], "TCP 1, TCP 3, TCP 5 and 2 more"),
        ([{"port": 1, "endPort": 65535}, {"port": "http"}], "all TCP ports"),
        ([{"protocol": protocol} for protocol in ("TCP", "UDP")], "all TCP and UDP ports"),
        (THREE_PROTOCOLS, "all TCP, UDP and SCTP ports"),
    ],
)
def test_ports(ports: list[Any], words: str) -> None:
    rule = {"from": [peer("x")], "ports": ports}
    assert opened(of({}), of({}, rule)) == [f"pods app=x in shop -> all pods in shop, {words}"]


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (THREE_PROTOCOLS, "protocols other than TCP, UDP and SCTP"),
        ([{"port": 80}], "all ports but TCP 80"),
        ([{"port": 80}, {"protocol": "UDP", "port": 53}], "all ports but TCP 80 and UDP 53"),
        ([{"protocol": "UDP"}], "all ports but all UDP ports"),
        ([{"port": "http"}], "all ports"),
        ([{"port": port} for port in (1, 3, 5, 7)], "parts of all ports"),
    ],
)
def test_no_ports_are_all_and_other_protocols_too(listed: list[Any], words: str) -> None:
    """ICMP may pass only where no ports are listed."""
    some, all_ = of({}, {"from": [peer("x")], "ports": listed}), of({}, {"from": [peer("x")]})
    assert opened(some, all_) == [f"pods app=x in shop -> all pods in shop, {words}"]
    assert impact(all_, some).effect is Effect.NARROWS


def test_all_but_some_ports_is_said_last() -> None:
    before = of({}, {"from": [peer("x")], "ports": [{"port": 80}]})
    after = of({}, {"from": [peer("x")]}, {"from": [peer("y")], "ports": [{"port": 80}]})
    assert opened(before, after) == [
        "pods app=x in shop -> all pods in shop, all ports but TCP 80",
        "pods app=y in shop -> all pods in shop, TCP 80",
    ]
    assert listed_ports(["all ports but TCP 80", "TCP http (by name)"]) == (
        "TCP http (by name), all ports but TCP 80"
    )


def test_a_range_that_becomes_a_name_closes_all_but_the_name() -> None:
    whole, by_name = (of({}, {"ports": [port]}) for port in ({"port": 1, "endPort": 65535}, {"port": "http"}))
    words = "any source -> all pods in shop, all TCP ports but http (by name)"
    assert (opened(by_name, whole), closed(whole, by_name)) == ([words], [words])


# Words that say more than there is


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            [{"from": [block(f"10.{at}.0.0/17") for at in range(60)]}],
            [{"from": [block("10.0.0.0/8")]}],
            "parts of 10.0.0.0/8 -> all pods in shop, all ports",
        ),
        (
            [{"ports": [{"port": port} for port in range(1, 40, 2)]}],
            [{"ports": [{"port": 1, "endPort": 40}]}],
            "any source -> all pods in shop, parts of TCP 1-40",
        ),
        (
            [{"from": [block("10.1.0.0/16")], "ports": [{"port": 3}]}],
            [{"from": [block("10.0.0.0/8")], "ports": [{"port": 1, "endPort": 40}]}],
            "10.0.0.0/8 -> all pods in shop, parts of TCP 1-40",
        ),
        (
            [{"from": [block("10.1.0.0/16")], "ports": [{"port": 3}]}],
            [{}],
            "any source -> all pods in shop, all ports",
        ),
        (
            [{"from": [peer(name) for name in "abcdef"]}],
            [{"from": [{"podSelector": {}}]}],
            "pods in shop -> all pods in shop, all ports",
        ),
    ],
    ids=["blocks", "ports", "ports for some blocks", "of all traffic little", "labels"],
)
def test_parts_are_said_to_be_parts(before: list[Any], after: list[Any], words: str) -> None:
    assert opened(of({}, *before), of({}, *after)) == [words]


def test_parts_of_the_pods_that_a_policy_leaves() -> None:
    values = [{"key": "app", "operator": "NotIn", "values": list("abcdef")}]
    beside = of({"matchExpressions": values}, name="beside")
    assert opened(of({}), None, beside) == ["any source -> parts of all pods in shop, all ports"]


@pytest.mark.parametrize(
    ("direction", "before", "after", "words"),
    [
        ("ingress", [block("0.0.0.0/1")], [block("0.0.0.0/0")], "128.0.0.0/1 -> all pods in shop, all ports"),
        (
            "egress",
            [block("0.0.0.0/0", "169.254.169.254/32")],
            [],
            "all pods in shop -> all pods in any namespace, 169.254.169.254, any IPv6 address, all ports",
        ),
    ],
)
def test_the_shorter_way_to_say_it(direction: str, before: list[Any], after: list[Any], words: str) -> None:
    def policy(peers: list[Any]) -> Object:
        rule = {{"ingress": "from", "egress": "to"}[direction]: peers}
        closed = network_policy(podSelector={}, policyTypes=[direction.capitalize()])
        return put(closed, f"/spec/{direction}", [rule])

    old, new = policy(before), policy(after)
    assert opened(old, new) == [words]


def test_a_port_by_name_is_not_the_port_by_number() -> None:
    by_name, by_number = (of({}, {"from": [peer("x")], "ports": [{"port": port}]}) for port in ("http", 80))
    assert opened(by_name, by_number) == ["pods app=x in shop -> all pods in shop, TCP 80"]
    assert opened(by_number, by_name) == ["pods app=x in shop -> all pods in shop, TCP http (by name)"]


def test_neighbouring_blocks_are_one() -> None:
    halves = put(put(WEB, FROM, block("10.0.0.0/9")), FROM, block("10.128.0.0/9"))
    assert opened(WEB, halves) == ["10.0.0.0/8 -> pods app=web in shop, TCP 8080"]


def test_what_another_rule_of_the_policy_allows_is_not_told() -> None:
    before = of({}, {"from": [IN_TEAM_X]}, {"from": [peer("a"), peer("b")]})
    after = of({}, {"from": [IN_TEAM_X]}, {"from": [peer("a"), IN_TEAM_X]})
    assert opened(before, after) == []
    assert closed(before, after) == ["pods app=b in shop -> all pods in shop, all ports"]


# The name that each namespace has as a label

EVERY_NAMESPACE: list[Object] = [{"namespaceSelector": {}}]


def by_name(operator: str, *values: str) -> Object:
    named = {"key": "kubernetes.io/metadata.name", "operator": operator, "values": list(values)}
    return {"namespaceSelector": {"matchExpressions": [named]}}


@pytest.mark.parametrize(
    ("peers", "others"),
    [
        ([by_name("Exists")], EVERY_NAMESPACE),
        ([by_name("In", "shop"), by_name("NotIn", "shop")], EVERY_NAMESPACE),
        ([by_name("DoesNotExist"), peer("x")], [peer("x")]),
        ([{**by_name("In", "shop"), **peer("x")}], [peer("x")]),
        ([by_name("In", "a", "b")], [by_name("In", "a"), by_name("In", "b")]),
    ],
)
def test_every_namespace_has_a_name(peers: list[Object], others: list[Object]) -> None:
    assert impact(of({}, {"from": peers}), of({}, {"from": others})) == NO_IMPACT


@pytest.mark.parametrize(
    ("added", "words"),
    [
        (by_name("In", "b", "a"), "pods in namespaces a, b"),
        ({**by_name("In", "a", "b"), **peer("x")}, "pods app=x in namespaces a, b"),
        (by_name("In", *"edcba"), "pods in namespaces a, b, c and 2 more"),
        (by_name("NotIn", "a", "b"), "all pods in any namespace but a, b"),
        (
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a", "team": "x"}}},
            "pods in namespace a (team=x)",
        ),
        (
            {
                "namespaceSelector": {
                    **by_name("In", "a", "b")["namespaceSelector"],
                    "matchLabels": {"t": "x"},
                }
            },
            "pods in namespaces a, b (t=x)",
        ),
        (
            {"namespaceSelector": {**by_name("NotIn", "a")["namespaceSelector"], "matchLabels": {"t": "x"}}},
            "pods in namespaces t=x but a",
        ),
    ],
)
def test_a_namespace_is_called_by_its_name(added: Object, words: str) -> None:
    assert opened(of({}), of({}, {"from": [added]})) == [f"{words} -> all pods in shop, all ports"]


# Policies together


def test_without_its_last_policy_a_pod_is_open() -> None:
    assert opened(WEB, None) == ["any source -> pods app=web in shop, all ports"]
    assert closed(None, WEB) == ["any source -> pods app=web in shop, all ports"]


def test_another_policy_keeps_the_pod_closed() -> None:
    deny_all = of({}, name="deny-all")
    assert opened(WEB, None, deny_all) == []
    assert closed(WEB, None, deny_all) == ["pods app=gateway in shop -> pods app=web in shop, TCP 8080"]
    assert opened(None, WEB, deny_all) == ["pods app=gateway in shop -> pods app=web in shop, TCP 8080"]
    assert closed(None, WEB, deny_all) == []


def test_what_another_policy_allows_too_neither_opens_nor_closes() -> None:
    same = {**WEB, "metadata": {**WEB["metadata"], "name": "same"}}
    assert impact(WEB, None, same) == NO_IMPACT
    assert impact(None, WEB, same) == NO_IMPACT


def test_the_policy_itself_is_not_one_of_the_others() -> None:
    assert opened(WEB, None, WEB) == ["any source -> pods app=web in shop, all ports"]


def test_policies_of_other_pods_are_left_aside() -> None:
    of_others = of({"matchLabels": {"app": "db"}}, {"from": [{}]}, name="unreadable")
    assert opened(WEB, None, of_others) == ["any source -> pods app=web in shop, all ports"]


def test_a_narrower_pod_selector_opens_the_pods_that_it_leaves() -> None:
    assert opened(of({}), of({"matchLabels": {"app": "web"}})) == [
        "any source -> pods app notin (web) in shop, all ports"
    ]


def test_a_policy_that_moves_to_other_pods_opens_those_that_it_leaves() -> None:
    others, web = ({"matchLabels": {"app": name}} for name in ("others", "web"))
    assert opened(of(others), of(web)) == ["any source -> pods app=others in shop, all ports"]
    assert closed(of(others), of(web)) == ["any source -> pods app=web in shop, all ports"]
    rule = {"from": [IN_TEAM_X]}
    assert opened(of(others, rule), of(web, rule), of(others, name="kept")) == []
    assert (
        closed(of(others, rule), of(web, rule), of(others, name="kept"))
        == [
            "pods in namespaces team=x -> pods app=others in shop, all ports",
            "any source -> pods app=web in shop, all ports",
        ][::-1]
    )


def test_a_dropped_policy_type_opens_that_direction() -> None:
    both = network_policy(podSelector={}, policyTypes=["Ingress", "Egress"])
    assert opened(both, put(both, "/spec/policyTypes", ["Ingress"])) == [
        "all pods in shop -> any destination, all ports"
    ]


def test_a_policy_that_allows_all_leaves_nothing_to_open() -> None:
    assert impact(EVERYTHING, None) == NO_IMPACT


def test_rules_of_a_direction_that_is_not_restricted_mean_nothing() -> None:
    unused = put(WEB, "/spec/egress", [{"to": [block("0.0.0.0/0")]}])
    assert impact(WEB, unused) == NO_IMPACT


def test_labels_of_the_policy_are_none_of_its_traffic() -> None:
    assert impact(WEB, put(WEB, "/metadata/labels/team", "x")) == NO_IMPACT


def test_the_shop_swaps_a_peer() -> None:
    swapped = put(drop(WEB, "/spec/ingress/0/from/0"), FROM, peer("mesh"))
    assert opened(WEB, swapped) == ["pods app=mesh in shop -> pods app=web in shop, TCP 8080"]
    assert closed(WEB, swapped) == ["pods app=gateway in shop -> pods app=web in shop, TCP 8080"]


def test_what_was_allowed_is_left_out_of_everything() -> None:
    two = of({}, {"from": [block("255.255.255.0/24"), block("::/16")]})
    assert opened(two, None) == ["any source except 255.255.255.0/24, ::/16 -> all pods in shop, all ports"]


def test_pods_and_addresses_are_told_together() -> None:
    ipv4 = of({}, {"from": [block("0.0.0.0/0")]})
    assert opened(ipv4, None) == [
        "all pods in any namespace, any IPv6 address -> all pods in shop, all ports"
    ]


# How much it matters


def test_the_internet_comes_first_then_other_namespaces() -> None:
    after = of(
        {},
        {"from": [peer("x")], "ports": [{"port": 1}]},
        {"from": [IN_TEAM_X], "ports": [{"port": 2}]},
        {"from": [block("0.0.0.0/0")], "ports": [{"port": 3}]},
    )
    assert [str(finding) for finding in impact(of({}), after).opens] == [
        "any address -> all pods in shop, TCP 3",
        "pods in namespaces team=x -> all pods in shop, TCP 2",
        "pods app=x in shop -> all pods in shop, TCP 1",
    ]


def test_half_of_the_internet_is_anywhere() -> None:
    halves = [impact(WEB, put(WEB, FROM, block(cidr))).opens[0] for cidr in ("128.0.0.0/1", "8000::/1")]
    assert [half.rank for half in halves] == [ANYWHERE, ANYWHERE]
    assert impact(WEB, put(WEB, FROM, block("64.0.0.0/2"))).opens[0].rank > ANYWHERE


def test_a_port_by_name_is_no_part_of_itself_because_addresses_reach_another_number() -> None:
    block_on_number = {"from": [block("10.20.0.0/16")], "ports": [{"port": 8443}]}
    named = {"from": [peer("gateway")], "ports": [{"port": "grpc"}]}
    before = of({"matchLabels": {"app": "web"}}, named, block_on_number)
    after = put(before, "/spec/ingress/0/from/-", block("0.0.0.0/0"))
    assert opened(before, after) == ["any address -> pods app=web in shop, TCP grpc (by name)"]
