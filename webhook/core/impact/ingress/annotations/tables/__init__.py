"""What annotations do, as data: a file for each family of controllers, a row for each annotation.

To teach the analysis a new annotation, add a row with its kind (``behaviours``, ``scales``, ``lists``). Where
a kind has a default, it is the controller's own; what an admin set for all Ingresses is not known here.
"""

from __future__ import annotations

from webhook.core.impact.ingress.annotations.behaviours import Behaviour
from webhook.core.impact.ingress.annotations.family import Family
from webhook.core.impact.ingress.annotations.tables import (
    alb,
    general,
    haproxy,
    haproxytech,
    nginx,
    nginxinc,
    traefik,
)

FAMILIES: tuple[Family, ...] = (
    nginx.FAMILY,
    *nginxinc.FAMILIES,
    traefik.FAMILY,
    alb.FAMILY,
    haproxytech.FAMILY,
    haproxy.FAMILY,
    *general.FAMILIES,
)

_BY_DOMAIN = {domain: family for family in FAMILIES for domain in family.domains}


def behaviour_of(key: str) -> Behaviour | None:
    """Return what an annotation does, None where that is not known."""
    domain, _, name = key.partition("/")
    family = _BY_DOMAIN.get(domain)
    return None if family is None else family.behaviour_of(name)


def aliases_of(key: str) -> tuple[str, ...]:
    """Return all the keys of an annotation."""
    domain, slash, name = key.partition("/")
    family = _BY_DOMAIN.get(domain)
    return family.keys_of(domain, name) if family is not None and slash else (key,)
