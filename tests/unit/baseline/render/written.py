"""Seven objects of the six kinds as plain manifests; and how what renderers make of files is looked at."""

from __future__ import annotations

import json
from typing import Any

from webhook.baseline.declaration import Declaring
from webhook.baseline.render import File, Renderer
from webhook.core.kinds import BY_NAME
from webhook.core.normalize import normalize
from webhook.core.objects import ObjectKey

Json = dict[str, Any]

MANIFESTS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  labels: {app: web}
  annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$1, example.com/port: "8080"}
spec:
  ingressClassName: nginx
  defaultBackend:
    resource: {apiGroup: k8s.example.com, kind: StorageBucket, name: static}
  tls:
  - hosts: [shop.example.com, www.example.com]
    secretName: shop-tls
  - hosts: [api.example.com]
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {number: 8080}}}
      - path: /cart
        pathType: Exact
        backend: {service: {name: cart, port: {name: http}}}
  - http:
      paths:
      - pathType: ImplementationSpecific
        backend: {service: {name: fallback, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
  podSelector:
    matchLabels: {app: web}
    matchExpressions:
    - {key: tier, operator: In, values: [front, edge]}
    - {key: legacy, operator: DoesNotExist}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - podSelector: {matchLabels: {app: proxy}}
      namespaceSelector: {}
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.0/16]}
    ports:
    - {protocol: TCP, port: 8080}
    - {protocol: UDP, port: dns}
  egress:
  - {}
  - to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: db}}
    ports:
    - {protocol: TCP, port: 5000, endPort: 5010}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop, annotations: {example.com/owner: shop}}
rules:
- {apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}
- {apiGroups: [apps], resources: [deployments], resourceNames: [web], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: prober, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules:
- {nonResourceURLs: [/healthz, /metrics/*], verbs: [get]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [get, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: monitoring}
aggregationRule:
  clusterRoleSelectors:
  - matchLabels: {example.com/aggregate-to-monitoring: "true"}
  - matchExpressions: [{key: team, operator: Exists}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: User, name: alice, namespace: default}
- {kind: Group, name: auditors, namespace: default, apiGroup: rbac.authorization.k8s.io}
- {kind: ServiceAccount, name: ci, namespace: build}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: probers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: prober}
subjects:
- {kind: ServiceAccount, name: prober, namespace: monitoring}
- {kind: User, name: bob, namespace: default}
"""


def file(value: Any, path: str = "out.json") -> File:
    return File(path, json.dumps(value, indent=2).encode())


def rendered(renderer: Renderer, value: Any, path: str = "out.json") -> list[Json]:
    return [each.value for each in renderer.render(file(value, path))]


def normal_forms(renderer: Renderer, *files: File) -> dict[ObjectKey, Json]:
    """Return what files declare, by identity, as it is compared."""
    declaring = Declaring("s", "c0ffee", "default", ("*",), ("*",))
    found = [declaring.manifest(each) for one in files for each in renderer.render(one)]
    return {
        manifest.key: normalize(manifest.content, BY_NAME[manifest.key.kind])
        for manifest in found
        if manifest
    }
