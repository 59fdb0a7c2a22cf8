"""Changes of meaning to real manifests: what is added, removed or exchanged in what the server stored."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.builders import (
    Object,
    annotated,
    labelled,
    owner,
    person,
    put,
    rule,
)
from webhook.core.normalize.left_out import BOOKKEEPING

# A change returns the changed object, or None where a manifest has nothing that it could change.
Change = Callable[[Object], Object | None]


def _lists(live: Object, *names: str) -> list[tuple[str, list[Any]]]:
    """Return pointer and value of each non-empty list with one of the names."""
    found: list[tuple[str, list[Any]]] = []

    def search(value: Any, at: str) -> None:
        items: Any = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for token, item in items:
            pointer = f"{at}/{str(token).replace('~', '~0').replace('/', '~1')}"
            if token in names and isinstance(item, list) and item:
                found.append((pointer, item))
            search(item, pointer)

    search({name: value for name, value in live.items() if name != "metadata"}, "")
    return found


def _appended(element: Any, *names: str) -> Change:
    """Make a change that appends to the first list with one of the names, if it isn't in there yet."""

    def change(live: Object) -> Object | None:
        lists = _lists(live, *names)
        return put(live, f"{lists[0][0]}/-", element) if lists and element not in lists[0][1] else None

    return change


def _removed(*names: str) -> Change:
    """Make a change that removes the last element of the first such list, unless it stands there twice."""

    def change(live: Object) -> Object | None:
        for pointer, items in _lists(live, *names):
            if items[-1] not in items[:-1]:
                return put(live, pointer, items[:-1])
        return None

    return change


def _emptied(*names: str) -> Change:
    """Make a change that empties the first list of such a name: everything is meant, or nothing."""

    def change(live: Object) -> Object | None:
        lists = _lists(live, *names)
        return put(live, lists[0][0], []) if lists else None

    return change


def _leaf(name: str, by: Callable[[Any], Any]) -> Change:
    """Make a change of the first scalar of a name outside the metadata."""

    def change(live: Object) -> Object | None:
        changed = copy.deepcopy(
            {key: value for key, value in live.items() if key not in ("metadata", "kind")}
        )
        return {**live, **changed} if replace_first(changed) else None

    def replace_first(value: Any) -> bool:
        if isinstance(value, dict) and isinstance(value.get(name), str | int):
            value[name] = by(value[name])
            return True
        items: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return any(replace_first(item) for item in items)

    return change


def _of_kinds(kinds: str, change: Change) -> Change:
    return lambda live: change(live) if live["kind"] in kinds.split() else None


def _other_policy_type(live: Object) -> Object:
    return put(
        live, "/spec/policyTypes", ["Ingress"] if live["spec"]["policyTypes"] == ["Egress"] else ["Egress"]
    )


def _of_labels(change: Callable[[dict[str, str], str], dict[str, str]]) -> Change:
    """Make a change of the labels, given the first one that is no bookkeeping."""

    def of_object(live: Object) -> Object | None:
        labels = live["metadata"].get("labels") or {}
        counted = next((key for key in labels if key not in BOOKKEEPING), None)
        return None if counted is None else put(live, "/metadata/labels", change(labels, counted))

    return of_object


def _removed_annotation(live: Object) -> Object | None:
    annotations = live["metadata"].get("annotations") or {}
    counted = [key for key in annotations if "last-applied" not in key]
    return (
        put(live, "/metadata/annotations", {k: v for k, v in annotations.items() if k != counted[0]})
        if counted
        else None
    )


ROLES, BINDINGS = "Role ClusterRole", "RoleBinding ClusterRoleBinding"
POLICY = "NetworkPolicy"
ALB_SPECIFIC = "ImplementationSpecific"

