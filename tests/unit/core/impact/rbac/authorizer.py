"""The authorizer of Kubernetes once more, as its source reads, to hold the analysis to.

``RuleAllows`` of plugin/pkg/auth/authorizer/rbac, evaluation_helpers.go of pkg/apis/rbac/v1,
``VisitRulesFor`` and ``appliesToUser`` of pkg/registry/rbac/validation/rule.go, over objects as the API has
them. And what the aggregation controller would have written, once it has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """A request for a resource; no name, no subresource and no namespace are empty."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    name: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Url:
    """A request for a path that is no resource."""

    verb: str
    path: str
    namespace: str = ""


Request = Resource | Url


def rule_allows(rule: Object, request: Request) -> bool:
    verbs = rule.get("verbs", [])
    if "*" not in verbs and request.verb not in verbs:
        return False
    if isinstance(request, Url):
        return any(_url_matches(url, request.path) for url in rule.get("nonResourceURLs", []))
    groups, names = rule.get("apiGroups", []), rule.get("resourceNames", [])
    return (
        ("*" in groups or request.group in groups)
        and any(_resource_matches(resource, request) for resource in rule.get("resources", []))
        and (not names or request.name in names)
    )


def _resource_matches(resource: str, request: Resource) -> bool:
    combined = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    if resource in ("*", combined):
        return True
    return bool(request.subresource) and resource == f"*/{request.subresource}"


def _url_matches(url: str, path: str) -> bool:
    return url in ("*", path) or (url.endswith("*") and path.startswith(url.rstrip("*")))


def rules_allow(rules: Iterable[Object], request: Request) -> bool:
    return any(rule_allows(rule, request) for rule in rules)


@dataclass(frozen=True)
class User:
    """Who asks."""

    name: str
    groups: tuple[str, ...] = ()


def authorize(objects: Sequence[Object], user: User, request: Request) -> bool:
    """Tell whether roles and bindings allow a request."""
    rules: list[Object] = []
    for binding in objects:
        if binding["kind"] == "ClusterRoleBinding":
            namespace = ""
        elif binding["kind"] == "RoleBinding" and binding["metadata"]["namespace"] == request.namespace:
            namespace = request.namespace
        else:
            continue
        if any(_applies(subject, user, namespace) for subject in binding.get("subjects", [])):
            rules += _referenced(objects, binding["roleRef"], namespace)
    return rules_allow(rules, request)


def _applies(subject: Object, user: User, namespace: str) -> bool:
    if subject["kind"] == "User":
        return bool(subject["name"] == user.name)
    if subject["kind"] == "Group":
        return subject["name"] in user.groups
    home = subject.get("namespace") or namespace
    return bool(home) and user.name == f"system:serviceaccount:{home}:{subject['name']}"


def _referenced(objects: Sequence[Object], role_ref: Object, namespace: str) -> list[Object]:
    for role in objects:
        found = (role["kind"], role["metadata"]["name"]) == (role_ref["kind"], role_ref["name"])
        if found and (role["kind"] == "ClusterRole" or role["metadata"]["namespace"] == namespace):
            return list(role.get("rules", []))
    return []


def aggregated(objects: Sequence[Object]) -> list[Object]:
    """Return objects as they are when the aggregation controller has nothing left to do.

    Those that it writes must start without rules: roles that gather each other would keep them for ever.
    """
    while True:
        after = [_gathered(role, objects) if role.get("aggregationRule") else role for role in objects]
        if after == objects:
            return after
        objects = after


def _gathered(role: Object, objects: Sequence[Object]) -> Object:
    rules: list[Object] = []
    for selector in role["aggregationRule"]["clusterRoleSelectors"]:
        for other in objects:
            name = other["metadata"]["name"]
            if other["kind"] != "ClusterRole" or name == role["metadata"]["name"]:
                continue
            if _selects(selector, other["metadata"].get("labels", {})):
                rules += [rule for rule in other.get("rules", []) if rule not in rules]
    return {**role, "rules": sorted(rules, key=str)}


def _selects(selector: Object, labels: Object) -> bool:
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        _meets(expression, labels) for expression in selector.get("matchExpressions", [])
    )


def _meets(expression: Object, labels: Object) -> bool:
    key, values = expression["key"], expression.get("values", [])
    return {
        "In": key in labels and labels[key] in values,
        "NotIn": key not in labels or labels[key] not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]
