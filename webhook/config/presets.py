"""What well-known tools write by themselves, to name in ``presets``.

Each is an exact username with kinds, operations and fields, as the tool's own installation has
it; whoever installs it under another name writes ``controllers`` and ``ignore`` instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from webhook.core.controllers import SystemController
from webhook.core.kinds import GOVERNED, INGRESS, RBAC
from webhook.core.normalize.left_out import Ignore
from webhook.core.pointer import Pointer
from webhook.core.review import CREATE, DELETE, UPDATE


@dataclass(frozen=True, slots=True)
class Preset:
    """The controllers of one tool, and what of their work is left out against Git."""

    controllers: tuple[SystemController, ...]
    ignore: tuple[Ignore, ...] = ()


def _service_account(namespace: str, name: str) -> str:
    return f"system:serviceaccount:{namespace}:{name}"


def _writer(
    user: str, kinds: tuple[str, ...], operations: tuple[str, ...], fields: Iterable[Pointer]
) -> Preset:
    """Return the preset of a tool whose fields are also left out against Git."""
    fields = tuple(fields)
    return Preset(
        controllers=(SystemController(user, kinds, operations, fields),),
        ignore=(Ignore(kinds, fields, writers=(user,)),),
    )


_INGRESS = (INGRESS.name,)
_RBAC_KINDS = tuple(kind.name for kind in GOVERNED if kind.group == RBAC)
_FINALIZERS: Pointer = ("metadata", "finalizers")

# kubernetes/ingress-gce pkg/annotations/ingress.go: what it records of the load balancer.
_GKE_RECORDS = (
    "backends",
    "forwarding-rule",
    "https-forwarding-rule",
    "https-target-proxy",
    "ssl-cert",
    "static-ip",
    "target-proxy",
    "url-map",
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        # Adds the challenge path to an Ingress, or a solver Ingress beside it, while a certificate is
        # being issued. The path is drift and not left out: whoever else adds one is denied.
        "cert-manager": Preset(
            controllers=(
                SystemController(
                    _service_account("cert-manager", "cert-manager"),
                    _INGRESS,
                    (CREATE, UPDATE, DELETE),
                    (("spec", "rules"),),
                ),
            )
        ),
        # Its finalizers are ingress.k8s.aws/resources and group.ingress.k8s.aws/*.
        "aws-load-balancer": _writer(
            _service_account("kube-system", "aws-load-balancer-controller"),
            _INGRESS,
            (UPDATE,),
            [_FINALIZERS],
        ),
        "gke": _writer(
            "system:controller:glbc",
            _INGRESS,
            (UPDATE,),
            [
                *(("metadata", "annotations", f"ingress.kubernetes.io/{name}") for name in _GKE_RECORDS),
                _FINALIZERS,
            ],
        ),
        "rancher": _writer(
            _service_account("cattle-system", "rancher"),
            _INGRESS,
            (UPDATE,),
            [("metadata", "annotations", "field.cattle.io/publicEndpoints")],
        ),
        # Restores objects as they were, with two labels more.
        "velero": _writer(
            _service_account("velero", "velero"),
            ("*",),
            (CREATE, UPDATE),
            [("metadata", "labels", f"velero.io/{name}") for name in ("backup-name", "restore-name")],
        ),
        # The user of super-admin.conf, with which kubeadm sets up the RBAC of a new control plane.
        "kubeadm": Preset(
            controllers=(SystemController("kubernetes-super-admin", _RBAC_KINDS, (CREATE, UPDATE)),)
        ),
    }
)
