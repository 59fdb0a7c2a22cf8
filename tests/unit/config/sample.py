"""The configuration file that the design sketches, and small ones to make faults in."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from webhook.config import Configuration, ConfigurationError, Fault, parse_configuration

WHERE = Path("/etc/baseward/config.yaml")

SKETCH = """\
apiVersion: baseward.io/v1alpha1
kind: Configuration
cluster: prod-eu
mode: enforce                # enforce, audit
baseline:
  interval: 30s              # poll; a push receiver makes it immediate
  maxAge: 15m                # since the last successful sync; older: people are warned
  history: 10                # revisions that an approver may still apply
  sources:
  - name: platform
    repository: https://git.example.com/platform.git     # https, ssh, file
    revision: main                                       # branch, tag or commit
    path: clusters/prod
    renderer: manifests
    namespace: default                                   # for objects that name none
    exclude: ['charts/**']                               # globs under path
    allow: {namespaces: ['*'], kinds: ['*']}             # what this source may declare
approvers:
- user: system:serviceaccount:flux-system:kustomize-controller
  content: declared                                      # declared, trusted
  mismatch: warn                                         # warn, deny
scope:
  excludeNamespaces: [kube-system, baseward-system]
rules:                                                   # first match
- kinds: [NetworkPolicy]
  namespaces: ['shop-*']
  drift: deny
  undeclared: warn
  deleteUndeclared: allow
ignore:
- kinds: [Ingress]
  fields: [/metadata/annotations/field.cattle.io~1publicEndpoints]
  writers: ['system:serviceaccount:cattle-system:rancher']
controllers: []
presets: []
ingressClass: nginx                                      # the cluster's default class, if it has one
dryRun: deny
breakGlass: {maxDuration: 1h, reason: '.{10,}'}
snapshot: /var/lib/baseward                              # the folder that sync writes and serve reads
serve: {address: '0.0.0.0:8443', certificates: /etc/baseward/tls, workers: 2}    # tls.crt, tls.key
"""


def minimal() -> dict[str, Any]:
    """Return the smallest document that is fine, to change."""
    return {
        "apiVersion": "baseward.io/v1alpha1",
        "kind": "Configuration",
        "baseline": {"sources": [{"name": "platform", "repository": "/srv/git/platform"}]},
    }


def with_value(path: str, value: Any) -> dict[str, Any]:
    """Return the smallest document with one value more, at a path such as ``rules.0.kinds``."""
    document = minimal()
    steps = path.split(".")
    last = steps[-1]
    place: Any = document
    for step, following in pairwise(steps):
        empty: Any = [] if following == "0" else {}
        if step == "0":
            if not place:
                place.append(empty)
            place = place[0]
        else:
            place = place.setdefault(step, empty)
    if last == "0":
        place[:] = [value]
    else:
        place[last] = value
    return document


def parse(document: Any) -> Configuration:
    """Read a document as the loader does; JSON is YAML."""
    return parse_configuration(document if isinstance(document, str) else json.dumps(document), WHERE)


def faults_in(document: Any) -> tuple[Fault, ...]:
    """Return the faults of a document; none if it is fine."""
    try:
        parse(document)
    except ConfigurationError as error:
        return error.faults
    return ()


def problem_at(path: str, document: Any) -> str:
    """Return the one problem of a document, which must be at that path."""
    faults = faults_in(document)
    assert [fault.path for fault in faults] == [path], faults
    return faults[0].problem
