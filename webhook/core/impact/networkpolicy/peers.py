"""The peers of many rules, gathered so that thousands cost little.

Most peers are a plain block of addresses, or name a value of one label. Those are gathered as numbers and
strings: what two versions of a policy have in common is an intersection of plain sets, and becomes few
cubes however many peers there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy.addresses import PODS, addresses_of, read_block
from webhook.core.impact.networkpolicy.cubes import (
    ADDRESS,
    NAMESPACE_NAME,
    PEER_NAMESPACE,
    PEER_POD,
    Cube,
    Dimension,
    cube_of,
    merged,
)
from webhook.core.impact.networkpolicy.labels import PRESENT, ValueSet, one_of
from webhook.core.impact.networkpolicy.reading import map_of, strings_of
from webhook.core.impact.networkpolicy.selectors import LONGEST, read_selector

_POD, _NAMESPACE, _BLOCK = "podSelector", "namespaceSelector", "ipBlock"
_SELECTORS = frozenset({_POD, _NAMESPACE})
_FIELDS = _SELECTORS | {_BLOCK}
_BLOCK_FIELDS = frozenset({"cidr", "except"})
_STEPS = 5
"""What a peer takes that is not a plain one, more than that."""

Label: TypeAlias = tuple[str, str]
"""The field where a selector stands, and the key of the one label that it names."""
FrozenCube: TypeAlias = tuple[tuple[Dimension, Any], ...]


@dataclass(frozen=True, slots=True)
class Peers:
    """Peers by what they are: blocks of addresses, the values that one label may have, all others."""

    blocks: set[int] = field(default_factory=set)
    labelled: Mapping[Label, set[str]] = field(default_factory=dict)
    others: set[FrozenCube] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.blocks or self.others or any(self.labelled.values()))

    def __and__(self, other: Peers) -> Peers:
        common = {at: values & other.labelled.get(at, set()) for at, values in self.labelled.items()}
        return Peers(self.blocks & other.blocks, common, self.others & other.others)

    def __sub__(self, other: Peers) -> Peers:
        left = {at: values - other.labelled.get(at, set()) for at, values in self.labelled.items()}
        return Peers(self.blocks - other.blocks, left, self.others - other.others)

    def __or__(self, other: Peers) -> Peers:
        both = {at: values | other.labelled.get(at, set()) for at, values in self.labelled.items()}
        return Peers(self.blocks | other.blocks, {**other.labelled, **both}, self.others | other.others)

    def cubes(self, namespace: str, budget: Budget) -> list[Cube]:
        """Return what these peers are, in few cubes."""
        cubes: list[Cube] = [dict(other) for other in self.others]
        if self.blocks:
            cubes.append({ADDRESS: addresses_of(self.blocks)})
        for (where, key), values in self.labelled.items():
            budget.spend(_STEPS)
            cube = _selected({where: {key: one_of(values)}}, namespace)
            if cube is not None:
                cubes.append(cube)
        return merged(cubes, budget)


def read_peers(lists: Iterable[list[Any]], namespace: str, budget: Budget) -> Peers:
    """Read the peers of rules; a rule without any is for everything.

    Raises UnreadableError for what the API would refuse.
    """
    blocks: set[int] = set()
    labelled: dict[Label, set[str]] = {}
    others: set[FrozenCube] = set()
    for peers in lists:
        budget.spend(len(peers))
        if not peers:
            others.add(())
        for peer in peers:
            if (cidr := _plain_block(peer)) is not None:
                blocks.add(read_block(cidr, budget))
            elif (plain := _plain_label(peer)) is not None:
                label, value = plain
                labelled.setdefault(label, set()).add(value)
            else:
                others.update(_read(peer, namespace, budget))
    return Peers(blocks, labelled, others)


def _plain_block(peer: Any) -> str | None:
    """Return the block of a peer that is nothing else."""
    if type(peer) is dict and len(peer) == 1 and type(block := peer.get(_BLOCK)) is dict and len(block) == 1:
        cidr = block.get("cidr")
        return cidr if type(cidr) is str else None
    return None


def _plain_label(peer: Any) -> tuple[Label, str] | None:
    """Return the label and its value of a peer that has one selector which names nothing else."""
    if type(peer) is dict and len(peer) == 1:
        ((where, selector),) = peer.items()
        if where in _SELECTORS and type(selector) is dict and len(selector) == 1:
            labels = selector.get("matchLabels")
            if type(labels) is dict and len(labels) == 1:
                ((key, value),) = labels.items()
                return ((where, key), value) if type(value) is str and _is_short(key + value) else None
    return None


def _is_short(text: str) -> bool:
    return len(text) <= LONGEST


def _read(peer: Any, namespace: str, budget: Budget) -> Iterator[FrozenCube]:
    """Yield what any peer is, unless it is nothing."""
    budget.spend(_STEPS)
    fields = map_of(peer, _FIELDS, "a peer")
    if not fields or (_BLOCK in fields and len(fields) > 1):
        raise UnreadableError("a peer is none that the API takes")
    if _BLOCK in fields:
        cube = _read_block(fields[_BLOCK], budget)
    else:
        selectors = {where: read_selector(selector, budget) for where, selector in fields.items()}
        cube = _selected(selectors, namespace)
    if cube is not None:
        yield tuple(cube.items())


def _selected(selectors: Mapping[str, Mapping[str, ValueSet]], namespace: str) -> Cube | None:
    """Return the pods that selectors select; without one for namespaces, those of the policy's own."""
    own = {NAMESPACE_NAME.key: one_of([namespace])}
    labels = {Dimension(PEER_NAMESPACE, key): may for key, may in selectors.get(_NAMESPACE, own).items()}
    labels |= {Dimension(PEER_POD, key): may for key, may in selectors.get(_POD, {}).items()}
    if NAMESPACE_NAME in labels:
        labels[NAMESPACE_NAME] &= PRESENT
    return cube_of({ADDRESS: PODS, **labels})


def _read_block(block: Any, budget: Budget) -> Cube | None:
    fields = map_of(block, _BLOCK_FIELDS, "an ipBlock")
    cidrs = strings_of([fields.get("cidr")], "an ipBlock")
    excepted = strings_of(fields.get("except", []), "except")
    budget.spend(2 * len(excepted))
    whole, holes = (addresses_of(read_block(each, budget) for each in part) for part in (cidrs, excepted))
    return cube_of({ADDRESS: whole - holes})
