"""One field change as a line of text, safe to print, with what may be secret left out."""

from __future__ import annotations

from typing import Any

from webhook.core.diff import ADDED, CHANGED, FieldChange
from webhook.core.normalize.metadata import CLAIM_KEYS
from webhook.core.printing import safe, show

HIDDEN = "(value not shown)"

# Annotation values may hold credentials or code, so they are shown only for keys whose values say no more
# than how traffic is routed.
HARMLESS_ANNOTATIONS = frozenset(
    {
        *CLAIM_KEYS,
        "alb.ingress.kubernetes.io/backend-protocol",
        "alb.ingress.kubernetes.io/group.name",
        "alb.ingress.kubernetes.io/group.order",
        "alb.ingress.kubernetes.io/inbound-cidrs",
        "alb.ingress.kubernetes.io/ip-address-type",
        "alb.ingress.kubernetes.io/listen-ports",
        "alb.ingress.kubernetes.io/scheme",
        "alb.ingress.kubernetes.io/target-type",
        "cert-manager.io/cluster-issuer",
        "cert-manager.io/issuer",
        "haproxy.org/path-rewrite",
        "haproxy.org/ssl-redirect",
        "kubernetes.io/ingress.class",
        "nginx.ingress.kubernetes.io/affinity",
        "nginx.ingress.kubernetes.io/allowlist-source-range",
        "nginx.ingress.kubernetes.io/app-root",
        "nginx.ingress.kubernetes.io/backend-protocol",
        "nginx.ingress.kubernetes.io/canary",
        "nginx.ingress.kubernetes.io/canary-weight",
        "nginx.ingress.kubernetes.io/canary-weight-total",
        "nginx.ingress.kubernetes.io/default-backend",
        "nginx.ingress.kubernetes.io/denylist-source-range",
        "nginx.ingress.kubernetes.io/force-ssl-redirect",
        "nginx.ingress.kubernetes.io/permanent-redirect-code",
        "nginx.ingress.kubernetes.io/proxy-body-size",
        "nginx.ingress.kubernetes.io/proxy-connect-timeout",
        "nginx.ingress.kubernetes.io/proxy-read-timeout",
        "nginx.ingress.kubernetes.io/proxy-send-timeout",
        "nginx.ingress.kubernetes.io/rewrite-target",
        "nginx.ingress.kubernetes.io/server-alias",
        "nginx.ingress.kubernetes.io/service-upstream",
        "nginx.ingress.kubernetes.io/ssl-passthrough",
        "nginx.ingress.kubernetes.io/ssl-redirect",
        "nginx.ingress.kubernetes.io/use-regex",
        "nginx.ingress.kubernetes.io/whitelist-source-range",
        "rbac.authorization.kubernetes.io/autoupdate",
        "traefik.ingress.kubernetes.io/router.entrypoints",
        "traefik.ingress.kubernetes.io/router.middlewares",
        "traefik.ingress.kubernetes.io/router.priority",
        "traefik.ingress.kubernetes.io/router.tls",
    }
)

_MAX_PATH = 96
_MIN_VALUE = 20


def path_text(change: FieldChange) -> str:
    """Return the path of a change, safe and cut."""
    return safe(change.path, _MAX_PATH)


def value_text(change: FieldChange, width: int) -> str:
    """Return sign and value(s) of a change in at most ``width`` columns."""
    room = max(width - 2, _MIN_VALUE)
    if _is_hidden(change):
        return f"{change.sign} {HIDDEN}"
    if change.sign == CHANGED:
        half = (room - 4) // 2
        return f"~ {show(change.declared, half)} -> {show(change.proposed, half)}"
    return f"{change.sign} {show(change.proposed if change.sign == ADDED else change.declared, room)}"


def line_of(change: FieldChange, width: int) -> str:
    """Return a change on one line of at most ``width`` columns."""
    path = path_text(change)
    return f"{path} {value_text(change, width - len(path) - 1)}"


def _is_hidden(change: FieldChange) -> bool:
    if change.pointer[:2] != ("metadata", "annotations"):
        return False
    key: Any = change.pointer[2] if len(change.pointer) > 2 else None  # noqa: PLR2004  # map, name, key
    return key not in HARMLESS_ANNOTATIONS
