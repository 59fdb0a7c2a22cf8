"""Objects of the governed kinds in one cluster, as the user of the API may see and change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from webhook.cluster.api import MERGE_PATCH, Api
from webhook.cluster.errors import MalformedAnswerError
from webhook.core.kinds import Kind
from webhook.core.objects import ObjectKey

_PAGE = "500"


def whoami(api: Api) -> str:
    """Return the username that the API server knows us by (a SelfSubjectReview)."""
    review = api.call(
        "POST",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        body={"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
    )
    try:
        username: str = review.content["status"]["userInfo"]["username"]
    except (KeyError, TypeError):
        raise MalformedAnswerError("the Kubernetes API did not say who we are") from None
    return username


def list_objects(api: Api, kind: Kind, namespace: str = "") -> Iterator[dict[str, Any]]:
    """Yield the objects of a kind, page by page; of all namespaces where none is named."""
    token = ""
    while True:
        query = {"limit": _PAGE, **({"continue": token} if token else {})}
        page = api.call("GET", _path(kind, namespace), query=query).content
        if not isinstance(page.get("metadata"), dict):
            raise MalformedAnswerError(f"the Kubernetes API answered with no list of {kind.resource}")
        yield from page.get("items") or ()
        token = page["metadata"].get("continue") or ""
        if not token:
            return


def annotate(api: Api, kind: Kind, key: ObjectKey, annotations: Mapping[str, str | None]) -> tuple[str, ...]:
    """Set annotations, or remove those that are None. Returns the API server's warnings."""
    body = {"metadata": {"annotations": dict(annotations)}}
    path = _path(kind, key.namespace, key.name)
    return api.call("PATCH", path, body=body, content_type=MERGE_PATCH).warnings


def _path(kind: Kind, namespace: str, name: str = "") -> str:
    place = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    tail = f"/{quote(name, safe='')}" if name else ""
    return f"/apis/{kind.api_version}{place}/{kind.resource}{tail}"
