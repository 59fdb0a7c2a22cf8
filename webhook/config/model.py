"""The configuration file as values: its sections, their defaults, and the policy that follows.

Where the baseline comes from is in ``baseline``.

A field's key in the file is its name in camelCase. The texts below the fields are what the JSON
Schema and the reference say of them. Rules, approvers, ignore entries, controllers and break-glass
limits are the core's own values; ``core_settings`` says how the file writes those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from webhook.config.addresses import Address
from webhook.config.baseline import BaselineConfig
from webhook.config.bookkeeping import BookkeepingKey
from webhook.config.cluster_names import IngressClass, NamespaceName
from webhook.config.forms import FilePath, ShortText, one_of, whole_number
from webhook.config.presets import PRESETS
from webhook.core.breakglass import BreakGlassLimits
from webhook.core.controllers import SystemController
from webhook.core.normalize.left_out import BOOKKEEPING, Ignore, LeftOut
from webhook.core.policy import DryRun, Mode, Policy, Rule
from webhook.core.subject import Approver

API_VERSION = "baseward.io/v1alpha1"
KIND = "Configuration"
DEFAULT_SERVE_ADDRESS = "0.0.0.0:8443"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the cluster is governed at all."""

    exclude_namespaces: tuple[NamespaceName, ...] = ()
    """Exact names of namespaces to keep out of. The webhook's namespaceSelector is made from them too."""


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """How reviews are answered."""

    address: Address = DEFAULT_SERVE_ADDRESS
    """The host and port to listen on."""

    certificates: FilePath = Path("/etc/baseward/tls")
    """The folder of tls.crt and tls.key, relative to the folder of this file."""

    workers: Annotated[int, whole_number(1, 64)] = 2
    """How many processes answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The configuration of Baseward for one cluster. All processes read the same file."""

    api_version: Annotated[str, one_of((API_VERSION,), "version")] = API_VERSION
    """The version of this format."""

    kind: Annotated[str, one_of((KIND,), "kind")] = KIND
    """What this file is."""

    cluster: ShortText = ""
    """What messages and alerts call this cluster."""

    mode: Mode = Mode.ENFORCE
    """enforce: denials deny. audit: they are recorded, and the change is allowed."""

    baseline: BaselineConfig
    """Where the baseline comes from, and how fresh it must be."""

    approvers: tuple[Approver, ...] = ()
    """The subjects that are the GitOps pipeline."""

    scope: Scope = field(default_factory=Scope)
    """Which part of the cluster is governed at all."""

    rules: tuple[Rule, ...] = ()
    """What happens to a change, by kind and namespace. The first match counts; the last rule, implicit,
    denies drift and undeclared objects."""

    ignore: tuple[Ignore, ...] = ()
    """Fields that are left out against Git, and who may change them."""

    controllers: tuple[SystemController, ...] = ()
    """Writers that are not people, beside those of Kubernetes itself."""

    presets: tuple[Annotated[str, one_of(PRESETS, "preset")], ...] = ()
    """Controllers and ignore entries of well-known tools, by name."""

    bookkeeping: tuple[BookkeepingKey, ...] = ()
    """More labels and annotations, by exact key, that tools write to find their objects again."""

    ingress_class: IngressClass | None = None
    """The cluster's default IngressClass, if it has one."""

    dry_run: DryRun = DryRun.DENY
    """What happens to a dry run that would be denied. warn lets kubectl diff show the difference."""

    break_glass: BreakGlassLimits = field(default_factory=BreakGlassLimits)
    """How long an emergency change may last, and what its reason must look like."""

    snapshot: FilePath = Path("/var/lib/baseward")
    """The folder that sync writes the snapshot to and serve reads it from, relative to that of this file."""

    serve: ServeConfig = field(default_factory=ServeConfig)
    """How reviews are answered."""

    @property
    def policy(self) -> Policy:
        """Return the policy that follows, with the presets in it."""
        presets = [PRESETS[name] for name in dict.fromkeys(self.presets)]
        return Policy(
            mode=self.mode,
            approvers=self.approvers,
            exclude_namespaces=frozenset(self.scope.exclude_namespaces),
            rules=self.rules,
            left_out=LeftOut(
                bookkeeping=BOOKKEEPING | frozenset(self.bookkeeping),
                ignore=self.ignore + tuple(entry for preset in presets for entry in preset.ignore),
            ),
            controllers=self.controllers + tuple(entry for preset in presets for entry in preset.controllers),
            ingress_class=self.ingress_class,
            dry_run=self.dry_run,
            break_glass=self.break_glass,
            max_age=self.baseline.max_age,
        )
