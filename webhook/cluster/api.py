"""Raw calls of the Kubernetes API: JSON in, JSON out. Typed models drop what they do not know."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from webhook.cluster.errors import ApiStatusError, MalformedAnswerError, UnreachableError
from webhook.core.printing import safe

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
_TIMEOUT = 30.0
_MAX_SAID = 1_000
_PIECE = 65_536
_WARNING = re.compile(r'\b\d{3} \S+ "((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server answered: the object, and the warnings in the headers (RFC 7234, 299)."""

    content: dict[str, Any]
    warnings: tuple[str, ...] = field(default=())


class Api:
    """One cluster's API, with the credentials of a client."""

    def __init__(self, api_client: client.ApiClient) -> None:
        """Use a client."""
        self._client = api_client

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = JSON,
        timeout: float = _TIMEOUT,
    ) -> Answer:
        """Call the API; ``timeout`` in seconds, for all of it.

        Raises ApiStatusError where the API server says no, UnreachableError where it says nothing in
        time, MalformedAnswerError where it says what is no JSON object.
        """
        deadline = time.monotonic() + timeout
        try:
            request = self._client.param_serialize(  # may read a token anew
                method=method,
                resource_path=path,
                query_params=list((query or {}).items()),
                header_params={"Accept": JSON, "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
            )
            response = self._client.call_api(*request, _request_timeout=timeout)
            content = _read(response.response, deadline)
        except (ApiException, ConfigException, HTTPError, OSError) as error:
            raise UnreachableError(
                f"the Kubernetes API cannot be reached ({type(error).__name__}): check KUBECONFIG"
            ) from None
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise ApiStatusError(response.status, _said(response.status, content))
        return Answer(_object(response.status, content), _warnings(response.headers.getlist("Warning")))


def _read(response: HTTPResponse, deadline: float) -> bytes:
    """Read a body. The timeout of a connection is for each read, so that bytes may trickle in forever."""
    pieces = []
    while piece := response.read1(_PIECE):
        if time.monotonic() > deadline:
            response.close()
            raise TimeoutError
        pieces.append(piece)
    return b"".join(pieces)


def _object(status: int, content: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise MalformedAnswerError(
            f"the Kubernetes API answered {status} with what is no JSON object:"
            " check whether a proxy or a login page stands before it"
        )
    return value


def _warnings(headers: list[str]) -> tuple[str, ...]:
    """Read warn-texts: ``299 - "text"``, one or more in a header, in UTF-8.

    https://www.rfc-editor.org/rfc/rfc7234#section-5.5
    """
    # http.client takes each byte of a header for one character.
    text = ", ".join(headers).encode("latin-1", "replace").decode("utf-8", "replace")
    return tuple(_ESCAPED.sub(r"\1", quoted) for quoted in _WARNING.findall(text) if quoted)


def _said(status: int, content: bytes) -> str:
    """Return what the API server said, which for a denial is written for people, line by line."""
    try:
        message = orjson.loads(content)["message"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        message = None
    if not isinstance(message, str) or not message:
        message = f"the Kubernetes API answered {status}"
    return "\n".join(safe(line, _MAX_SAID) for line in message.splitlines())
