"""Whether a push was signed by somebody who knows the secret, in the ways of the Git servers.

| Git server | header | value |
| --- | --- | --- |
| GitHub, Gitea, Forgejo | X-Hub-Signature-256 | sha256=, then the hexadecimal HMAC-SHA256 of the body |
| Bitbucket | X-Hub-Signature | the same |
| Gitea, Forgejo, Gogs | X-Gitea-Signature, X-Forgejo-Signature, X-Gogs-Signature | the same without sha256= |
| GitLab, secret token | X-Gitlab-Token | the secret itself |
| GitLab, signing token | webhook-signature | as standardwebhooks.com says |
| anything else | X-Baseward-Signature | as X-Hub-Signature-256 |

No timestamp is held against the clock: a push that is sent again fetches again, which changes nothing,
and no more than once a second (``Pace``).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from email.message import Message
from types import MappingProxyType
from typing import TypeAlias

OWN_SIGNATURE = "X-Baseward-Signature"

_PREFIX = "sha256="
_OLD_PREFIX = "sha1="
_TOKEN_PREFIX = b"whsec_"

_Check: TypeAlias = Callable[[str, Message, bytes, bytes], bool]


def sign(body: bytes, secret: bytes) -> str:
    """Return the value of ``X-Baseward-Signature`` for a body."""
    return _PREFIX + hmac.digest(secret, body, "sha256").hex()


def is_signed(headers: Message, body: bytes, secret: bytes) -> bool:
    """Tell whether the headers of a push have a signature of its body, each of them a right one.

    A Git server that sends several makes all of them with one secret: one that is wrong means that
    something on the way has changed the push. Each is compared in constant time.
    """
    verdicts = [
        is_right(value, headers, body, secret)
        for name, is_right in _CHECKS.items()
        for value in headers.get_all(name, [])
        if not value.startswith(_OLD_PREFIX)  # sent along for old receivers; proves nothing and says nothing
    ]
    return bool(verdicts) and all(verdicts)


def _is_prefixed(value: str, _: Message, body: bytes, secret: bytes) -> bool:
    return _is_same(value.lower(), sign(body, secret))


def _is_plain(value: str, _: Message, body: bytes, secret: bytes) -> bool:
    return _is_same(value.lower(), sign(body, secret).removeprefix(_PREFIX))


def _is_secret(value: str, _headers: Message, _body: bytes, secret: bytes) -> bool:
    return hmac.compare_digest(_octets(value), secret)


def _is_standard(value: str, headers: Message, body: bytes, secret: bytes) -> bool:
    """Check ``v1,BASE64`` signatures, one of which must be right, of ``ID.TIMESTAMP.BODY``."""
    try:
        key = base64.b64decode(secret.removeprefix(_TOKEN_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not key or not secret.startswith(_TOKEN_PREFIX):
        return False
    parts = [_octets(headers.get(name, "")) for name in ("webhook-id", "webhook-timestamp")]
    digest = hmac.digest(key, b".".join([*parts, body]), "sha256")
    right = f"v1,{base64.b64encode(digest).decode()}"
    return any(_is_same(one, right) for one in value.split())


def _is_same(given: str, right: str) -> bool:
    return hmac.compare_digest(_octets(given), right.encode())


def _octets(value: str) -> bytes:
    """Return a header's value as it was sent: http.client reads it as ISO 8859-1."""
    return value.encode("latin-1", "replace")


_CHECKS: Mapping[str, _Check] = MappingProxyType(
    {
        "X-Hub-Signature-256": _is_prefixed,
        "X-Hub-Signature": _is_prefixed,
        OWN_SIGNATURE: _is_prefixed,
        "X-Gitea-Signature": _is_plain,
        "X-Forgejo-Signature": _is_plain,
        "X-Gogs-Signature": _is_plain,
        "X-Gitlab-Token": _is_secret,
        "webhook-signature": _is_standard,
    }
)
