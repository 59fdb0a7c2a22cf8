"""What no single controller owns: the class, certificates, DNS names, clouds, and notes of tools."""

from __future__ import annotations

from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.behaviours import Setting
from webhook.core.impact.ingress.annotations.family import Family
from webhook.core.impact.ingress.annotations.scales import switch
from webhook.core.impact.ingress.annotations.tables.common import (
    CERTIFICATE,
    HOSTS,
    NOTHING,
    PLACE,
    TLS_OPTIONS,
)

_ISSUER = Setting("certificate by another issuer", ranks.CERTIFICATE)
_DNS = Setting("DNS changed", ranks.EXPOSED)

FAMILIES = (
    Family(  # https://kubernetes.io/docs/reference/labels-annotations-taints/ and GKE's Ingress
        domains=("kubernetes.io",),
        rows={
            "description": NOTHING,
            "ingress.allow-http": switch("plain HTTP let in", default=True, safe=False, rank=ranks.NO_TLS),
            "ingress.class": NOTHING,  # told by ``ingressclass``
            "ingress.global-static-ip-name": PLACE,
            "ingress.regional-static-ip-name": PLACE,
            "tls-acme": CERTIFICATE,
        },
    ),
    Family(
        domains=("networking.gke.io",),
        rows={
            "managed-certificates": CERTIFICATE,
            "v1beta1.FrontendConfig": TLS_OPTIONS,
            "internal-load-balancer-allow-global-access": PLACE,
        },
    ),
    Family(domains=("ingress.gcp.kubernetes.io",), rows={"pre-shared-cert": CERTIFICATE}),
    Family(  # https://cert-manager.io/docs/reference/annotations/
        domains=("cert-manager.io",),
        rows={"cluster-issuer": _ISSUER, "issuer": _ISSUER, "issuer-group": _ISSUER, "issuer-kind": _ISSUER},
        beginnings={"": CERTIFICATE},
    ),
    Family(domains=("acme.cert-manager.io",), rows={}, beginnings={"": CERTIFICATE}),
    Family(  # https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/
        domains=("external-dns.alpha.kubernetes.io", "external-dns.kubernetes.io"),
        rows={"hostname": HOSTS, "internal-hostname": HOSTS},
        beginnings={"": _DNS},
    ),
    Family(domains=("field.cattle.io",), rows={"publicEndpoints": NOTHING}),
)
