"""The canonical form of a NetworkPolicy.

Defaults: kubernetes ``pkg/apis/networking/v1/defaults.go``. ``policyTypes`` is defaulted as for
a fresh create, never from the live object: on the server it is sticky (an ``egress`` added
later leaves it at ``[Ingress]``).
"""

from __future__ import annotations

from typing import Any

from webhook.core.normalize.schema import LABEL_SELECTOR, SCALAR, STRINGS, Node, SetOf, Struct


def _drop_end_port_of_one(port: dict[str, Any], as_written: bool) -> None:
    """Drop an ``endPort`` that is the port itself: a range of one."""
    if "endPort" in port and port["endPort"] == port.get("port"):
        del port["endPort"]


def _default_policy_types(spec: dict[str, Any], as_written: bool) -> None:
    if "policyTypes" not in spec:
        types = ["Ingress", "Egress"] if "egress" in spec else ["Ingress"]
        spec["policyTypes"] = types if as_written else sorted(types)


_PORTS = SetOf(
    Struct(
        {"protocol": SCALAR, "port": SCALAR, "endPort": SCALAR},
        defaults={"protocol": "TCP"},
        finish=_drop_end_port_of_one,
    )
)
_PEERS = SetOf(
    Struct(
        {
            "podSelector": LABEL_SELECTOR,
            "namespaceSelector": LABEL_SELECTOR,
            "ipBlock": Struct({"cidr": SCALAR, "except": STRINGS}),
        }
    )
)

SPEC = Struct(
    {
        "podSelector": LABEL_SELECTOR,
        "policyTypes": STRINGS,
        "ingress": SetOf(Struct({"from": _PEERS, "ports": _PORTS})),
        "egress": SetOf(Struct({"to": _PEERS, "ports": _PORTS})),
    },
    defaults={"podSelector": {}},
    finish=_default_policy_types,
)
FIELDS: dict[str, Node] = {"spec": SPEC}
