"""NetworkPolicies that the API takes, as Hypothesis generates them, and the connections that tell them apart.

Few labels, values, blocks and ports, so that things collide. For each there is one that no policy names.
"""

from __future__ import annotations

import copy
import ipaddress
from itertools import product
from typing import Any

from hypothesis import strategies as st

from tests.builders import Object, network_policy
from tests.unit.core.impact.networkpolicy.bruteforce import NAME, PEERS_AT, Address, Peer, Pod, Port, Universe

SHOP = "shop"
CIDRS = [
    "0.0.0.0/0",
    "10.0.0.1/8",
    "10.0.0.0/9",
    "10.128.0.0/9",
    "10.1.0.0/16",
    "10.1.255.255/32",
    "255.255.255.255/32",
    "0.0.0.0/32",
    "::/0",
    "2001:db8::1/32",
    "2001:DB8:8000::/33",
    "::1/128",
]
NUMBERS = [1, 80, 81, 90, 65535]

nothing: Any = st.sampled_from([None, []])


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries({}, optional=fields)


def lists(element: st.SearchStrategy[Any], smallest: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(element, min_size=smallest, max_size=2)


def _expressions(keys: dict[str, list[str]]) -> st.SearchStrategy[Object]:
    def of(key: str) -> st.SearchStrategy[Object]:
        values = st.lists(st.sampled_from(keys[key]), min_size=1, max_size=2, unique=True)
        some = st.fixed_dictionaries(
            {"key": st.just(key), "operator": st.sampled_from(["In", "NotIn"]), "values": values}
        )
        whether = st.fixed_dictionaries(
            {"key": st.just(key), "operator": st.sampled_from(["Exists", "DoesNotExist"])},
            optional={"values": nothing},
        )
        return some | whether

    return st.sampled_from(sorted(keys)).flatmap(of)


def _both(one: Object, other: Object) -> Object:
    return {**one, **other}


def _selectors(keys: dict[str, list[str]]) -> st.SearchStrategy[Object]:
    labels = st.sampled_from(sorted(keys)).flatmap(
        lambda key: st.dictionaries(st.just(key), st.sampled_from(keys[key]), min_size=1, max_size=1)
    )
    by_labels = st.fixed_dictionaries({"matchLabels": labels})
    by_expressions = st.fixed_dictionaries(
        {"matchExpressions": st.lists(_expressions(keys), min_size=1, max_size=2)}
    )
    everything: st.SearchStrategy[Object] = st.sampled_from(
        [{}, {"matchLabels": None}, {"matchLabels": {}, "matchExpressions": []}]
    )
    return by_labels | by_expressions | everything | st.builds(_both, by_labels, by_expressions)


pod_selectors = _selectors({"app": ["x", "y"], "tier": ["x"]})
namespace_selectors = _selectors({"team": ["x"], NAME: [SHOP, "billing"]})

_selecting = st.one_of(
    st.fixed_dictionaries({"podSelector": pod_selectors}),
    st.fixed_dictionaries(
        {"namespaceSelector": namespace_selectors}, optional={"podSelector": pod_selectors}
    ),
)
_excepted = st.sampled_from(CIDRS[1:6]) | st.sampled_from(CIDRS)
_blocks = st.fixed_dictionaries(
    {"cidr": st.sampled_from(CIDRS[:4]) | st.sampled_from(CIDRS)},
    optional={"except": lists(_excepted, 1) | nothing},
)
peers = _selecting | st.fixed_dictionaries({"ipBlock": _blocks})

_protocols = st.sampled_from(["TCP", "UDP", "SCTP", None])
_ranges = st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)).map(
    lambda ends: {"port": min(ends), "endPort": max(ends)}
)
_where = _ranges | st.sampled_from([{}, {"port": None}, {"port": 80}, {"port": 81}, {"port": "http"}])
ports = st.builds(lambda protocol, where: {**protocol, **where}, maybe(protocol=_protocols), _where)


def _rules(direction: str, smallest: int = 0) -> st.SearchStrategy[Any]:
    listed = {PEERS_AT[direction]: lists(peers, 1), "ports": lists(ports, 1)}
    usual = st.fixed_dictionaries(listed)
    open_ended = maybe(**{name: entries | nothing for name, entries in listed.items()}) | st.none()
    return st.lists(usual | usual | open_ended, min_size=smallest, max_size=2)


