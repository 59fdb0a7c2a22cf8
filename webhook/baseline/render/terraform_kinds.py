"""The resources of Terraform's Kubernetes provider that are governed, and what each becomes.

As ``kubernetes/schema_*.go`` and ``resource_kubernetes_*_v1.go`` of hashicorp/terraform-provider-kubernetes
have them: with the provider's defaults, and without what only Terraform or the API server uses.
"""

from __future__ import annotations

from typing import Any

from webhook.baseline.render.terraform_blocks import (
    Attribute,
    Reader,
    block,
    computed,
    many,
    number,
    one,
    or_else,
    or_empty,
    port,
    required,
    string_map,
    strings,
    text,
    unless_empty,
)
from webhook.core import kinds
from webhook.core.kinds import Kind

_DEFAULT_NAMESPACE = "default"
_ONLY_TERRAFORM = frozenset({"id", "status", "timeouts", "wait_for_load_balancer"})
_ONLY_SERVER = frozenset({"generation", "resource_version", "self_link", "uid"})


def _verbatim(at: Attribute) -> str:
    return text(at) or ""


_METADATA = {
    "name": ("name", text),
    "generate_name": ("generateName", text),
    "labels": ("labels", string_map),
    "annotations": ("annotations", string_map),
}
_CLUSTER_METADATA = block(_METADATA, ignored=_ONLY_SERVER)
_NAMESPACED_METADATA = block(
    {**_METADATA, "namespace": ("namespace", or_else(text, _DEFAULT_NAMESPACE))}, ignored=_ONLY_SERVER
)

_SELECTOR = block(
    {
        "match_labels": ("matchLabels", string_map),
        "match_expressions": (
            "matchExpressions",
            many(
                block({"key": ("key", text), "operator": ("operator", text), "values": ("values", strings)})
            ),
        ),
    }
)

_PORTS = many(
    block({"port": ("port", port), "end_port": ("endPort", number), "protocol": ("protocol", text)})
)
_PEERS = many(
    block(
        {
            "pod_selector": ("podSelector", one(_SELECTOR)),
            "namespace_selector": ("namespaceSelector", one(_SELECTOR)),
            "ip_block": ("ipBlock", one(block({"cidr": ("cidr", text), "except": ("except", strings)}))),
        }
    )
)
_POLICY_SPEC = block(
    {
        "pod_selector": ("podSelector", or_empty(one(_SELECTOR))),
        "policy_types": ("policyTypes", strings),
        "ingress": ("ingress", many(block({"from": ("from", _PEERS), "ports": ("ports", _PORTS)}))),
        "egress": ("egress", many(block({"to": ("to", _PEERS), "ports": ("ports", _PORTS)}))),
    }
)

_SERVICE = block(
    {
        "name": ("name", text),
        "port": ("port", or_empty(one(block({"number": ("number", number), "name": ("name", text)})))),
    }
)
_REFERENCE = block({"api_group": ("apiGroup", _verbatim), "kind": ("kind", text), "name": ("name", text)})
_BACKEND = one(block({"service": ("service", one(_SERVICE)), "resource": ("resource", one(_REFERENCE))}))
_PATH = block(
    {
        "path": ("path", text),
        "path_type": ("pathType", or_else(text, "ImplementationSpecific")),
        "backend": ("backend", or_empty(_BACKEND)),
    }
)
_HTTP = unless_empty(one(block({"path": ("paths", many(_PATH))})))
_INGRESS_SPEC = block(
    {
        "ingress_class_name": ("ingressClassName", computed(text)),
        "default_backend": ("defaultBackend", _BACKEND),
        "rule": ("rules", many(block({"host": ("host", text), "http": ("http", _HTTP)}))),
        "tls": ("tls", many(block({"hosts": ("hosts", strings), "secret_name": ("secretName", text)}))),
    }
)

