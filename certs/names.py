"""The names a client may call the webhook by: DNS names and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from cryptography import x509

from certs.errors import InvalidNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)  # RFC 1123, section 2.1
_MAX_DNS_NAME = 253
_MAX_SHOWN = 80


def parse_names(texts: Iterable[str]) -> tuple[x509.DNSName | x509.IPAddress, ...]:
    """Parse DNS names and IP addresses into subject alternative names: lower case, in order, each once.

    Raises InvalidNameError for the first text that is neither, and when there is none at all.
    """
    names = tuple(dict.fromkeys(_parse_name(text) for text in texts))
    if not names:
        raise InvalidNameError("a serving certificate needs a name: give at least one DNS name or IP address")
    return names


def service_dns_name(service: str, namespace: str) -> str:
    """Return `<service>.<namespace>.svc`, by which kube-apiserver calls the webhook of a Service.

    Raises InvalidNameError when either is not a name that Kubernetes would accept.
    """
    for what, label in (("service", service), ("namespace", namespace)):
        if not _LABEL.fullmatch(label):
            raise InvalidNameError(
                f"{_shown(label)} is no {what} name: at most 63 of a-z, 0-9 and inner hyphens are allowed"
            )
    return f"{service}.{namespace}.svc"


def _parse_name(text: str) -> x509.DNSName | x509.IPAddress:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return x509.DNSName(_dns_name(text))
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        raise InvalidNameError(
            f"{_shown(text)} has a zone, which a certificate cannot carry: leave out the %"
        )
    return x509.IPAddress(address)


def _dns_name(text: str) -> str:
    """Return the DNS name in lower case. A numeric last label is an address with a fault, not a name."""
    name = text.lower()
    labels = name.split(".")
    well_formed = len(name) <= _MAX_DNS_NAME and all(_LABEL.fullmatch(label) for label in labels)
    if not well_formed or labels[-1].isdigit():
        raise InvalidNameError(
            f"{_shown(text)} is neither a DNS name nor an IP address:"
            " give the bare host, such as baseward.baseward-system.svc or 127.0.0.1, without scheme or port"
        )
    return name


def _shown(text: str) -> str:
    """Return the text quoted, control characters escaped, and cut, so that a message stays one line."""
    return repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…")
