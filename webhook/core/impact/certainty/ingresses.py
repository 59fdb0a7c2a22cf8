"""Whether a change of an Ingress only closes, however its controller reads it and is set up.

Controllers differ in what they make of a request that no path takes any more: nginx has its default backend,
Traefik matches prefixes by character, an AWS load balancer has wildcards for several labels. And an
annotation that was not there before leaves what an admin set for the whole controller.
"""

from __future__ import annotations

from typing import Any

from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.ingress.exposure import ANY_HOST, Exposure, exposure_of, is_wildcard
from webhook.core.impact.surroundings import Form, Surroundings
from webhook.core.pointer import get

# Annotations of NGINX, HAProxy and AWS that say which hosts are answered, whatever the domain before them.
_HOSTS_BY_ANNOTATION = ("server-alias", "from-to-www-redirect", "conditions.", "actions.", "canary")


def only_closes(change: Change, surroundings: Surroundings, budget: Budget) -> bool:
    """Tell whether what is taken away goes to nobody else. Raises ImpactError where that cannot be told."""
    if change.before is None:
        return False
    before, after = exposure_of(change.before, budget), exposure_of(change.after, budget)
    if change.after is not None and not _keeps(before, after):
        return False
    if any(before.paths.get(host) != paths for host, paths in after.paths.items()):
        return False
    gone = _hosts(before) - _hosts(after)
    others = [
        exposure_of(form, budget)
        for form in (surroundings.ingresses() if gone else ())
        if _key(form) != (change.key.namespace, change.key.name)
    ]
    takers = set().union(*map(_hosts, (after, *others)))
    budget.spend(len(gone) * len(takers))
    return not any(_may_take(taker, host) for host in gone for taker in takers)


def _keeps(before: Exposure, after: Exposure) -> bool:
    """Tell whether TLS and class stay, and each annotation that differs has a value on both sides."""
    left, right = before.annotations, after.annotations
    return (
        (before.tls, before.classes) == (after.tls, after.classes)
        and before.default in (after.default, None)
        and all(
            left.get(key) == right.get(key) or (left.get(key, "").strip() and right.get(key, "").strip())
            for key in left.keys() | right.keys()
        )
    )


def _hosts(exposure: Exposure) -> set[str]:
    """Return the hosts that are served; a default backend serves any, and so may an annotation."""
    serves_any = exposure.default is not None or any(map(_adds_hosts, exposure.annotations))
    return {*exposure.paths, *([ANY_HOST] if serves_any else [])}


def _adds_hosts(annotation: str) -> bool:
    return annotation.partition("/")[2].startswith(_HOSTS_BY_ANNOTATION)


def _may_take(taker: str, host: str) -> bool:
    """Tell whether requests for a host may go to another one, by any controller's reading."""
    return (
        ANY_HOST in (taker, host)
        or taker == host
        or (is_wildcard(taker) and host.endswith(taker[1:]))
        or (is_wildcard(host) and taker.endswith(host[1:]))
    )


def _key(form: Form) -> tuple[Any, Any]:
    return get(form, ("metadata", "namespace")), get(form, ("metadata", "name"))