# What is changed, how, and in how many lines of the corpus at least.
CHANGES: dict[str, tuple[Change, int]] = {
    "a label added": (lambda live: labelled(live, {"added": "1"}), 1_510),
    "a label changed": (_of_labels(lambda labels, key: {**labels, key: "changed"}), 400),
    "a label removed": (
        _of_labels(lambda labels, gone: {key: labels[key] for key in labels if key != gone}),
        400,
    ),
    "an annotation added": (lambda live: annotated(live, {"added": "1"}), 1_510),
    "an annotation removed": (_removed_annotation, 200),
    "reconciliation switched off": (
        lambda live: annotated(live, {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
        1_510,
    ),
    "a tool's bookkeeping taken over": (
        lambda live: labelled(live, {"argocd.argoproj.io/instance": "mine"}),
        1_510,
    ),
    "power aggregated to admin": (
        _of_kinds(
            "ClusterRole", lambda live: labelled(live, {"rbac.authorization.k8s.io/aggregate-to-admin": "x"})
        ),
        348,
    ),
    "an owner added": (lambda live: put(live, "/metadata/ownerReferences", [owner("gone")]), 1_510),
    "a finalizer added": (lambda live: put(live, "/metadata/finalizers", ["example.com/hold"]), 1_510),
    "an unknown field added": (lambda live: put(live, "/unknown", {"a": None}), 1_510),
    "a rule for everything added": (_of_kinds(POLICY, _appended({}, "ingress", "egress")), 200),
    "rules emptied": (_of_kinds(POLICY, _emptied("ingress", "egress")), 200),
    "a rule of a policy removed": (_of_kinds(POLICY, _removed("ingress", "egress")), 200),
    "a peer added": (
        _of_kinds(POLICY, _appended({"ipBlock": {"cidr": "203.0.113.0/24"}}, "from", "to")),
        200,
    ),
    "all peers meant": (_of_kinds(POLICY, _emptied("from", "to")), 200),
    "a port added": (_of_kinds(POLICY, _appended({"protocol": "TCP", "port": 31_337}, "ports")), 99),
    "all ports meant": (_of_kinds(POLICY, _emptied("ports")), 99),
    "a port changed": (_of_kinds(POLICY, _leaf("port", lambda port: f"not-{port}")), 98),
    "another protocol": (_of_kinds(POLICY, _leaf("protocol", lambda _: "SCTP")), 99),
    "another CIDR": (_of_kinds(POLICY, _leaf("cidr", lambda _: "203.0.113.0/24")), 50),
    "an exception removed": (_of_kinds(POLICY, _removed("except")), 20),
    "other pods selected": (
        _of_kinds(POLICY, lambda live: put(live, "/spec/podSelector/matchLabels", {"other": "pods"})),
        328,
    ),
    "another policy type": (_of_kinds(POLICY, _other_policy_type), 328),
    "a host added": (_of_kinds("Ingress", _appended({"host": "evil.example.com"}, "rules")), 200),
    "another host": (_of_kinds("Ingress", _leaf("host", lambda host: f"x{host}")), 150),
    "another backend": (
        _of_kinds(
            "Ingress",
            lambda live: put(
                live, "/spec/defaultBackend", {"service": {"name": "evil", "port": {"number": 1}}}
            ),
        ),
        230,
    ),
    "another service": (_of_kinds("Ingress", _leaf("name", lambda name: f"x{name}")), 200),
    "another path": (_of_kinds("Ingress", _leaf("path", lambda path: f"{path}x")), 200),
    "another path type": (
        _of_kinds("Ingress", _leaf("pathType", lambda kind: "Exact" if kind != "Exact" else ALB_SPECIFIC)),
        200,
    ),
    "a rule of an Ingress removed": (_of_kinds("Ingress", _removed("rules")), 200),
    "another certificate": (_of_kinds("Ingress", _leaf("secretName", lambda _: "other")), 33),
    "a snippet added": (
        _of_kinds(
            "Ingress",
            lambda live: annotated(live, {"nginx.ingress.kubernetes.io/server-snippet": "return 200;"}),
        ),
        230,
    ),
    "another class": (_of_kinds("Ingress", lambda live: put(live, "/spec/ingressClassName", "evil")), 230),
    "a verb added": (_of_kinds(ROLES, _appended("impersonate", "verbs")), 400),
    "a verb removed": (_of_kinds(ROLES, _removed("verbs")), 400),
    "a resource added": (_of_kinds(ROLES, _appended("secrets/status", "resources")), 400),
    "an API group added": (_of_kinds(ROLES, _appended("evil.example.com", "apiGroups")), 400),
    "all names meant": (_of_kinds(ROLES, _emptied("resourceNames")), 30),
    "a rule of a role added": (_of_kinds(ROLES, _appended(rule("escalate", "roles"), "rules")), 400),
    "a rule of a role removed": (_of_kinds(ROLES, _removed("rules")), 400),
    "a subject added": (_of_kinds(BINDINGS, _appended(person("mallory"), "subjects")), 400),
    "a subject removed": (_of_kinds(BINDINGS, _removed("subjects")), 400),
    "another role": (_of_kinds(BINDINGS, lambda live: put(live, "/roleRef/name", "cluster-admins")), 461),
    "another kind of role": (
        _of_kinds(
            BINDINGS,
            lambda live: put(
                live, "/roleRef/kind", "Role" if live["roleRef"]["kind"] == "ClusterRole" else "ClusterRole"
            ),
        ),
        461,
    ),
}
