"""The objects of ``written`` as Terraform's provider has them after apply, with all that is unset.

And what is around them in a plan, in a state and in a raw state.
"""

from __future__ import annotations

from typing import Any

from tests.unit.baseline.render.written import Json


def metadata(name: str, namespace: str | None = None, **more: Any) -> list[Json]:
    server = {"generation": 1, "resource_version": "4711", "uid": "6f1d62a2-1f6e-4a0c-a2b9-2f3a2f0f4d10"}
    block = {"annotations": None, "generate_name": "", "labels": None, "name": name, **server, **more}
    return [block if namespace is None else {**block, "namespace": namespace}]


def selector(labels: Json | None = None, expressions: list[Json] | None = None) -> list[Json]:
    return [{"match_expressions": expressions or [], "match_labels": labels}]


def service(name: str, number: int = 0, port: str = "") -> list[Json]:
    backend = {"name": name, "port": [{"name": port, "number": number}]}
    return [{"resource": [], "service": [backend]}]


def rule(**more: Any) -> Json:
    return {
        "api_groups": None,
        "non_resource_urls": None,
        "resource_names": None,
        "resources": None,
        "verbs": None,
        **more,
    }


def role_rule(**more: Any) -> Json:
    return {"api_groups": [], "resource_names": [], "resources": [], "verbs": [], **more}


def subject(kind: str, name: str, namespace: str = "default") -> Json:
    group = "" if kind == "ServiceAccount" else "rbac.authorization.k8s.io"
    return {"api_group": group, "kind": kind, "name": name, "namespace": namespace}


def role_ref(kind: str, name: str) -> list[Json]:
    return [{"api_group": "rbac.authorization.k8s.io", "kind": kind, "name": name}]


INGRESS: Json = {
    "id": "shop/web",
    "metadata": metadata(
        "web",
        "shop",
        labels={"app": "web"},
        annotations={"nginx.ingress.kubernetes.io/rewrite-target": "/$1", "example.com/port": "8080"},
    ),
    "spec": [
        {
            "default_backend": [
                {
                    "resource": [{"api_group": "k8s.example.com", "kind": "StorageBucket", "name": "static"}],
                    "service": [],
                }
            ],
            "ingress_class_name": "nginx",
            "rule": [
                {
                    "host": "shop.example.com",
                    "http": [
                        {
                            "path": [
                                {"backend": service("web", 8080), "path": "/", "path_type": "Prefix"},
                                {
                                    "backend": service("cart", port="http"),
                                    "path": "/cart",
                                    "path_type": "Exact",
                                },
                            ]
                        }
                    ],
                },
                {
                    "host": "",
                    "http": [
                        {
                            "path": [
                                {
                                    "backend": service("fallback", 80),
                                    "path": "",
                                    "path_type": "ImplementationSpecific",
                                }
                            ]
                        }
                    ],
                },
            ],
            "tls": [
                {"hosts": ["shop.example.com", "www.example.com"], "secret_name": "shop-tls"},
                {"hosts": ["api.example.com"], "secret_name": ""},
            ],
        }
    ],
    "status": [{"load_balancer": [{"ingress": [{"hostname": "", "ip": "203.0.113.7"}]}]}],
    "timeouts": None,
    "wait_for_load_balancer": None,
}

NETWORK_POLICY: Json = {
    "id": "shop/web",
    "metadata": metadata("web", "shop"),
    "spec": [
        {
            "egress": [
                {"ports": [], "to": []},
                {
                    "ports": [{"end_port": 5010, "port": "5000", "protocol": "TCP"}],
                    "to": [
                        {
                            "ip_block": [],
                            "namespace_selector": selector({"kubernetes.io/metadata.name": "db"}),
                            "pod_selector": [],
                        }
                    ],
                },
            ],
            "ingress": [
                {
                    "from": [
                        {
                            "ip_block": [],
                            "namespace_selector": [None],
                            "pod_selector": selector({"app": "proxy"}),
                        },
                        {
                            "ip_block": [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}],
                            "namespace_selector": [],
                            "pod_selector": [],
                        },
                    ],
                    "ports": [
                        {"end_port": 0, "port": "8080", "protocol": "TCP"},
                        {"end_port": 0, "port": "dns", "protocol": "UDP"},
                    ],
                }
            ],
            "pod_selector": selector(
                {"app": "web"},
                [
                    {"key": "tier", "operator": "In", "values": ["edge", "front"]},
                    {"key": "legacy", "operator": "DoesNotExist", "values": []},
                ],
            ),
            "policy_types": ["Ingress", "Egress"],
        }
    ],
}

