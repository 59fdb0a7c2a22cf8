"""What one document of a source declares, and whether it may."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from webhook.baseline.errors import DeclarationError
from webhook.baseline.render import Rendered
from webhook.core import kinds
from webhook.core.kinds import Kind
from webhook.core.objects import Manifest, ObjectKey, Provenance
from webhook.core.printing import safe

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Declaring:
    """One source at one commit: where its objects go and which ones it may declare.

    ``namespace`` is for objects that name none. ``allowed_namespaces`` are globs; a cluster-scoped
    object has the namespace "", as in the rules of the policy.
    """

    source: str
    commit: str
    namespace: str
    allowed_namespaces: tuple[str, ...]
    allowed_kinds: tuple[str, ...]

    def manifest(self, document: Rendered) -> Manifest | None:
        """Return the governed object that a document declares, or None for anything else.

        Raises DeclarationError for one that cannot be declared: a version that the API does not
        serve, no name, metadata of a wrong type, an object that the source may not declare.
        """
        kind = _governed_kind(document)
        if kind is None:
            return None
        metadata = _metadata(document)
        name, namespace = _name(document, metadata), ""
        if kind.namespaced:
            namespace = _text(document, metadata, "namespace") or self.namespace
            metadata = {**metadata, "namespace": namespace}
        key = ObjectKey(kind.group, kind.name, namespace, name)
        self._check_allowed(document, key)
        content = {**document.value, "metadata": metadata}
        return Manifest(key, content, Provenance(self.source, self.commit, document.path, document.line))

    def _check_allowed(self, document: Rendered, key: ObjectKey) -> None:
        if _ANY not in self.allowed_kinds and key.kind not in self.allowed_kinds:
            raise _refused(document, f"source {self.source} may not declare kind {key.kind} (allow.kinds)")
        if not any(fnmatchcase(key.namespace, glob) for glob in self.allowed_namespaces):
            what = f"in namespace {safe(key.namespace)}" if key.namespace else "that is cluster-scoped"
            raise _refused(
                document,
                f"source {self.source} may not declare {_shown(key)}, an object {what} (allow.namespaces)",
            )


def _governed_kind(document: Rendered) -> Kind | None:
    api_version, name = document.value.get("apiVersion"), document.value.get("kind")
    if not isinstance(api_version, str) or not isinstance(name, str) or name not in kinds.BY_NAME:
        return None
    modern = kinds.BY_NAME[name]
    if kinds.is_removed(api_version, name):
        raise _refused(
            document,
            f"{api_version} {name} is no longer served by the API; write it in {modern.api_version}",
        )
    group, _, version = api_version.rpartition("/")
    kind = kinds.governed(group, name)
    if kind is not None and version != kind.version:
        raise _refused(
            document, f"{safe(api_version)} {name} is not served by the API; write it in {modern.api_version}"
        )
    return kind


def _metadata(document: Rendered) -> dict[str, Any]:
    metadata = document.value.get("metadata")
    if not isinstance(metadata, dict):
        raise _refused(document, f"{document.value['kind']} has no metadata; give it one with a name")
    for field in ("labels", "annotations"):
        if not isinstance(metadata.get(field), dict | None):
            raise _refused(document, f"metadata.{field} is no mapping; write `key: value` lines below it")
    return metadata


def _name(document: Rendered, metadata: dict[str, Any]) -> str:
    name = _text(document, metadata, "name")
    if name:
        return name
    if metadata.get("generateName") is not None:
        raise _refused(
            document, "generateName gives no identity that could be declared; give metadata.name instead"
        )
    raise _refused(document, f"{document.value['kind']} has no name; give it a metadata.name")


def _text(document: Rendered, metadata: dict[str, Any], field: str) -> str:
    value = metadata.get(field)
    if value is not None and not isinstance(value, str):
        raise _refused(document, f"metadata.{field} is no string; put it in quotes")
    return value or ""


def _refused(document: Rendered, problem: str) -> DeclarationError:
    return DeclarationError(document.path, document.line, problem)


def _shown(key: ObjectKey) -> str:
    return safe(str(key), 200)
