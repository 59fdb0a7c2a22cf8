"""AdmissionReview dict <-> AdmissionRequest and AdmissionResponse.

The wire format is admission.k8s.io/v1 (kubernetes ``staging/src/k8s.io/api/admission/v1/types.go``).
Everything is checked that a decision reads; of a request outside the governed kinds no more
than its envelope.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from webhook.core.canonical import plain_json
from webhook.core.errors import ReviewError
from webhook.core.kinds import Kind, governed
from webhook.core.objects import ObjectKey
from webhook.core.subject import Subject

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"
CREATE, UPDATE, DELETE, CONNECT = "CREATE", "UPDATE", "DELETE", "CONNECT"


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """One proposed change.

    ``kind`` is None for what is not governed; ``key`` is then what the envelope says. ``old`` and
    ``new`` are the raw objects; ``new`` is None for DELETE, ``old`` for CREATE.
    """

    uid: str
    operation: str
    key: ObjectKey
    kind: Kind | None
    subresource: str
    subject: Subject
    dry_run: bool
    is_collection: bool = False
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None

    @property
    def target(self) -> dict[str, Any]:
        """Return the object that is judged: ``old`` for DELETE, else ``new``."""
        return (self.old if self.new is None else self.new) or {}


@dataclass(frozen=True, slots=True)
class AdmissionResponse:
    """The answer to one request; ``message`` is what kubectl prints of a denial."""

    uid: str
    allowed: bool
    message: str = ""
    warnings: tuple[str, ...] = ()
    audit_annotations: Mapping[str, str] = field(default_factory=dict)

    def to_review(self) -> dict[str, Any]:
        """Write the AdmissionReview that carries this answer."""
        response: dict[str, Any] = {"uid": self.uid, "allowed": self.allowed}
        if not self.allowed:
            response["status"] = {
                "status": "Failure",
                "code": 403,
                "reason": "Forbidden",
                "message": self.message,
            }
        if self.warnings:
            response["warnings"] = list(self.warnings)
        if self.audit_annotations:
            response["auditAnnotations"] = dict(self.audit_annotations)
        return {"apiVersion": API_VERSION, "kind": KIND, "response": response}


def parse_review(review: Any) -> AdmissionRequest:
    """Read an AdmissionReview. Raises ReviewError that names what is wrong and where."""
    if not isinstance(review, dict):
        _fail("the body", "a JSON object", review)
    if review.get("apiVersion") != API_VERSION or review.get("kind") != KIND:
        raise ReviewError(f"the body is no {API_VERSION} {KIND}: look at its apiVersion and kind")
    request = _mapping(review, "request", "request")
    uid = _text(request, "uid", "request.uid")
    operation = _text(request, "operation", "request.operation")
    group_version_kind = _mapping(request, "kind", "request.kind")
    group = _optional_text(group_version_kind, "group", "request.kind.group")
    name = _text(group_version_kind, "kind", "request.kind.kind")
    subject = _subject(_mapping(request, "userInfo", "request.userInfo"))
    subresource = _optional_text(request, "subResource", "request.subResource")
    request_name = _optional_text(request, "name", "request.name")
    namespace = _optional_text(request, "namespace", "request.namespace")
    dry_run = request.get("dryRun") or False
    if not isinstance(dry_run, bool):
        _fail("request.dryRun", "true or false", dry_run)
    kind = governed(group, name)
    if kind is None:
        key = ObjectKey(group, name, namespace, request_name)
        return AdmissionRequest(uid, operation, key, None, subresource, subject, dry_run)

    old, new = _objects(request, operation)
    target = old if new is None else new
    key = _key(kind, namespace, request_name, target or {})
    is_collection = operation == DELETE and not request_name
    return AdmissionRequest(uid, operation, key, kind, subresource, subject, dry_run, is_collection, old, new)


def _objects(request: dict[str, Any], operation: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if operation not in (CREATE, UPDATE, DELETE):
        raise ReviewError(f"request.operation must be CREATE, UPDATE or DELETE, not {operation[:40]!r}")
    new = None if operation == DELETE else _object(request, "object")
    old = None if operation == CREATE else _object(request, "oldObject")
    if operation == CREATE:
        plain_json(
            new
        )  # refuses what is nested too deep to be written again; an UPDATE is when it is compared
    return old, new


def _object(request: dict[str, Any], name: str) -> dict[str, Any]:
    obj = _mapping(request, name, f"request.{name}")
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        _fail(f"request.{name}.metadata", "a map", metadata)
    for key in ("labels", "annotations"):
        if not isinstance(metadata.get(key), dict | None):
            _fail(f"request.{name}.metadata.{key}", "a map", metadata[key])
    return obj


def _key(kind: Kind, namespace: str, request_name: str, target: dict[str, Any]) -> ObjectKey:
    metadata = target["metadata"]
    name = _optional_text(metadata, "name", "metadata.name") or request_name
    if not name:
        raise ReviewError("the object has no metadata.name, and request.name is empty")
    if request_name and name != request_name:
        raise ReviewError("request.name and the object's metadata.name differ")
    if not kind.namespaced:
        return ObjectKey(kind.group, kind.name, "", name)
    own = _optional_text(metadata, "namespace", "metadata.namespace")
    if namespace and own and namespace != own:
        raise ReviewError("request.namespace and the object's metadata.namespace differ")
    if not (namespace or own):
        raise ReviewError(f"a {kind.name} needs a namespace: request.namespace is empty")
    return ObjectKey(kind.group, kind.name, namespace or own, name)


def _subject(user_info: dict[str, Any]) -> Subject:
    username = _text(user_info, "username", "request.userInfo.username")
    uid = _optional_text(user_info, "uid", "request.userInfo.uid")
    groups = user_info.get("groups") or []
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        _fail("request.userInfo.groups", "a list of strings", groups)
    extra = user_info.get("extra") or {}
    if not isinstance(extra, dict):
        _fail("request.userInfo.extra", "a map", extra)
    return Subject(username, uid, tuple(groups), extra)


def _mapping(parent: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        _fail(path, "a map", value)
    return value


def _text(parent: dict[str, Any], name: str, path: str) -> str:
    value = parent.get(name)
    if not isinstance(value, str) or not value:
        _fail(path, "a non-empty string", value)
    return value


def _optional_text(parent: dict[str, Any], name: str, path: str) -> str:
    value = parent.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        _fail(path, "a string", value)
    return value


def _fail(path: str, wanted: str, value: Any) -> NoReturn:
    found = "nothing" if value is None else f"a {type(value).__name__}"
    raise ReviewError(f"{path} must be {wanted}, but there is {found}")
