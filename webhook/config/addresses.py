"""Where a server listens."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Annotated, Any, TypeAlias

from webhook.config.cluster_names import DNS_SUBDOMAIN
from webhook.config.errors import FormError
from webhook.config.forms import Form, quoted, text_of

_ADDRESS = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})")
_HOST = re.compile(DNS_SUBDOMAIN, re.ASCII)
_NUMBERS = frozenset("0123456789.")
_MAX_PORT = 65_535


def _read_address(value: Any) -> str:
    text = text_of(value)
    match = _ADDRESS.fullmatch(text)
    if match is None or not _is_host(match["v6"], match["host"]):
        raise FormError(f"{quoted(text)} is no address; write HOST:PORT, as 0.0.0.0:8443 or [::]:8443")
    if not 1 <= int(match["port"]) <= _MAX_PORT:
        raise FormError(f"{quoted(text)} has no port; from 1 to {_MAX_PORT}")
    return text


def _is_host(v6: str | None, host: str | None) -> bool:
    try:
        if v6 is not None:
            IPv6Address(v6)
        elif set(host or "") <= _NUMBERS:
            IPv4Address(host or "")
        else:
            return _HOST.fullmatch(host or "") is not None
    except AddressValueError:
        return False
    return True


Address: TypeAlias = Annotated[str, Form(_read_address, {"type": "string", "pattern": r"^\S+:[0-9]{1,5}$"})]
