"""The requests that kube-apiserver sends for an UPDATE of a typical NetworkPolicy, about 3 KB old and new.

Spelled as the API server does: the objects with all that it stores, the envelope with the options
of `kubectl edit`, the header of its Go client.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.objects import Object, typical

_POLICIES = {"group": "networking.k8s.io", "version": "v1"}
_ALICE = {
    "username": "alice@example.com",
    "uid": "7c1f0b52-5e0e-4d7e-9c1a-3a0f8c6c5b1e",
    "groups": ["payments-developers", "oncall-readers", "system:authenticated"],
    "extra": {
        "authentication.kubernetes.io/credential-id": [
            "X509SHA256=8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
        ]
    },
}


@dataclass(frozen=True, slots=True)
class Case:
    """What somebody does to an object: old and new from the object in Git, and how it is decided."""

    name: str
    reason: str
    old_and_new: Callable[[Object], tuple[Object, Object]]

    @property
    def expected(self) -> bytes:
        """Return what must stand in every answer to this case."""
        return orjson.dumps({"reason": self.reason})[1:-1]

    def request(self, number: int) -> bytes:
        """Write the HTTP request that reviews the typical object of a number."""
        old, new = self.old_and_new(typical(number))
        body = orjson.dumps(_review(number, stored(old, "1001"), stored(new, "1002")))
        return _HEADER % len(body) + body


_HEADER = (
    b"POST /validate?timeout=10s HTTP/1.1\r\n"
    b"Host: baseward.baseward-system.svc:443\r\n"
    b"User-Agent: kube-apiserver-admission\r\n"
    b"Content-Length: %d\r\n"
    b"Accept: application/json, */*\r\n"
    b"Content-Type: application/json\r\n"
    b"Accept-Encoding: gzip\r\n"
    b"\r\n"
)


def _review(number: int, old: Object, new: Object) -> dict[str, Any]:
    kind, resource = {**_POLICIES, "kind": "NetworkPolicy"}, {**_POLICIES, "resource": "networkpolicies"}
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": f"0d1c2f3a-4b5c-4d6e-8f70-{number:012}",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": new["metadata"]["name"],
            "namespace": new["metadata"]["namespace"],
            "operation": "UPDATE",
            "userInfo": _ALICE,
            "object": new,
            "oldObject": old,
            "dryRun": False,
            "options": {
                "kind": "UpdateOptions",
                "apiVersion": "meta.k8s.io/v1",
                "fieldManager": "kubectl-edit",
                "fieldValidation": "Strict",
            },
        },
    }


def stored(obj: Object, version: str) -> Object:
    """Return an object with what the API server writes into it; ``version`` is its resourceVersion."""
    metadata = obj["metadata"]
    owned = {
        "f:metadata": {
            place: {f"f:{key}": {} for key in metadata[place]} for place in ("labels", "annotations")
        },
        "f:spec": {f"f:{field}": {} for field in obj["spec"]},
    }
    written = {
        "uid": "2f9a1c1e-0d2b-4a86-8a6b-0a8d9b7c5d11",
        "resourceVersion": version,
        "generation": 3,
        "creationTimestamp": "2030-01-01T00:00:00Z",
        "managedFields": [
            _managed("kustomize-controller", "Apply", owned),
            _managed("kubectl-edit", "Update", {"f:spec": {"f:ingress": {}}}),
        ],
    }
    return {**obj, "metadata": {**metadata, **written}}


def _managed(manager: str, operation: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "networking.k8s.io/v1",
        "time": "2030-01-02T03:04:05Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def _drifted(declared: Object) -> Object:
    """Open a policy to everybody, and one port more: two changes of one rule, as an edit in a hurry is."""
    obj = copy.deepcopy(declared)
    rule = obj["spec"]["ingress"][0]
    rule["from"].append({"ipBlock": {"cidr": "0.0.0.0/0"}})
    rule["ports"].append({"protocol": "TCP", "port": 9091})
    return obj


NOTHING = Case("nothing governed changed", "unchanged", lambda declared: (declared, declared))
RESTORES = Case("equal to Git", "restores-git", lambda declared: (_drifted(declared), declared))
DENIED = Case("denied, with its diff", "drift", lambda declared: (declared, _drifted(declared)))
