"""Rows that several controllers have."""

from __future__ import annotations

from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.behaviours import (
    KEY,
    Behaviour,
    Code,
    Guard,
    Nothing,
    Setting,
    Tuning,
)
from webhook.core.impact.ingress.annotations.lists import AllowList, Chain, DenyList
from webhook.core.impact.ingress.annotations.scales import Limit, switch

NOTHING: Behaviour = Nothing()
TUNING: Behaviour = Tuning()
CODE: Behaviour = Code()
AUTH: Behaviour = Guard()
AUTH_SERVER: Behaviour = Guard(hands=f"requests, with their headers, to the server that {KEY} names")
AUTH_SETTING: Behaviour = Setting("authentication changed", ranks.NO_GUARD)
ALLOW: Behaviour = AllowList()
DENY: Behaviour = DenyList()
CHAIN: Behaviour = Chain()
LIMIT: Behaviour = Limit()
LIMIT_SETTING: Behaviour = Setting("limit changed", ranks.LIMIT)

ROUTE: Behaviour = Setting("requests go elsewhere")
REWRITE: Behaviour = Setting("paths rewritten", ranks.RE_POINTED)
REWRITE_PATHS: Behaviour = Setting("paths rewritten", ranks.RE_POINTED, reads_paths=True)
PATH_READING: Behaviour = Setting("paths read otherwise", ranks.RE_POINTED, reads_paths=True)
CONDITION: Behaviour = Setting(  # JSON
    "conditions changed", ranks.RE_POINTED, plain=False, reads_paths=True
)
HOSTS: Behaviour = Setting("served under other hosts", ranks.EXPOSED)
PORTS: Behaviour = Setting("served on other ports", ranks.EXPOSED, plain=False)  # JSON
PLACE: Behaviour = Setting("served in another place", ranks.EXPOSED)
HEADERS: Behaviour = Setting("headers changed", plain=False)  # one a line
CORS: Behaviour = Setting("other sites let in")
WAF: Behaviour = Setting("web application firewall changed", ranks.NO_GUARD)
LOG: Behaviour = Setting("logs changed", ranks.LIMIT)
TLS_OPTIONS: Behaviour = Setting("TLS options changed", ranks.NO_TLS)
CERTIFICATE: Behaviour = Setting("certificate changed", ranks.CERTIFICATE)
UPSTREAM_TLS: Behaviour = Setting("TLS to the backend changed", ranks.NO_TLS)
UPSTREAM: Behaviour = Setting("backend spoken to otherwise")

HTTPS_REDIRECT: Behaviour = switch("no redirect to HTTPS", default=True, rank=ranks.NO_TLS)
HTTPS_FORCED: Behaviour = switch("no redirect to HTTPS", default=False, rank=ranks.NO_TLS)
# Passed through, TLS ends where no guard is; ended here, other paths of the host are reached.
PASSTHROUGH: Behaviour = Setting("TLS past the controller", ranks.NO_GUARD)
COOKIE: Behaviour = Setting("who gets the session's cookie")
CORS_ENABLED: Behaviour = switch("other sites let in", default=False, safe=False, rank=ranks.ROUTE)
WAF_ENABLED: Behaviour = switch("web application firewall off", default=False, rank=ranks.NO_GUARD)
HSTS: Behaviour = switch("HTTPS no longer asked for", default=False, rank=ranks.NO_TLS)
