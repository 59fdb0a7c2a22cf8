"""Where the baseline comes from: the sources, how each is reached, trusted and rendered.

A field's key in the file is its name in camelCase; the texts below the fields are what the JSON Schema
says of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from webhook.config.addresses import Address
from webhook.config.cluster_names import Kinds, NamespaceGlobs, NamespaceName
from webhook.config.forms import FilePath, NotEmpty, duration, whole_number
from webhook.config.git_names import PathGlob, Renderer, Repository, RepositoryPath, Revision, SourceName
from webhook.config.renderers import HelmConfig, KustomizeConfig
from webhook.config.sizes import Share, Size, parse_size
from webhook.config.urls import PeerURL, ProxyURL

DEFAULT_INTERVAL = timedelta(seconds=30)
DEFAULT_MAX_AGE = timedelta(minutes=15)
DEFAULT_TIMEOUT = timedelta(minutes=5)
DEFAULT_MAX_SIZE = parse_size("1Gi")
DEFAULT_RECEIVER_ADDRESS = "0.0.0.0:9444"

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Allow:
    """What a source may declare. Anything else in it is refused."""

    namespaces: NamespaceGlobs = ("*",)
    """Names or globs of namespaces."""

    kinds: Kinds = ("*",)
    """Kinds, or * for all."""


class VerifyMode(StrEnum):
    """What must be signed."""

    HEAD = "head"
    TAG = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """Whose signature a revision must have."""

    mode: VerifyMode = VerifyMode.HEAD
    """head: the commit that the revision names. tag: the tag that the revision names."""

    keys: FilePath
    """The folder of public keys, relative to the folder of this file: OpenPGP in *.asc and *.gpg, SSH in
    *.pub and in allowed_signers (see git-config, gpg.ssh.allowedSignersFile)."""


class Rewritten(StrEnum):
    """What happens to a revision that does not descend from the one that is served."""

    ACCEPT = "accept"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Source:
    """One Git repository, with a revision, a path and a renderer."""

    name: SourceName
    """What messages, metrics and approvers call this source."""

    repository: Repository
    """Where the repository is: an https, http, ssh or file URL, git@host:path, or a path, relative to the
    folder of this file. Never with credentials: those are in files, see credentials."""

    revision: Revision = "HEAD"
    """A branch, a tag or a commit. HEAD is the repository's default branch."""

    path: RepositoryPath = "."
    """The folder in the repository that holds what this cluster should have."""

    renderer: Renderer = "manifests"
    """What turns files into manifests. manifests: plain YAML and JSON, recursively. kustomize: the
    kustomization in path. helm: the chart in path. terraform: plans and states as JSON, and raw states.
    pulumi: stack exports and previews as JSON, or a folder that renderYamlToDirectory wrote."""

    namespace: NamespaceName = "default"
    """The namespace of objects that name none."""

    exclude: tuple[PathGlob, ...] = ()
    """Globs, under path, of files to pass over, such as charts/**."""

    allow: Allow = field(default_factory=Allow)
    """What this source may declare; everything if left out."""

    interval: Annotated[timedelta, duration(least=_SECOND)] | None = None
    """How often this source is looked at, if otherwise than baseline.interval says."""

    credentials: FilePath | None = None
    """The folder of this source's credentials, a mounted Secret, relative to the folder of this file. For
    https: password or token, with username if need be, or bearerToken; ca.crt; tls.crt and tls.key. For ssh:
    identity or ssh-privatekey, and known_hosts."""

    proxy: ProxyURL | None = None
    """The http, https or socks5h proxy to this repository. The variables https_proxy and no_proxy count
    without it."""

    timeout: Annotated[timedelta, duration(least=_SECOND, most=_DAY)] = DEFAULT_TIMEOUT
    """How long a fetch may take, and a renderer."""

    max_size: Size = DEFAULT_MAX_SIZE
    """How large the fetched part of the repository may be, and what a renderer makes of it."""

    verify: Verify | None = None
    """Whose signature a revision must have; unsigned ones are served if left out."""

    rewritten: Rewritten = Rewritten.ACCEPT
    """What happens to a revision that does not descend from the one that is served, as after a force-push.
    hold: it waits until `baseward sync --accept` names it."""

    kustomize: KustomizeConfig = field(default_factory=KustomizeConfig)
    """How kustomize renders; for the renderer kustomize."""

    helm: HelmConfig = field(default_factory=HelmConfig)
    """How helm renders; for the renderer helm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverConfig:
    """The HTTP endpoint, in the process that syncs, that a push wakes."""

    address: Address = DEFAULT_RECEIVER_ADDRESS
    """The host and port to listen on. POST /hooks/git is all that it knows."""

    secret: FilePath
    """The file that holds the secret shared with the Git server, of at least 16 characters, relative to the
    folder of this file."""

    certificates: FilePath | None = None
    """The folder of tls.crt and tls.key, relative to the folder of this file; plain HTTP if left out."""

    peers: tuple[PeerURL, ...] = ()
    """URLs of the replicas' receivers, whose every address is told of a push, such as
    http://baseward-sync:9444 with a headless Service of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineConfig:
    """Where the baseline comes from, and how fresh it must be."""

    interval: Annotated[timedelta, duration(least=_SECOND)] = DEFAULT_INTERVAL
    """How often the sources are looked at. A push receiver makes it immediate."""

    max_age: Annotated[timedelta, duration(least=_SECOND)] = DEFAULT_MAX_AGE
    """How old the last successful sync may be. When it is older, people are warned and an alert goes out."""

    history: Annotated[int, whole_number(0, 1000)] = 10
    """How many earlier revisions an approver may still apply."""

    max_shrink: Share = 0.5
    """How much of what a source declares one commit may take away, such as 50%. What would take away more
    waits until `baseward sync --accept` names it: an emptied folder must not open the gate."""

    receiver: ReceiverConfig | None = None
    """The endpoint that a push wakes; none if left out."""

    sources: Annotated[tuple[Source, ...], NotEmpty]
    """The sources that declare, together, what the cluster should have."""
