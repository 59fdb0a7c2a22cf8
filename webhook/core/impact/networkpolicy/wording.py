"""What traffic is meant, in words: ``any address -> pods app=web in shop, TCP 8080``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import Finding
from webhook.core.impact.naming import name_of
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
from webhook.core.impact.networkpolicy.labels import ValueSet, few_of, label_words
from webhook.core.impact.networkpolicy.plain import End
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
    for box, partly in _boxes(regions, budget):
        budget.spend(_STEPS + 2 * sum(values.weight for values in box.values()))
        target = _partly(partly is End.TARGET, _target_words(box, namespace))
        peer = _partly(partly is End.PEER, _peer_words(box, direction))
        words = port_words(box.get(PORT, universe(PORT)), box.get(PORT_NAME, universe(PORT_NAME)))
        said = [_partly(partly is End.PORTS, each) for each in words]
        ports.setdefault(_Ends(target, peer, _rank(box, namespace)), []).extend(said)
    return tuple(_finding(ends, words, direction) for ends, words in ports.items())


def _boxes(regions: Iterable[Region], budget: Budget) -> Iterator[tuple[Cube, End | None]]:
    """Yield the boxes of regions, joined where words say as much of them as there is."""
    boxes: dict[End | None, list[Cube]] = {}
    for region in regions:
        boxes.setdefault(region.partly, []).append(region.box)
    for partly, alike in boxes.items():
        yield from ((box, partly) for box in merged(alike, budget))


def _partly(is_partly: bool, words: str) -> str:  # noqa: FBT001  # reads plainly where it is called
    return f"parts of {words}" if is_partly else words


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
    there = ", ".join([_pod_words(box), *address_words(addresses)])
    if not (addresses & IPV4 and addresses & IPV6):
        return there
    lacks = ", ".join(named(missing & family) for family in (IPV4, IPV6) if missing & family)
    return min(f"{everything} except {lacks}", there, key=len)


def _pod_words(box: Cube) -> str:
    pods, where = _labels(box, PEER_POD), _namespace_words(box)
    if pods:
        return f"pods {pods} in {where}"
    return f"all pods in {where}" if where.startswith("any namespace") else f"pods in {where}"


def _namespace_words(box: Cube) -> str:
    """Say which namespaces: by name if it is one of a few, else by their other labels."""
    name: ValueSet = box.get(NAMESPACE_NAME, universe(NAMESPACE_NAME))
    labels = _labels({at: values for at, values in box.items() if at != NAMESPACE_NAME}, PEER_NAMESPACE)
    if name.cofinite:
        where = f"namespaces {labels}" if labels else "any namespace"
        return f"{where} but {few_of(name.values)}" if name.values else where
    names = few_of(name.values)
    many = f"namespaces {names}" if len(name.values) > 1 else f"namespace {names}"
    if labels:
        return f"{many} ({labels})"
    return many if len(name.values) > 1 else names


def _labels(box: Cube, place: int) -> str:
    return ",".join(label_words(at.key, values) for at, values in box.items() if at.place == place)


def _rank(box: Cube, namespace: str) -> int:
    addresses = box.get(ADDRESS, EVERYWHERE)
    if is_wide(addresses):
        return ANYWHERE
    name: ValueSet = box.get(NAMESPACE_NAME, universe(NAMESPACE_NAME))
    is_own = not name.cofinite and name.values == {namespace}
    return SAME_NAMESPACE if is_own and not addresses & (IPV4 | IPV6) else OTHER_PLACES