TERRAFORM: list[tuple[str, Json]] = [
    ("kubernetes_ingress_v1", INGRESS),
    ("kubernetes_network_policy_v1", NETWORK_POLICY),
    (
        "kubernetes_role_v1",
        {
            "id": "shop/reader",
            "metadata": metadata("reader", "shop", annotations={"example.com/owner": "shop"}),
            "rule": [
                role_rule(api_groups=[""], resources=["pods", "pods/log"], verbs=["get", "list"]),
                role_rule(
                    api_groups=["apps"], resources=["deployments"], resource_names=["web"], verbs=["patch"]
                ),
            ],
        },
    ),
    (
        "kubernetes_cluster_role_v1",
        {
            "aggregation_rule": [],
            "id": "prober",
            "metadata": metadata("prober", labels={"rbac.authorization.k8s.io/aggregate-to-view": "true"}),
            "rule": [
                rule(non_resource_urls=["/healthz", "/metrics/*"], verbs=["get"]),
                rule(
                    api_groups=[""],
                    resources=["configmaps"],
                    resource_names=["settings"],
                    verbs=["get", "watch"],
                ),
            ],
        },
    ),
    (
        "kubernetes_cluster_role_v1",
        {
            "aggregation_rule": [
                {
                    "cluster_role_selectors": [
                        *selector({"example.com/aggregate-to-monitoring": "true"}),
                        *selector(None, [{"key": "team", "operator": "Exists", "values": []}]),
                    ]
                }
            ],
            "id": "monitoring",
            "metadata": metadata("monitoring"),
            "rule": [rule(api_groups=["metrics.k8s.io"], resources=["pods"], verbs=["get"])],
        },
    ),
    (
        "kubernetes_role_binding_v1",
        {
            "id": "shop/readers",
            "metadata": metadata("readers", "shop"),
            "role_ref": role_ref("Role", "reader"),
            "subject": [
                subject("User", "alice"),
                subject("Group", "auditors"),
                subject("ServiceAccount", "ci", "build"),
            ],
        },
    ),
    (
        "kubernetes_cluster_role_binding_v1",
        {
            "id": "probers",
            "metadata": metadata("probers"),
            "role_ref": role_ref("ClusterRole", "prober"),
            "subject": [subject("ServiceAccount", "prober", "monitoring"), subject("User", "bob")],
        },
    ),
]


def planned(kind: str, values: Json, name: str = "this", **more: Any) -> Json:
    """Write a resource as a plan or a state has it."""
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "terraform.example.com/hashicorp/kubernetes",
        "schema_version": 0,
        "values": values,
        "sensitive_values": {},
        **more,
    }


def change(resource: Json, after_unknown: Any = None, **more: Any) -> Json:
    """Write what a plan says of the change of a resource."""
    same = {name: resource[name] for name in ("address", "mode", "type", "name", "provider_name")}
    after = {"before": None, "after": resource["values"], "after_unknown": after_unknown or {}}
    return {**same, "change": {"actions": ["create"], **after}, **more}


def plan(*resources: Json, **more: Any) -> Json:
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "planned_values": {"root_module": {"resources": list(resources)}},
        "resource_changes": [change(resource) for resource in resources],
        "configuration": {"root_module": {}},
        "timestamp": "2026-01-02T03:04:05Z",
        "applyable": True,
        "complete": True,
        "errored": False,
        **more,
    }


def state(*resources: Json) -> Json:
    module = {"resources": list(resources)}
    return {
        "format_version": "1.0",
        "terraform_version": "1.9.5",
        "values": {"outputs": {}, "root_module": module},
    }


def raw_state(*resources: Json, **more: Any) -> Json:
    return {
        "version": 4,
        "terraform_version": "1.9.5",
        "serial": 7,
        "lineage": "f2968801-fa14-41ab-a044-224f3a4adf04",
        "outputs": {},
        "resources": list(resources),
        "check_results": None,
        **more,
    }


def instances(kind: str, *all_attributes: Json, **more: Any) -> Json:
    """Write a resource as a raw state has it."""
    return {
        "mode": "managed",
        "type": kind,
        "name": "this",
        "provider": 'provider["terraform.example.com/hashicorp/kubernetes"]',
        "instances": [
            {"schema_version": 0, "attributes": attributes, "sensitive_attributes": [], "private": "bnVsbA=="}
            for attributes in all_attributes
        ],
        **more,
    }


def role(name: str = "reader") -> Json:
    return {"id": f"shop/{name}", "metadata": metadata(name, "shop"), "rule": [role_rule()]}


def in_module(*resources: Any) -> Json:
    deepest = {"address": 'module.apps["a.b"].module.web[0]', "resources": list(resources)}
    return {"root_module": {"child_modules": [{"address": 'module.apps["a.b"]', "child_modules": [deepest]}]}}
