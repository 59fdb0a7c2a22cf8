"""The renderer ``terraform``: what Terraform would create, or has created, as it says itself.

Read are the files that end in .json or .tfstate, in all folders of a source: plans and states as
``terraform show -json`` writes them, and raw states. JSON of any other format is passed over. An object
in two files, such as a plan and the state that came of it, is declared twice: ``exclude`` one of them.

Governed are the resources of `terraform_kinds.READERS`, and the manifests of ``kubernetes_manifest``;
of no other resource is any value looked at. ``kubernetes_labels`` and ``kubernetes_annotations`` change
objects that others declare, and are passed over. Which cluster a provider's alias leads to is not in the
files: a source whose files mix clusters declares the objects of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.baseline.errors import ManifestError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import File, Rendered, Selection
from webhook.baseline.render.governed import is_governed
from webhook.baseline.render.json_file import JsonFile
from webhook.baseline.render.manifests import Manifests
from webhook.baseline.render.terraform_blocks import Attribute, BlockError
from webhook.baseline.render.terraform_formats import Resource, resources
from webhook.baseline.render.terraform_kinds import READERS
from webhook.core.printing import safe

SUFFIXES = (".json", ".tfstate")

_OLD_INGRESS = "kubernetes_ingress"
_MANIFEST = "kubernetes_manifest"
_MAX_ADDRESS = 200


@dataclass(frozen=True, slots=True)
class Terraform:
    """Reads plans and states; ``exclude`` are globs on paths relative to the source's ``path``."""

    path: str
    exclude: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Return the source's path."""
        return self.path

    def select(self, entries: Sequence[Entry]) -> Selection:
        """Choose the files that may be plans or states."""
        return Manifests(self.path, self.exclude, SUFFIXES).select(entries)

    def render(self, file: File) -> Iterator[Rendered]:
        """Yield the objects of a file. Raises ManifestError, also for what is known only after apply."""
        for resource in resources(JsonFile(file)):
            try:
                manifest = _manifest(resource)
            except BlockError as fault:
                problem = f"{safe(resource.address, _MAX_ADDRESS)}: {fault}"
                raise ManifestError(file.path, resource.line, problem) from None
            if manifest is not None:
                yield Rendered(manifest, file.path, resource.line)


def _manifest(resource: Resource) -> dict[str, Any] | None:
    if resource.type == _MANIFEST:
        return _plain(resource.block.field("manifest"))
    if resource.type == _OLD_INGRESS:
        raise BlockError(
            f"{_OLD_INGRESS} is of networking.k8s.io/v1beta1, which is no longer served by the API;"
            f" use {_OLD_INGRESS}_v1"
        )
    if resource.type not in READERS:
        return None
    manifest: dict[str, Any] = READERS[resource.type](resource.block)
    return manifest


def _plain(manifest: Attribute) -> dict[str, Any] | None:
    """Return the content of a kubernetes_manifest where it is of a governed kind."""
    identity = [manifest.field("apiVersion"), manifest.field("kind")]
    for field in identity:
        field.must_be_known()
    if not is_governed(*(field.value for field in identity)):
        return None
    manifest.must_be_known()
    content: dict[str, Any] = _without_nulls(manifest.value)
    return content


def _without_nulls(value: Any) -> Any:
    """Leave out what is null, in lists too: so the provider (``manifest/provider/resource.go``)."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value
