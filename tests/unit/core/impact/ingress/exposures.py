"""What the tests of Ingress impact talk about: two Ingresses, and what is said of the change between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.builders import Object, annotated, baseline, ingress, key_of, put
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import change_of
from webhook.core.impact.finding import Impact
from webhook.core.impact.ingress import analyse
from webhook.core.impact.ingress.exposure import exposure_of
from webhook.core.impact.ingress.routing import shifts_between
from webhook.core.impact.ingress.shifts import Shift
from webhook.core.impact.surroundings import DeclaredSurroundings
from webhook.core.kinds import INGRESS

NGINX = "nginx.ingress.kubernetes.io/"
SHOP = ingress()
ALONE = DeclaredSurroundings(baseline())


def impact(before: Object | None, after: Object | None, budget: Budget | None = None) -> Impact:
    """Analyse a change as production does: of normal forms."""
    change = change_of(INGRESS, key_of(before or after or SHOP), before, after)
    return analyse(change, ALONE, budget or Budget())


def shifts(before: Object, after: Object) -> list[Shift]:
    """Return which requests go elsewhere, before it is put into words."""
    change, budget = change_of(INGRESS, key_of(before), before, after), Budget()
    left, right = exposure_of(change.before, budget), exposure_of(change.after, budget)
    return shifts_between(left, right, budget)[0]


def told(before: Object | None, after: Object | None) -> list[str]:
    """Return the lines of an impact: ``+`` opens, ``-`` closes, ``?`` is not known."""
    found = impact(before, after)
    return [
        *(f"+ {finding}" for finding in found.opens),
        *(f"- {finding}" for finding in found.closes),
        *(f"? {clause}" for clause in found.unknown),
    ]


def with_annotations(annotations: Mapping[str, str], obj: Object = SHOP) -> Object:
    return annotated(obj, annotations)


def re_pointed(service: str, obj: Object = SHOP, rule: int = 0, path: int = 0) -> Object:
    return put(obj, f"/spec/rules/{rule}/http/paths/{path}/backend/service/name", service)


def rule(host: str | None, *paths: Object) -> Object:
    return {"host": host, "http": {"paths": list(paths)}}


def service(name: str, port: int | str = 80) -> Object:
    number_or_name = "number" if isinstance(port, int) else "name"
    return {"service": {"name": name, "port": {number_or_name: port}}}


def with_tls(*entries: Any, obj: Object = SHOP) -> Object:
    return put(obj, "/spec/tls", list(entries))


def tls(secret: str | None, *hosts: str) -> Object:
    return {"hosts": list(hosts), "secretName": secret}
