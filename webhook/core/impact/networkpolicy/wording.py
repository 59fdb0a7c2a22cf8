"""What traffic is meant, in words: ``any address -> pods app=web in shop, TCP 8080``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import Finding
from webhook.core.impact.naming import listed, name_of
from webhook.core.impact.networkpolicy.addresses import (
    EVERYWHERE,
    IPV4,
    IPV6,
    POD,
    address_words,
    is_wide,
    named,
)
from webhook.core.impact.networkpolicy.comparison import Region
from webhook.core.impact.networkpolicy.cubes import (
    ADDRESS,
    NAMESPACE_NAME,
    PEER_NAMESPACE,
    PEER_POD,
    PORT,
    PORT_NAME,
    TARGET,
    Cube,
    merged,
    universe,
)
from webhook.core.impact.networkpolicy.labels import ValueSet, label_words
from webhook.core.impact.networkpolicy.ports import listed_ports, port_words
from webhook.core.impact.networkpolicy.traffic import INGRESS, Direction

ANYWHERE, OTHER_PLACES, SAME_NAMESPACE = 0, 50, 100
"""Ranks: half of the internet or more; addresses and other namespaces; the policy's own namespace."""

_STEPS = 30
"""What the words for one region take."""


class _Ends(NamedTuple):
    """A target, its peer and how much that matters: what one finding is about, beside the ports."""

    target: str
    peer: str
    rank: int


def findings(
    regions: Iterable[Region], direction: Direction, namespace: str, budget: Budget
) -> tuple[Finding, ...]:
    """Return one finding for each target and peer, with all their ports."""
    ports: dict[_Ends, list[str]] = {}
    for box in merged((region.box for region in regions), budget):
        budget.spend(_STEPS + 2 * sum(values.weight for values in box.values()))
        ends = _Ends(_target_words(box, namespace), _peer_words(box, direction), _rank(box, namespace))
        words = port_words(box.get(PORT, universe(PORT)), box.get(PORT_NAME, universe(PORT_NAME)))
        ports.setdefault(ends, []).extend(words)
    return tuple(_finding(ends, words, direction) for ends, words in ports.items())


def _finding(ends: _Ends, ports: list[str], direction: Direction) -> Finding:
    source, destination = (ends.peer, ends.target) if direction is INGRESS else (ends.target, ends.peer)
    return Finding(f"{source} -> {destination}, {listed_ports(ports)}", rank=ends.rank)


def _target_words(box: Cube, namespace: str) -> str:
    labels = _labels(box, TARGET)
    return f"pods {labels} in {name_of(namespace)}" if labels else f"all pods in {name_of(namespace)}"


def _peer_words(box: Cube, direction: Direction) -> str:
    everything = "any source" if direction is INGRESS else "any destination"
    addresses = box.get(ADDRESS, EVERYWHERE)
    if POD not in addresses:
        return ", ".join(address_words(addresses))
    missing = EVERYWHERE - addresses
    if not missing:
        return everything
    if addresses & IPV4 and addresses & IPV6:
        lacks = [named(missing & family) for family in (IPV4, IPV6) if missing & family]
        return f"{everything} except {', '.join(lacks)}"
    return ", ".join([_pod_words(box), *address_words(addresses)])


def _pod_words(box: Cube) -> str:
    pods = _labels(box, PEER_POD)
    namespaces = {at.key: values for at, values in box.items() if at.place == PEER_NAMESPACE}
    name = box.get(NAMESPACE_NAME)
    if not namespaces:
        return f"pods {pods} in any namespace" if pods else "all pods in any namespace"
    if len(namespaces) == 1 and name is not None and not name.cofinite:
        return (
            f"{f'pods {pods}' if pods else 'pods'} in {listed([name_of(one) for one in sorted(name.values)])}"
        )
    return f"{f'pods {pods}' if pods else 'pods'} in namespaces {_labels(box, PEER_NAMESPACE)}"


def _labels(box: Cube, place: int) -> str:
    return ",".join(label_words(at.key, values) for at, values in box.items() if at.place == place)


def _rank(box: Cube, namespace: str) -> int:
    addresses = box.get(ADDRESS, EVERYWHERE)
    if is_wide(addresses):
        return ANYWHERE
    name: ValueSet = box.get(NAMESPACE_NAME, universe(NAMESPACE_NAME))
    is_own = not name.cofinite and name.values == {namespace}
    return SAME_NAMESPACE if is_own and not addresses & (IPV4 | IPV6) else OTHER_PLACES
