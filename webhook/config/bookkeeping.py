"""Keys of labels and annotations that tools write to find their objects again.

Such a key is left out against Git. That must never happen to a key that means something: one
that steers a tool (whoever may set it may switch the tool off), grants power, or is behaviour.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from webhook.config.cluster_names import DNS_SUBDOMAIN
from webhook.config.errors import FormError
from webhook.config.forms import Form, quoted, text_of
from webhook.core.normalize.left_out import BOOKKEEPING
from webhook.core.normalize.metadata import LAST_APPLIED

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(DNS_SUBDOMAIN, re.ASCII)
_KEY_NAME = re.compile(_NAME, re.ASCII)

# Tools that read instructions from the objects they manage. Any key of theirs may be one, in this or a
# later release, unless it is known to be harmless.
_STEERED_BY = frozenset(
    {
        "argocd.argoproj.io",
        "cli-utils.sigs.k8s.io",
        "client.lifecycle.config.k8s.io",
        "configmanagement.gke.io",
        "configsync.gke.io",
        "helm.sh",
        "helm.toolkit.fluxcd.io",
        "kapp.k14s.io",
        "kustomize.toolkit.fluxcd.io",
        "reconcile.fluxcd.io",
    }
)
_HARMLESS = frozenset(
    {
        "configmanagement.gke.io/cluster-name",
        "configmanagement.gke.io/source-path",
        "configmanagement.gke.io/token",
        "configsync.gke.io/git-context",
        "helm.sh/chart",
        "kapp.k14s.io/app",
        "kapp.k14s.io/association",
        "kapp.k14s.io/identity",
        "kapp.k14s.io/original",
        "kapp.k14s.io/original-diff-md5",
    }
)
# Labels that grant, and annotations that the API server or Baseward obey.
_POWERFUL = frozenset({"rbac.authorization.k8s.io", "rbac.authorization.kubernetes.io", "baseward.io"})
_BEHAVIOUR = re.compile(r"(?:.*\.)?ingress\.kubernetes\.io|haproxy\.org|konghq\.com|traefik\.io")
_CLASS = "kubernetes.io/ingress.class"


def _read_key(value: Any) -> str:
    key = text_of(value)
    domain, slash, name = key.rpartition("/")
    if not _KEY_NAME.fullmatch(name) or (slash and not _DOMAIN.fullmatch(domain)):
        raise FormError(f"{quoted(key)} is no key of a label or annotation; exact keys only")
    if key in BOOKKEEPING or key == LAST_APPLIED:
        raise FormError(f"{key} is left out already; remove it here")
    problem = _meaning(key, domain)
    if problem:
        raise FormError(f"{key} {problem}, and always counts")
    return key


def _meaning(key: str, domain: str) -> str | None:
    if domain in _STEERED_BY and key not in _HARMLESS:
        return "may steer the tool that reads it"
    if domain in _POWERFUL:
        return "grants or guards power"
    if key == _CLASS or _BEHAVIOUR.fullmatch(domain):
        return "changes what an Ingress does (ignore can name it, for one writer)"
    return None


BookkeepingKey: TypeAlias = Annotated[
    str, Form(_read_key, {"type": "string", "pattern": rf"^([-a-z0-9.]+/)?{_NAME}$"})
]
