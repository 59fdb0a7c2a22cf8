"""AWS Load Balancer Controller: https://kubernetes-sigs.github.io/aws-load-balancer-controller/."""

from __future__ import annotations

from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.behaviours import KEY, Behaviour, Guard, Setting
from webhook.core.impact.ingress.annotations.family import Family
from webhook.core.impact.ingress.annotations.scales import Scale
from webhook.core.impact.ingress.annotations.tables.common import (
    ALLOW,
    AUTH_SETTING,
    CERTIFICATE,
    CODE,
    CONDITION,
    HEADERS,
    PATH_READING,
    PLACE,
    PORTS,
    ROUTE,
    TLS_OPTIONS,
    TUNING,
    UPSTREAM,
)

_SCHEME = Scale(("internet-facing", "internal"), "internal", "open to the internet", ranks.NO_GUARD)
_NONE = frozenset({"none"})
_FIREWALL = Guard("web application firewall", off=_NONE)
_SHIELD = Guard("protection from floods", off=frozenset({"0", "f", "false"}))
_ISSUER = Guard(hands=f"requests that the issuer that {KEY} names lets in", plain=False)
_NETWORK = Setting("security groups changed", ranks.NO_ALLOW_LIST)
_ATTRIBUTES = Setting("attributes of the load balancer changed")

_ROWS: dict[str, Behaviour] = {
    # authentication
    "auth-type": Guard(off=_NONE, on=frozenset({"cognito", "oidc"})),
    "auth-on-unauthenticated-request": Scale(
        ("allow", "authenticate", "deny"), "authenticate", "authentication optional", ranks.NO_GUARD
    ),
    "auth-idp-cognito": _ISSUER,
    "auth-idp-oidc": _ISSUER,
    "jwt-validation": _ISSUER,
    "mutual-authentication": Guard(plain=False),
    "auth-scope": AUTH_SETTING,
    "auth-session-cookie": TUNING,
    "auth-session-timeout": AUTH_SETTING,
    # who reaches it
    "inbound-cidrs": ALLOW,
    "security-groups": _NETWORK,
    "security-group-prefix-lists": _NETWORK,
    "manage-backend-security-group-rules": _NETWORK,
    "frontend-nlb-security-groups": _NETWORK,
    "scheme": _SCHEME,
    "frontend-nlb-scheme": _SCHEME,
    "enable-frontend-nlb": PLACE,
    "customer-owned-ipv4-pool": PLACE,
    "frontend-nlb-eip-allocations": PLACE,
    "frontend-nlb-subnets": PLACE,
    "group.name": PLACE,
    "group.order": PLACE,
    "ip-address-type": PLACE,
    "ipam-ipv4-pool-id": PLACE,
    "load-balancer-name": PLACE,
    "subnets": PLACE,
    "frontend-nlb-listener-port-mapping": PORTS,
    "listen-ports": PORTS,
    "shield-advanced-protection": _SHIELD,
    "waf-acl-id": _FIREWALL,
    "wafv2-acl-arn": _FIREWALL,
    "wafv2-acl-name": _FIREWALL,
    "web-acl-id": _FIREWALL,
    # TLS
    "acm-pca-arn": CERTIFICATE,
    "certificate-arn": CERTIFICATE,
    "create-acm-cert": CERTIFICATE,
    "ssl-policy": TLS_OPTIONS,
    "ssl-redirect": Guard("redirect to HTTPS"),
    # routes
    "use-regex-path-match": PATH_READING,
    "backend-protocol": UPSTREAM,
    "backend-protocol-version": UPSTREAM,
    "multi-cluster-target-group": UPSTREAM,
    "target-node-labels": UPSTREAM,
    "target-type": UPSTREAM,
    "frontend-nlb-attributes": _ATTRIBUTES,
    "load-balancer-attributes": _ATTRIBUTES,
    "target-group-attributes": _ATTRIBUTES,
    **dict.fromkeys(
        (
            "dry-run-plan",
            "frontend-nlb-healthcheck-healthy-threshold-count",
            "frontend-nlb-healthcheck-interval-seconds",
            "frontend-nlb-healthcheck-path",
            "frontend-nlb-healthcheck-port",
            "frontend-nlb-healthcheck-protocol",
            "frontend-nlb-healthcheck-success-codes",
            "frontend-nlb-healthcheck-timeout-seconds",
            "frontend-nlb-healthcheck-unhealthy-threshold-count",
            "frontend-nlb-tags",
            "healthcheck-interval-seconds",
            "healthcheck-path",
            "healthcheck-port",
            "healthcheck-protocol",
            "healthcheck-timeout-seconds",
            "healthy-threshold-count",
            "minimum-load-balancer-capacity",
            "success-codes",
            "tags",
            "unhealthy-threshold-count",
        ),
        TUNING,
    ),
}


FAMILY = Family(
    domains=("alb.ingress.kubernetes.io",),
    rows=_ROWS,
    beginnings={
        "actions.": CODE,
        "conditions.": CONDITION,
        "listener-attributes.": HEADERS,
        "target-control-port.": ROUTE,
        "transforms.": CODE,
    },
)