# Mostly the same pods: policies for other pods have nothing to do with each other.
_targets = (
    st.sampled_from([{}, {"matchLabels": {"app": "x"}}, {"matchLabels": {"tier": "x"}}]) | pod_selectors
)


def specs(direction: str) -> st.SearchStrategy[Object]:
    """Generate specs that mostly have something to say of one direction."""
    other = "Egress" if direction == "Ingress" else "Ingress"
    types = st.sampled_from([[direction], [direction], [direction], [other, direction], None, []])
    rules = _rules(direction, 1) | _rules(direction, 1) | nothing
    return st.fixed_dictionaries(
        {"podSelector": _targets, "policyTypes": types, direction.lower(): rules},
        optional={other.lower(): _rules(other)},
    )


def policy(spec: Object, name: str = "web") -> Object:
    return {**network_policy(name), "spec": copy.deepcopy(spec)}


def policies(direction: str) -> st.SearchStrategy[Object]:
    return specs(direction).map(policy)


def siblings(direction: str) -> st.SearchStrategy[list[Object]]:
    return st.lists(specs(direction), max_size=2).map(
        lambda drawn: [policy(spec, f"sibling-{at}") for at, spec in enumerate(drawn)]
    )


@st.composite
def changes(draw: st.DrawFn, direction: str) -> tuple[Object | None, Object | None]:
    """Generate a policy before and after: another, created, deleted, or (mostly) with some of it changed."""
    before = draw(policies(direction))
    after, way = (
        copy.deepcopy(before),
        draw(st.sampled_from(["part", "rule", "peer", "other", "new", "gone"])),
    )
    rules = after["spec"][direction.lower()]
    if way == "part":
        part = draw(st.sampled_from(["podSelector", direction.lower(), "policyTypes"]))
        after["spec"][part] = ["Egress"] if part == "policyTypes" else draw(specs(direction))[part]
    elif way == "rule" or (way == "peer" and not any(rules or [])):
        after["spec"][direction.lower()] = [*(rules or []), *draw(_rules(direction, 1))]
    elif way == "peer":
        rule = draw(st.sampled_from([rule for rule in rules if rule]))
        field, entries = draw(st.sampled_from([(PEERS_AT[direction], peers), ("ports", ports)]))
        rule[field] = [*(rule.get(field) or []), draw(entries)]
    else:
        after = draw(policies(direction))
    sides = {"new": (None, after), "gone": (before, None)}.get(way, (before, after))
    return draw(st.sampled_from([sides, sides[::-1]]))


# The connections


def _labelled(**values: Any) -> list[dict[str, str]]:
    return [
        {key: value for key, value in zip(values, chosen, strict=True) if value is not None}
        for chosen in product(*values.values())
    ]


def _edges() -> list[Peer]:
    found: set[ipaddress.IPv4Address | ipaddress.IPv6Address] = set()
    for cidr in CIDRS:
        block = ipaddress.ip_network(cidr, strict=False)
        for edge in (block[0], block[-1]):
            for step in (-1, 0, 1):
                try:
                    found.add(edge + step)
                except ipaddress.AddressValueError:
                    continue
    return [Address(ip) for ip in sorted(found, key=lambda ip: (ip.version, int(ip)))]


def _pods() -> list[Peer]:
    labels = _labelled(app=["x", "y", "z", None], tier=["x", "z", None])
    namespaces = _labelled(**{NAME: [SHOP, "billing", "other"], "team": ["x", "z", None]})
    return [Pod(tuple(one.items()), tuple(other.items())) for one, other in product(labels, namespaces)]


UNIVERSE = Universe(
    namespace=SHOP,
    targets=_labelled(app=["x", "y", "z", None], tier=["x", "z", None]),
    peers=[*_pods(), *_edges()],
    ports=[
        Port("ICMP", 0, None),
        *(
            Port(protocol, number, name)
            for protocol in ("TCP", "UDP", "SCTP")
            for number in (1, 2, 79, 80, 81, 82, 90, 91, 65534, 65535)
            for name in ("http", "other", None)
        ),
    ],
)
