"""How the renderers that run a program of their own are told what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from webhook.config.forms import matching
from webhook.config.git_names import RepositoryPath
from webhook.config.urls import ChartRepositoryURL

_RELEASE = r"[a-z0-9](?:[-a-z0-9.]{0,51}[a-z0-9])?"  # helm.sh/helm pkg/chart/v2/util ValidateReleaseName
_VERSION = r"v?\d{1,3}\.\d{1,3}(?:\.\d{1,3})?"
_API_VERSION = r"[a-z0-9][a-z0-9.-]{0,252}(?:/[A-Za-z0-9]{1,63}){0,2}"


class LoadRestrictor(StrEnum):
    """Which files a kustomization may read (kustomize's ``--load-restrictor``)."""

    ROOT_ONLY = "rootOnly"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class KustomizeConfig:
    """How kustomize renders."""

    load_restrictor: LoadRestrictor = LoadRestrictor.ROOT_ONLY
    """rootOnly: a kustomization reads files in its own folder only. none: in the whole repository."""


@dataclass(frozen=True, slots=True)
class HelmConfig:
    """How helm renders: the options of `helm template`."""

    release: Annotated[
        str, matching(_RELEASE, "is no name of a release; at most 53 of a-z, 0-9, - and .")
    ] = "release-name"
    """The name of the release. Its namespace is that of the source."""

    values: tuple[RepositoryPath, ...] = ()
    """Files with values, relative to the root of the repository; later ones win."""

    hooks: bool = False
    """Whether what Helm runs as a hook is declared too. Tests never are."""

    kube_version: Annotated[str, matching(_VERSION, "is no version of Kubernetes, such as 1.36")] | None = (
        None
    )
    """The version of Kubernetes that the chart sees; if left out, the one that helm was built for."""

    api_versions: tuple[
        Annotated[str, matching(_API_VERSION, "is no API version, such as policy/v1")], ...
    ] = ()
    """More API versions that the chart sees as served."""

    repositories: tuple[ChartRepositoryURL, ...] = ()
    """Chart repositories, https or oci, that dependencies may be fetched from. Without any, helm has no
    network and dependencies must be in the repository."""
