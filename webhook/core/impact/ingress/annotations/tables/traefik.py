"""Traefik: https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/."""

from __future__ import annotations

from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.behaviours import Behaviour
from webhook.core.impact.ingress.annotations.family import Family
from webhook.core.impact.ingress.annotations.scales import switch
from webhook.core.impact.ingress.annotations.tables.common import (
    CERTIFICATE,
    CHAIN,
    LOG,
    PATH_READING,
    PORTS,
    ROUTE,
    TLS_OPTIONS,
    TUNING,
    UPSTREAM,
    UPSTREAM_TLS,
)

_ROWS: dict[str, Behaviour] = {
    "router.entrypoints": PORTS,
    "router.middlewares": CHAIN,
    "router.pathmatcher": PATH_READING,
    "router.priority": ROUTE,
    "router.rulesyntax": PATH_READING,
    "router.tls": switch("TLS removed", default=False, rank=ranks.NO_TLS),
    "router.tls.certresolver": CERTIFICATE,
    "router.tls.options": TLS_OPTIONS,
    "service.middlewares": CHAIN,
    "service.nativelb": TUNING,
    "service.nodeportlb": UPSTREAM,
    "service.passhostheader": UPSTREAM,
    "service.serversscheme": UPSTREAM,
    "service.serverstransport": UPSTREAM_TLS,
    "service.sticky.cookie": TUNING,
}

FAMILY = Family(
    domains=("traefik.ingress.kubernetes.io",),
    rows=_ROWS,
    beginnings={
        "router.observability.": LOG,
        "router.tls.domains.": CERTIFICATE,
        "service.sticky.cookie.": TUNING,
    },
)
