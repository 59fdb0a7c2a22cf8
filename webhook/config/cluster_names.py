"""Names of things in a cluster: kinds, namespaces, usernames, operations, classes."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from webhook.config.errors import FormError
from webhook.config.forms import Form, NotEmpty, choose, matching, one_of, printable_text_of, quoted
from webhook.core.kinds import BY_NAME, GOVERNED
from webhook.core.review import CREATE, DELETE, UPDATE
from webhook.core.subject import SERVICE_ACCOUNT_PREFIX

# RFC 1123, as k8s.io/apimachinery pkg/util/validation has it
DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
DNS_SUBDOMAIN = rf"(?=.{{1,253}}$){DNS_LABEL}(?:\.{DNS_LABEL})*"

ANY = "*"
_GLOB = frozenset("*?[]")
_SERVICE_ACCOUNT = re.compile(rf"{SERVICE_ACCOUNT_PREFIX}{DNS_LABEL}:{DNS_SUBDOMAIN}", re.ASCII)
_BY_RESOURCE = {kind.resource: kind.name for kind in GOVERNED}
# Everybody, and groups that are mistaken for users.
_NOBODY = {
    "system:anonymous": "is everybody who does not log in",
    "system:authenticated": "is a group, not a user",
    "system:unauthenticated": "is a group, not a user",
    "system:masters": "is a group, not a user",
    "system:serviceaccounts": "is a group, not a user",
}


def _read_kind(value: Any) -> str:
    words = [*BY_NAME, ANY]
    if isinstance(value, str) and value.lower() in _BY_RESOURCE:
        kind = _BY_RESOURCE[value.lower()]
        raise FormError(f'unknown kind {quoted(value)}; one of {", ".join(words)}; did you mean "{kind}"?')
    return choose(value, words, "kind")


def read_username(value: Any) -> str:
    """Read an exact username. Raises FormError for a pattern, a group, and what nobody can be called."""
    user = printable_text_of(value)
    if _GLOB & set(user):
        raise FormError(f"{quoted(user)} is a pattern; users are matched on the exact name only")
    group = "system:serviceaccounts" if user.startswith("system:serviceaccounts:") else user
    if group in _NOBODY:
        raise FormError(f"{quoted(user)} {_NOBODY[group]}; name one user")
    if user.startswith(SERVICE_ACCOUNT_PREFIX) and not _SERVICE_ACCOUNT.fullmatch(user):
        form = f"{SERVICE_ACCOUNT_PREFIX}NAMESPACE:NAME"
        raise FormError(f"{quoted(user)} is no ServiceAccount; write it as {form}")
    return user


def _read_writer(value: Any) -> str:
    return ANY if value == ANY else read_username(value)


KindName: TypeAlias = Annotated[str, Form(_read_kind, {"enum": [*BY_NAME, ANY]})]
Kinds: TypeAlias = Annotated[tuple[KindName, ...], NotEmpty]

NamespaceName: TypeAlias = Annotated[
    str, matching(DNS_LABEL, "is no name of a namespace; exact names only, of a-z, 0-9 and -")
]
NamespaceGlob: TypeAlias = Annotated[
    str,
    matching(r"[-a-z0-9*?!\[\]]{1,63}", "matches no namespace; write a name or a glob such as shop-*"),
]
NamespaceGlobs: TypeAlias = Annotated[tuple[NamespaceGlob, ...], NotEmpty]

Username: TypeAlias = Annotated[str, Form(read_username, {"type": "string", "pattern": r"^[^*?\[\]]+$"})]
Writer: TypeAlias = Annotated[str, Form(_read_writer, {"type": "string", "pattern": r"^(\*|[^*?\[\]]+)$"})]

Operation: TypeAlias = Annotated[str, one_of((CREATE, UPDATE, DELETE), "operation")]
Operations: TypeAlias = Annotated[tuple[Operation, ...], NotEmpty]

IngressClass: TypeAlias = Annotated[
    str, matching(DNS_SUBDOMAIN, "is no name of an IngressClass; a DNS name, of a-z, 0-9, - and .")
]
