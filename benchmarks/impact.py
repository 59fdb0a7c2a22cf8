"""What telling the impact of a large change costs: it is worked out while a request waits.

In process, as it is pure: the CPU of one call, the best of some rounds, against that of parsing the
review's JSON, and the most that any input may take.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.objects import Object
from benchmarks.report import Finding
from webhook.core.impact import Impact, Surroundings, change_of, impact_of
from webhook.core.impact.surroundings import Form
from webhook.core.kinds import BY_NAME
from webhook.core.objects import ObjectKey

BOUND_MS = 50.0

RULES, PEERS = 200, 100
ROLE_RULES = 500


@dataclass(frozen=True, slots=True)
class _Alone:
    """Surroundings with some NetworkPolicies and nothing else."""

    policies: tuple[Form, ...] = ()

    def network_policies(self, namespace: str) -> tuple[Form, ...]:  # noqa: ARG002  # a port's signature
        return self.policies

    def ingresses(self) -> tuple[Form, ...]:
        return ()

    def role(self, key: ObjectKey) -> Form | None:  # noqa: ARG002  # as above
        return None

    def cluster_roles(self) -> tuple[Form, ...]:
        return ()

    def aggregating_roles(self) -> tuple[Form, ...]:
        return ()

    def bindings_of(self, role: ObjectKey) -> tuple[Form, ...]:  # noqa: ARG002  # as above
        return ()


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    old: Object | None
    new: Object | None
    surroundings: Surroundings


def impact(rounds: int) -> list[Finding]:
    """Measure the impact of changes of a policy with 20,000 peers, and of a role with 500 rules."""
    return [_measure(case, rounds) for case in _cases()]


def _measure(case: _Case, rounds: int) -> Finding:
    obj = case.new or case.old or {}
    kind, metadata = BY_NAME[obj["kind"]], obj["metadata"]
    key = ObjectKey(kind.group, kind.name, metadata["namespace"], metadata["name"])
    change = change_of(kind, key, case.old, case.new)
    text = orjson.dumps([case.old, case.new])
    parsing, _ = _best(lambda: orjson.loads(text), rounds)
    spent, told = _best(lambda: impact_of(change, case.surroundings), rounds)
    more = f"{spent / parsing:.1f}x of parsing its JSON; {_said(told)}"
    return Finding(case.name, f"{spent:.1f} ms", f"{BOUND_MS:.0f} ms", spent <= BOUND_MS, more)


def _best(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Return the CPU (ms) of the best of some rounds, and what the work gives."""
    spent, result = [], work()
    for _ in range(rounds):
        before = time.process_time_ns()
        work()
        spent.append((time.process_time_ns() - before) / 1e6)
    return min(spent), result


def _said(told: Impact) -> str:
    if told.unknown:
        return told.unknown[0]
    return f"{told.effect}, {len(told.opens)} opened, {len(told.closes)} closed"


def _cases() -> Iterator[_Case]:
    for name, peer in (("addresses", _address), ("labels", _labels)):
        large, other = _policy(peer, 0), _policy(peer, RULES * PEERS)
        one = _policy(peer, 0)
        one["spec"]["ingress"][RULES // 2]["from"][PEERS // 2] = peer(RULES * PEERS)
        yield _Case(f"one of 20,000 peers, {name}", large, one, _Alone())
        yield _Case(f"all of 20,000 peers, {name}", large, other, _Alone())
        yield _Case(f"20,000 peers created, {name}", None, large, _Alone())
        yield _Case(f"20,000 peers deleted, {name}", large, None, _Alone())
    few = _policy(_labels, 0, rules=1, peers=1)
    around = tuple(_named(_policy(_labels, number, rules=2, peers=2), number) for number in range(500))
    yield _Case("one peer among 500 policies", few, _policy(_address, 0, rules=1, peers=1), _Alone(around))
    yield _Case("all of 500 rules of a role", _role(0), _role(1), _Alone())


def _address(number: int) -> Object:
    return {"ipBlock": {"cidr": f"10.{number >> 8}.{number & 255}.0/25"}}


def _labels(number: int) -> Object:
    return {"podSelector": {"matchLabels": {"app": f"app-{number}"}}}


def _policy(peer: Callable[[int], Object], first: int, *, rules: int = RULES, peers: int = PEERS) -> Object:
    ingress = [
        {
            "from": [peer(first + rule * peers + number) for number in range(peers)],
            "ports": [{"protocol": "TCP", "port": 8000 + rule}],
        }
        for rule in range(rules)
    ]
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"], "ingress": ingress}
    return {"kind": "NetworkPolicy", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def _named(policy: Object, number: int) -> Object:
    selector = {"matchLabels": {"app": f"app-{number}"}}
    return {
        **policy,
        "metadata": {"name": f"p-{number}"},
        "spec": {**policy["spec"], "podSelector": selector},
    }


def _role(version: int) -> Object:
    verbs = ["get", "list", "watch", "create", "update", "patch", "delete", f"verb-{version}"]
    rules = [
        {
            "apiGroups": [f"group-{rule % 20}.example.com"],
            "resources": [f"things-{rule}-{number}-{version}" for number in range(5)],
            "verbs": verbs,
        }
        for rule in range(ROLE_RULES)
    ]
    return {"kind": "Role", "metadata": {"name": "large", "namespace": "shop"}, "rules": rules}
