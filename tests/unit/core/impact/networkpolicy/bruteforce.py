"""What NetworkPolicies allow, one connection at a time: slow, and obvious.

Written from https://kubernetes.io/docs/concepts/services-networking/network-policies/ and the API reference,
for objects as people write them. Nothing of the product is used.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

NAME = "kubernetes.io/metadata.name"
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Pod:
    labels: tuple[tuple[str, str], ...]
    namespace: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Address:
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Port:
    """Where a connection goes: the number, and the name that the pod has for it. ICMP has neither."""

    protocol: str
    number: int
    name: str | None


Peer = Pod | Address
PEERS_AT = {"Ingress": "from", "Egress": "to"}


def selects(selector: Any, labels: Labels) -> bool:
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != (value or ""):
            return False
    return all(meets(expression, labels) for expression in selector.get("matchExpressions") or [])


def meets(expression: Any, labels: Labels) -> bool:
    key, values = expression["key"], expression.get("values") or []
    if expression["operator"] == "In":
        return key in labels and labels[key] in values
    if expression["operator"] == "NotIn":
        return key not in labels or labels[key] not in values
    return bool((key in labels) == (expression["operator"] == "Exists"))


def is_peer(wanted: Any, peer: Peer, own_namespace: str) -> bool:
    block = wanted.get("ipBlock")
    if isinstance(peer, Address):
        return block is not None and is_in_block(block, peer)
    if block is not None:
        return False
    if wanted.get("namespaceSelector") is None:
        in_namespace = dict(peer.namespace)[NAME] == own_namespace
    else:
        in_namespace = selects(wanted["namespaceSelector"], dict(peer.namespace))
    return in_namespace and selects(wanted.get("podSelector") or {}, dict(peer.labels))


def is_in_block(block: Any, address: Address) -> bool:
    if address.ip not in ipaddress.ip_network(block["cidr"], strict=False):
        return False
    excepted = block.get("except") or []
    return not any(address.ip in ipaddress.ip_network(cidr, strict=False) for cidr in excepted)


def is_port(wanted: Any, port: Port) -> bool:
    if (wanted.get("protocol") or "TCP") != port.protocol:
        return False
    if wanted.get("port") is None:
        return True
    if isinstance(wanted["port"], str):
        return bool(wanted["port"] == port.name)
    return bool(wanted["port"] <= port.number <= (wanted.get("endPort") or wanted["port"]))


def directions(spec: Any) -> list[str]:
    return spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]


@dataclass(frozen=True)
class Universe:
    """All connections between some targets, which are in the policies' namespace, and some peers."""

    namespace: str
    targets: list[dict[str, str]]
    peers: list[Peer]
    ports: list[Port]

    def allowed(self, policies: Iterable[Any], direction: str) -> dict[tuple[int, int], int]:
        """Return for each target and peer the ports that are allowed, as bits of a number."""
        everything = (1 << len(self.ports)) - 1
        found = dict.fromkeys(product(range(len(self.targets)), range(len(self.peers))), 0)
        selected: set[int] = set()
        for spec in (policy["spec"] for policy in policies):
            if direction not in directions(spec):
                continue
            selector = spec.get("podSelector") or {}
            mine = [at for at, labels in enumerate(self.targets) if selects(selector, labels)]
            selected.update(mine)
            for rule in spec.get(direction.lower()) or []:
                peers, ports = self._rule(rule or {}, direction)
                for pair in product(mine, peers):
                    found[pair] |= ports
        return {pair: ports if pair[0] in selected else everything for pair, ports in found.items()}

    def _rule(self, rule: Any, direction: str) -> tuple[list[int], int]:
        wanted_peers, wanted_ports = rule.get(PEERS_AT[direction]) or [], rule.get("ports") or []
        peers = [
            at
            for at, peer in enumerate(self.peers)
            if not wanted_peers or any(is_peer(wanted, peer, self.namespace) for wanted in wanted_peers)
        ]
        ports = sum(
            1 << at
            for at, port in enumerate(self.ports)
            if not wanted_ports or any(is_port(wanted, port) for wanted in wanted_ports)
        )
        return peers, ports
