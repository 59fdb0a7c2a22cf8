"""Which finding of an Ingress a person should read first: the lowest rank."""

from __future__ import annotations

CODE = 0
NO_GUARD = 10
NO_ALLOW_LIST = 15
CHAIN = 18
CLASS = 20
CERTIFICATE = 25
NO_TLS = 30
EXPOSED = 35
RE_POINTED = 40
ROUTE = 45
NEW_HOST = 50
NEW_PATH = 60
LIMIT = 70
