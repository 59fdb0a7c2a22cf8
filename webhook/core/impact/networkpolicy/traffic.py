"""What a NetworkPolicy says of one direction: the pods that it selects, and what it lets through.

The rules are those of https://kubernetes.io/docs/concepts/services-networking/network-policies/. The labels
of pods and namespaces are not known to us: any pod may have any labels, but a namespace always has its
name as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.networkpolicy.cubes import (
    PORT,
    PORT_NAME,
    TARGET,
    Cube,
    Dimension,
    cube_of,
    merged,
)
from webhook.core.impact.networkpolicy.intervals import IntervalSet
from webhook.core.impact.networkpolicy.peers import Peers, read_peers
from webhook.core.impact.networkpolicy.ports import ALL_PORTS, Ports, read_ports
from webhook.core.impact.networkpolicy.reading import list_of, map_of, strings_of
from webhook.core.impact.networkpolicy.selectors import read_selector


class Direction(NamedTuple):
    """One of the two ``policyTypes``, with the fields where its rules and their peers stand."""

    policy_type: str
    rules: str
    peers: str

    @property
    def fields(self) -> frozenset[str]:
        """Return the fields of a rule."""
        return frozenset({self.peers, "ports"})


INGRESS = Direction("Ingress", "ingress", "from")
EGRESS = Direction("Egress", "egress", "to")
DIRECTIONS = (INGRESS, EGRESS)

_NO_PEERS = Peers()
_SPEC = frozenset({"podSelector", "policyTypes", "ingress", "egress"})


@dataclass(frozen=True, slots=True)
class Policy:
    """A NetworkPolicy in one direction: the pods whose traffic it restricts, and its rules as they stand.

    ``targets`` is None where it restricts no pod in this direction; then its rules mean nothing.
    """

    direction: Direction
    namespace: str
    targets: Cube | None
    rules: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """A NetworkPolicy in both directions: the ``policyTypes``, the pods that it selects, its fields."""

    namespace: str
    types: frozenset[str] = frozenset()
    targets: Cube | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def policy(self, direction: Direction) -> Policy:
        """Return what it says of one direction. Raises UnreadableError."""
        if direction.policy_type not in self.types:
            return Policy(direction, self.namespace, None)
        rules = list_of(self.fields.get(direction.rules, []), "the rules")
        return Policy(direction, self.namespace, self.targets, rules)


def read_spec(form: Any, namespace: str, budget: Budget) -> Spec:
    """Read a normal form; None, for no policy, restricts nothing. Raises UnreadableError, TooLargeError."""
    if form is None:
        return Spec(namespace)
    fields = map_of(spec_of(form), _SPEC, "the spec")
    types = list_of(fields.get("policyTypes"), "policyTypes")
    budget.spend(len(types) // 8)
    if not {INGRESS.policy_type, EGRESS.policy_type}.issuperset(strings_of(types, "policyTypes")):
        raise UnreadableError("policyTypes names neither Ingress nor Egress")
    selector = read_selector(fields.get("podSelector"), budget)
    targets = cube_of({Dimension(TARGET, key): values for key, values in selector.items()})
    return Spec(namespace, frozenset(types), targets, fields)


def spec_of(form: Any) -> Any:
    """Return the spec of a normal form, None where it has none."""
    return form.get("spec") if isinstance(form, Mapping) else None


@dataclass(frozen=True, slots=True)
class Rules:
    """What rules let through: peers by the ports that they may use."""

    peers: Mapping[Ports, Peers] = field(default_factory=dict)

    def __and__(self, other: Rules) -> Rules:
        return Rules({at: self.peers[at] & other.peers[at] for at in self.peers if at in other.peers})

    def __sub__(self, other: Rules) -> Rules:
        return Rules({at: peers - other.peers.get(at, _NO_PEERS) for at, peers in self.peers.items()})

    def __or__(self, other: Rules) -> Rules:
        both = {at: peers | other.peers.get(at, _NO_PEERS) for at, peers in self.peers.items()}
        return Rules({**other.peers, **both})

    def reach(self, budget: Budget) -> IntervalSet:
        """Return the ports that are used at all."""
        used = [ports.reach for ports, peers in self.peers.items() if peers]
        budget.spend(sum(len(numbers) for numbers in used))
        return IntervalSet.of(interval for numbers in used for interval in numbers.intervals)

    def cubes(self, namespace: str, budget: Budget) -> list[Cube]:
        """Return the traffic of the rules."""
        found = [
            {PORT: numbers, PORT_NAME: names, **cube}
            for ports, peers in self.peers.items()
            for cube in peers.cubes(namespace, budget)
            for numbers, names in ports.parts()
        ]
        budget.spend(4 * len(found))
        cubes = (cube_of(values) for values in found)
        return merged((cube for cube in cubes if cube is not None), budget)


def read_rules(rules: Iterable[Any], policy: Policy, budget: Budget, reach: IntervalSet = ALL_PORTS) -> Rules:
    """Read those rules of a policy that use ports of ``reach``; of others not their peers, which may be many.

    Raises UnreadableError for what the API would refuse.
    """
    found: dict[Ports, list[list[Any]]] = {}
    for rule in rules:
        budget.spend(6)
        fields = map_of(rule, policy.direction.fields, "a rule")
        ports = read_ports(fields.get("ports", []), budget)
        peers = list_of(fields.get(policy.direction.peers, []), "the peers of a rule")
        if not ports.reach.isdisjoint(reach):
            found.setdefault(ports, []).append(peers)
    return Rules({ports: read_peers(lists, policy.namespace, budget) for ports, lists in found.items()})
