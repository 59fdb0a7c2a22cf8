"""URLs of what is not a Git repository: proxies, other replicas, chart repositories.

Whatever is wrong with one, no message here repeats it: it may hold a secret, though it must not.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from webhook.config.cluster_names import DNS_LABEL
from webhook.config.errors import FormError
from webhook.config.forms import Form, printable_text_of

_HOST = rf"(?:\[[0-9a-f:.]+\]|{DNS_LABEL}(?:\.{DNS_LABEL})*)(?::[1-9][0-9]{{0,4}})?"
_PATH = r"(?:/[^\s@?#]*)?"


def _url(*schemes: str, example: str, path: str = "/?") -> Form:
    """Describe a URL of a host, perhaps with a port and a path, and without credentials, query, fragment."""
    names = "|".join(schemes)
    expression = re.compile(rf"(?:{names})://{_HOST}{path}", re.ASCII)

    def read(value: Any) -> str:
        text = printable_text_of(value)
        if "@" in text:
            raise FormError("has credentials in it; leave them out")
        if not expression.fullmatch(text) or not _can_be_split(text):
            raise FormError(f"is no {' or '.join(schemes)} URL, such as {example}")
        return text.rstrip("/")

    return Form(read, {"type": "string", "pattern": rf"^({names})://[^\s@?#]+$"})


def _can_be_split(url: str) -> bool:
    """Tell whether the port is in bounds, and an address in brackets is one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


ProxyURL: TypeAlias = Annotated[
    str, _url("http", "https", "socks5h", example="http://proxy.example.com:3128")
]
PeerURL: TypeAlias = Annotated[str, _url("http", "https", example="http://baseward-sync:9444")]
ChartRepositoryURL: TypeAlias = Annotated[
    str, _url("https", "oci", example="https://charts.example.com/stable", path=_PATH)
]