_RULES = many(
    block(
        {
            "api_groups": ("apiGroups", strings),
            "resources": ("resources", strings),
            "resource_names": ("resourceNames", strings),
            "non_resource_urls": ("nonResourceURLs", strings),
            "verbs": ("verbs", strings),
        }
    )
)
_AGGREGATION = block({"cluster_role_selectors": ("clusterRoleSelectors", many(_SELECTOR))})
_ROLE_REF = {"api_group": ("apiGroup", text), "kind": ("kind", text), "name": ("name", text)}
_BINDING = {
    "role_ref": (
        "roleRef",
        required(one(block(_ROLE_REF))),
    ),
    "subject": (
        "subjects",
        many(
            block(
                {
                    "kind": ("kind", text),
                    "name": ("name", text),
                    # The provider's own default, for a User and a Group too: the API server keeps it.
                    "namespace": ("namespace", or_else(text, _DEFAULT_NAMESPACE)),
                    "api_group": ("apiGroup", computed(text)),
                }
            )
        ),
    ),
}


def _metadata(block_of_kind: Reader) -> Reader:
    def read(at: Attribute) -> dict[str, Any]:
        for each in at.elements():
            if each.field("name").is_unknown and text(each.field("generate_name")):
                raise each.fault(
                    "has a generate_name, which gives no identity that could be declared; give it a name"
                )
        metadata: dict[str, Any] = required(one(block_of_kind))(at)
        return metadata

    return read


def _resource(kind: Kind, fields: dict[str, tuple[str, Reader]]) -> Reader:
    metadata = _metadata(_NAMESPACED_METADATA if kind.namespaced else _CLUSTER_METADATA)
    read = block({"metadata": ("metadata", metadata), **fields}, ignored=_ONLY_TERRAFORM)
    return lambda at: {"apiVersion": kind.api_version, "kind": kind.name, **read(at)}


def _cluster_role(at: Attribute) -> dict[str, Any]:
    # Where there is an aggregation rule, a controller writes the rules: nobody knows them before.
    is_aggregated = bool(at.field("aggregation_rule").elements())
    role: dict[str, Any] = (_AGGREGATED_ROLE if is_aggregated else _PLAIN_CLUSTER_ROLE)(at)
    return role


_PLAIN_CLUSTER_ROLE = _resource(
    kinds.CLUSTER_ROLE,
    {"rule": ("rules", _RULES), "aggregation_rule": ("aggregationRule", one(_AGGREGATION))},
)
_AGGREGATED_ROLE = _resource(
    kinds.CLUSTER_ROLE,
    {"rule": ("rules", lambda _: None), "aggregation_rule": ("aggregationRule", one(_AGGREGATION))},
)
_NETWORK_POLICY = _resource(kinds.NETWORK_POLICY, {"spec": ("spec", required(one(_POLICY_SPEC)))})
_ROLE = _resource(kinds.ROLE, {"rule": ("rules", _RULES)})
_ROLE_BINDING = _resource(kinds.ROLE_BINDING, _BINDING)
_CLUSTER_ROLE_BINDING = _resource(kinds.CLUSTER_ROLE_BINDING, _BINDING)

READERS: dict[str, Reader] = {
    "kubernetes_ingress_v1": _resource(kinds.INGRESS, {"spec": ("spec", required(one(_INGRESS_SPEC)))}),
    "kubernetes_network_policy": _NETWORK_POLICY,
    "kubernetes_network_policy_v1": _NETWORK_POLICY,
    "kubernetes_role": _ROLE,
    "kubernetes_role_v1": _ROLE,
    "kubernetes_role_binding": _ROLE_BINDING,
    "kubernetes_role_binding_v1": _ROLE_BINDING,
    "kubernetes_cluster_role": _cluster_role,
    "kubernetes_cluster_role_v1": _cluster_role,
    "kubernetes_cluster_role_binding": _CLUSTER_ROLE_BINDING,
    "kubernetes_cluster_role_binding_v1": _CLUSTER_ROLE_BINDING,
}
