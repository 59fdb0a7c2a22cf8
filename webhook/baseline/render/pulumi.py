"""The renderer ``pulumi``: what Pulumi would create, or has created, as it says itself.

Read are, in all folders of a source, JSON files as ``pulumi stack export`` and ``pulumi preview --json
--show-sames`` write them, and YAML files, as a provider with ``renderYamlToDirectory`` writes them. JSON
of any other format is passed over. An object in two files is declared twice: ``exclude`` one of them.

Of an export and a preview the governed resources are read, such as
``kubernetes:networking.k8s.io/v1:Ingress``. A resource of a Patch type, such as ``IngressPatch``, changes
an object that others declare, and is passed over; so is a Helm ``Release``, which says nothing of its
objects. What components such as ``ConfigFile`` and ``Chart`` make are resources of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.baseline.errors import ManifestError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import File, Rendered, Selection
from webhook.baseline.render.governed import is_governed
from webhook.baseline.render.json_file import JsonFile, places
from webhook.baseline.render.manifests import Manifests
from webhook.baseline.render.pulumi_formats import Resource, resources
from webhook.core.printing import safe

_JSON = ".json"
_TYPE = re.compile(r"kubernetes:([^:]+):([^:]+)")
_INTERNAL = "__"  # keys of the engine's and the provider's own
_MAX_URN = 200

# sdk/go/common/resource/sig/sig.go: a mapping with this key is a secret, an asset, a reference.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_BLINDED = "[secret]"  # pkg/backend/display/json.go: what a preview has in the place of a secret
# sdk/go/common/resource/plugin/rpc.go: a boolean, a number, a string, an array, an asset, an archive and
# an object that are known only after the update.
_UNKNOWN = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


@dataclass(frozen=True, slots=True)
class Pulumi:
    """Reads exports, previews and rendered YAML; ``exclude`` are globs relative to the source's ``path``."""

    path: str
    exclude: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Return the source's path."""
        return self.path

    def select(self, entries: Sequence[Entry]) -> Selection:
        """Choose the files that may hold objects."""
        return self._manifests.select(entries)

    def render(self, file: File) -> Iterator[Rendered]:
        """Yield the objects of a file. Raises ManifestError, also for a secret and what is not known yet."""
        if not file.path.endswith(_JSON):
            yield from map(_settled, self._manifests.render(file))
            return
        for resource in resources(JsonFile(file)):
            found = _TYPE.fullmatch(resource.type)
            if found and is_governed(found[1], found[2]):
                yield Rendered(_manifest(file.path, resource, found[1], found[2]), file.path, resource.line)

    @property
    def _manifests(self) -> Manifests:
        return Manifests(self.path, self.exclude)


def _settled(rendered: Rendered) -> Rendered:
    if is_governed(rendered.value.get("apiVersion"), rendered.value.get("kind")):
        for problem in _problems(rendered.value):
            raise ManifestError(rendered.path, rendered.line, problem)
    return rendered


def _manifest(path: str, resource: Resource, api_version: str, kind: str) -> dict[str, Any]:
    manifest = {**_without_internal(resource.inputs), "apiVersion": api_version, "kind": kind}
    metadata, known = manifest.get("metadata"), resource.outputs.get("metadata")
    if isinstance(metadata, dict) and isinstance(known, dict) and not metadata.get("name"):
        metadata["name"] = known.get("name")  # the API server made it from generateName
    for problem in _problems(manifest):
        raise ManifestError(path, resource.line, f"{safe(resource.urn, _MAX_URN)}: {problem}")
    return manifest


def _problems(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what stands in the way of comparing an object."""
    for place, value in places(manifest, ""):
        if (isinstance(value, dict) and _SIGNATURE in value) or value == _BLINDED:
            yield f"{place or 'it'} is a secret, which nothing can be compared with; take it out"
        elif isinstance(value, str) and value in _UNKNOWN:
            yield f"{place} is known only after the update; publish the stack's export after it"


def _without_internal(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_internal(v) for k, v in value.items() if not k.startswith(_INTERNAL)}
    if isinstance(value, list):
        return [_without_internal(item) for item in value]
    return value
