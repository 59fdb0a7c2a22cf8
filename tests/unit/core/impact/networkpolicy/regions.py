"""The regions that the product reports, asked about each connection of a universe."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

from tests.builders import Object, key_of
from tests.unit.core.impact.networkpolicy.bruteforce import Address, Peer, Port, Universe
from webhook.core import kinds
from webhook.core.impact import Change, Impact
from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy import analyse
from webhook.core.impact.networkpolicy.comparison import Comparison, Region, compare
from webhook.core.impact.networkpolicy.cubes import (
    ADDRESS,
    NAMESPACE_NAME,
    PEER_NAMESPACE,
    PEER_POD,
    PORT,
    PORT_NAME,
    TARGET,
    Cube,
    Dimension,
    contains,
)
from webhook.core.impact.networkpolicy.neighbours import Neighbours
from webhook.core.impact.networkpolicy.ports import OTHER, PROTOCOLS, on_line
from webhook.core.impact.networkpolicy.traffic import Direction, read_spec
from webhook.core.normalize import normalize

Point = dict[Dimension, Any]
Pairs = dict[tuple[int, int], int]
"""For each target and peer of a universe the ports, as bits of a number."""


class Beside:
    """The policies of a namespace, as a snapshot or a watch has them."""

    def __init__(self, policies: Iterable[Object] = ()) -> None:
        self._forms = [normalize(policy, kinds.NETWORK_POLICY) for policy in policies]

    def network_policies(self, namespace: str) -> list[Object]:
        return [form for form in self._forms if form["metadata"]["namespace"] == namespace]

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is no business of network policies")


def change_of(before: Object | None, after: Object | None) -> Change:
    forms = [None if obj is None else normalize(obj, kinds.NETWORK_POLICY) for obj in (before, after)]
    named = before if before is not None else after
    assert named is not None
    return Change(kinds.NETWORK_POLICY, key_of(named), *forms)


def impact(before: Object | None, after: Object | None, *beside: Object) -> Impact:
    return analyse(change_of(before, after), Beside(beside), Budget())


def compared(
    before: Object | None, after: Object | None, beside: Iterable[Object], direction: Direction
) -> Comparison:
    change, budget = change_of(before, after), Budget()
    namespace = change.key.namespace
    old, new = (
        read_spec(form, namespace, budget).policy(direction) for form in (change.before, change.after)
    )
    return compare(old, new, Neighbours(change.key, Beside(beside), budget), budget)


def reported(regions: Iterable[Region], universe: Universe) -> Pairs:
    """Return what regions hold."""
    found = dict.fromkeys(product(range(len(universe.targets)), range(len(universe.peers))), 0)
    for region in regions:
        held = _inside(region.cube, universe)
        for other in region.allowed:
            for pair, ports in _inside(other, universe).items():
                if pair in held:
                    held[pair] &= ~ports
        for pair, ports in held.items():
            found[pair] |= ports
    return found


def told(regions: Iterable[Region], universe: Universe) -> Pairs:
    """Return what the boxes hold that words are made of."""
    found = dict.fromkeys(product(range(len(universe.targets)), range(len(universe.peers))), 0)
    for region in regions:
        for pair, ports in _inside(region.box, universe).items():
            found[pair] |= ports
    return found


def _inside(cube: Cube, universe: Universe) -> Pairs:
    def part(*places: int) -> Cube:
        return {at: values for at, values in cube.items() if at.place in places}

    of_target = part(TARGET)
    of_port = part(PORT.place, PORT_NAME.place)
    of_peer = part(ADDRESS.place, PEER_NAMESPACE, PEER_POD)
    targets = [at for at, labels in enumerate(universe.targets) if contains(of_target, target_point(labels))]
    peers = [at for at, peer in enumerate(universe.peers) if contains(of_peer, peer_point(peer))]
    ports = sum(1 << at for at, port in enumerate(universe.ports) if contains(of_port, port_point(port)))
    return dict.fromkeys(product(targets, peers), ports)


def target_point(labels: dict[str, str]) -> Point:
    return {Dimension(TARGET, key): value for key, value in labels.items()}


def port_point(port: Port) -> Point:
    number = on_line(port.protocol, port.number) if port.protocol in PROTOCOLS else OTHER
    return {PORT: number, PORT_NAME: port.name}


def peer_point(peer: Peer) -> Point:
    if isinstance(peer, Address):
        return {ADDRESS: int(peer.ip) + (1 << 32) * (peer.ip.version == 6), NAMESPACE_NAME: ""}
    labels = {Dimension(PEER_POD, key): value for key, value in peer.labels}
    return {ADDRESS: -1, **labels, **{Dimension(PEER_NAMESPACE, key): value for key, value in peer.namespace}}
