"""Whether a change of an Ingress only closes, however its controller reads it and is set up.

Controllers differ in what they make of a request that no path takes any more: nginx has its default backend,
Traefik matches prefixes by character, an AWS load balancer has wildcards for several labels. And an
annotation that was not there before leaves what an admin set for the whole controller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webhook.core.canonical import canonical_json
from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.surroundings import Form, Surroundings
from webhook.core.pointer import MISSING, Pointer, get

_ANY_HOST = ""
_KEPT: tuple[Pointer, ...] = (("spec", "tls"), ("spec", "ingressClassName"))


def only_closes(change: Change, surroundings: Surroundings, budget: Budget) -> bool:
    """Tell whether what is taken away goes to nobody else. Raises ImpactError where that cannot be told."""
    before, after = change.before, change.after
    if before is None:
        return False
    if after is not None and not (_keeps(before, after) and _sets_nothing_anew(before, after)):
        return False
    gone = _hosts_gone(before, after or {})
    if not gone:
        return gone is not None
    others = [form for form in surroundings.ingresses(change.key.namespace) if _name(form) != change.key.name]
    takers = {host for form in (after or {}, *others) for host in _routes(form)}
    budget.spend(len(gone) * len(takers))
    return not any(_may_take(taker, host) for host in gone for taker in takers)


def _keeps(before: Form, after: Form) -> bool:
    return all(get(before, pointer) == get(after, pointer) for pointer in _KEPT)


def _sets_nothing_anew(before: Form, after: Form) -> bool:
    """Tell whether each annotation that differs has a value on both sides."""
    left, right = (get(form, ("metadata", "annotations")) for form in (before, after))
    if left is MISSING or right is MISSING:
        return left is right
    keys = left.keys() | right.keys()
    return all(left.get(key) == right.get(key) or (left.get(key) and right.get(key)) for key in keys)


def _hosts_gone(before: Form, after: Form) -> set[str] | None:
    """Return the hosts of which nothing is left, None where another one differs."""
    was, is_now = _routes(before), _routes(after)
    if any(host in is_now and routes != is_now[host] for host, routes in was.items()):
        return None
    return was.keys() - is_now.keys()


def _routes(form: Form) -> Mapping[str, list[bytes]]:
    """Return what an Ingress says of each host; its default backend is for any. Raises UnreadableError."""
    routes: dict[str, list[bytes]] = {}
    for host, route in _each_route(get(form, ("spec",))):
        if not isinstance(host, str):
            raise UnreadableError("a host cannot be read")
        routes.setdefault(host, []).append(canonical_json(route))
    return routes


def _each_route(spec: Any) -> Iterator[tuple[Any, Any]]:
    if spec is MISSING:
        return
    if "defaultBackend" in spec:
        yield _ANY_HOST, spec["defaultBackend"]
    yield from ((rule.get("host", _ANY_HOST), rule) for rule in spec.get("rules", []))


def _may_take(taker: str, host: str) -> bool:
    """Tell whether requests for a host may go to another one, by any controller's reading."""
    return (
        _ANY_HOST in (taker, host)
        or taker == host
        or (taker.startswith("*.") and host.endswith(taker[1:]))
        or (host.startswith("*.") and taker.endswith(host[1:]))
    )


def _name(form: Form) -> Any:
    return get(form, ("metadata", "name"))
