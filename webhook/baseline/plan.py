"""What is to be read: one source at one commit, by its renderer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from webhook.baseline.declaration import Declaring
from webhook.baseline.git.repository import Repository
from webhook.baseline.prepared import Prepared, prepare
from webhook.baseline.reading import Reading
from webhook.baseline.render import Renderer
from webhook.baseline.render.helm import Helm
from webhook.baseline.render.kustomize import Kustomize
from webhook.baseline.render.manifests import Manifests
from webhook.baseline.render.pulumi import Pulumi
from webhook.baseline.render.terraform import Terraform
from webhook.baseline.snapshot_files import GIT_FOLDER
from webhook.config import Source
from webhook.core.normalize.left_out import LeftOut


@dataclass(frozen=True, slots=True)
class Plan:
    """A source, where its files are, and the commit (already fetched) to read them from.

    ``prepared`` is what is to be read of it, where that was found out before.
    """

    source: Source
    repository: Repository
    commit: str
    prepared: Prepared | None = None

    @property
    def path(self) -> str:
        """Return the source's path as Git has it, "" for the root."""
        return path_of(self.source)

    def __str__(self) -> str:
        """Return ``name@commit``, as messages write it."""
        return f"{self.source.name}@{self.commit[:7]}"

    def prepare(self, folder: Path) -> Prepared:
        """Find out what is to be read; ``folder`` is that of the snapshots. Raises BaselineError."""
        source = self.source
        where = folder / GIT_FOLDER / source.name
        return prepare(renderer_of(source), self.repository, self.commit, self.path, where, source.max_size)

    def reading(self, left_out: LeftOut) -> Reading:
        """Return how its files are read."""
        source = self.source
        declaring = Declaring(
            source=source.name,
            commit=self.commit,
            namespace=source.namespace,
            allowed_namespaces=source.allow.namespaces,
            allowed_kinds=source.allow.kinds,
        )
        return Reading(renderer_of(source), declaring, left_out)


def renderer_of(source: Source) -> Renderer:
    """Return the renderer of a source, with its settings."""
    return _RENDERERS[source.renderer](source)


def _kustomize(source: Source) -> Renderer:
    return Kustomize(
        path=path_of(source),
        load_restrictor=source.kustomize.load_restrictor,
        timeout=source.timeout.total_seconds(),
        max_output=source.max_size,
    )


def _helm(source: Source) -> Renderer:
    helm = source.helm
    return Helm(
        path=path_of(source),
        namespace=source.namespace,
        release=helm.release,
        values=helm.values,
        hooks=helm.hooks,
        kube_version=helm.kube_version,
        api_versions=helm.api_versions,
        repositories=helm.repositories,
        timeout=source.timeout.total_seconds(),
        max_output=source.max_size,
    )


_RENDERERS: Mapping[str, Callable[[Source], Renderer]] = {
    "manifests": lambda source: Manifests(path_of(source), source.exclude),
    "kustomize": _kustomize,
    "helm": _helm,
    "terraform": lambda source: Terraform(path_of(source), source.exclude),
    "pulumi": lambda source: Pulumi(path_of(source), source.exclude),
}


def path_of(source: Source) -> str:
    """Return the path of a source as Git has it, "" for the root."""
    return "" if source.path == "." else source.path
