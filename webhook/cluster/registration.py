"""The ValidatingWebhookConfiguration: what the API server asks Baseward about.

https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from webhook.core.controllers import API_SERVER
from webhook.core.kinds import GOVERNED, INGRESS
from webhook.core.review import CREATE, DELETE, UPDATE

NAMESPACED_WEBHOOK = "namespaced.baseward.io"
CLUSTER_WEBHOOK = "cluster.baseward.io"


@dataclass(frozen=True, slots=True)
class Registration:
    """How the API server reaches the webhook, and what it does when it cannot.

    ``client_config`` is a WebhookClientConfig; ``timeout`` in seconds.
    """

    client_config: dict[str, Any]
    failure_policy: str
    exclude_namespaces: Collection[str] = ()
    timeout: int = 3
    name: str = "baseward"

    def to_manifest(self) -> dict[str, Any]:
        """Write the object.

        Cluster-scoped kinds have a webhook of their own: selectors of namespaces do nothing for them.
        """
        selector = {
            "matchExpressions": [
                {
                    "key": "kubernetes.io/metadata.name",
                    "operator": "NotIn",
                    "values": sorted(self.exclude_namespaces),
                }
            ]
        }
        namespaced = self._webhook(NAMESPACED_WEBHOOK, namespaced=True)
        if self.exclude_namespaces:
            namespaced["namespaceSelector"] = selector
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": self.name},
            "webhooks": [namespaced, self._webhook(CLUSTER_WEBHOOK, namespaced=False)],
        }

    def _webhook(self, name: str, *, namespaced: bool) -> dict[str, Any]:
        return {
            "name": name,
            "clientConfig": dict(self.client_config),
            "rules": _rules(namespaced=namespaced),
            "matchPolicy": "Equivalent",
            "matchConditions": [
                {
                    # A webhook on RBAC that is down would keep the API server from ever starting again.
                    "name": "not-the-api-server-itself",
                    "expression": f"request.userInfo.username != '{API_SERVER}'",
                }
            ],
            "failurePolicy": self.failure_policy,
            "sideEffects": "NoneOnDryRun",
            "timeoutSeconds": self.timeout,
            "admissionReviewVersions": ["v1"],
        }


def _rules(*, namespaced: bool) -> list[dict[str, Any]]:
    resources: dict[str, list[str]] = {}
    for kind in GOVERNED:
        if kind.namespaced is namespaced:
            resources.setdefault(kind.group, []).append(kind.resource)
            if kind is INGRESS:
                # Through it the API server lets metadata be changed, annotations included.
                resources[kind.group].append(f"{kind.resource}/status")
    return [
        {
            "apiGroups": [group],
            "apiVersions": ["v1"],
            "operations": [CREATE, UPDATE, DELETE],
            "resources": names,
            "scope": "Namespaced" if namespaced else "Cluster",
        }
        for group, names in resources.items()
    ]
