"""What a change of RBAC may not grant under break-glass.

An override that could hand out ``break-glass``, ``impersonate``, ``escalate``, ``bind``, wildcards
or writes to webhook configurations would outlive its own end. What cannot be resolved from the
snapshot is refused.
"""

from __future__ import annotations

from typing import Any

from webhook.core.canonical import canonical_json
from webhook.core.kinds import BINDINGS, CLUSTER_ROLE, RBAC, ROLE, ROLES, Kind
from webhook.core.normalize import normalize
from webhook.core.normalize.left_out import is_aggregated
from webhook.core.objects import Baseline, ObjectKey
from webhook.core.printing import safe

AGGREGATE_LABEL = "rbac.authorization.k8s.io/aggregate-to-"
_POWERS = frozenset({"break-glass", "escalate", "bind"})
_IMPERSONATION = (
    "impersonate"  # also "impersonate:user-info" and the like, which are impersonation constrained
)
_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_AGGREGATION = "aggregationRule"
_AGGREGATES = "it changes the aggregationRule, and what that gathers is not known"
_ADMISSION_GROUP = "admissionregistration.k8s.io"


def escalation(
    kind: Kind, old: dict[str, Any] | None, new: dict[str, Any], namespace: str, baseline: Baseline | None
) -> str | None:
    """Say what a CREATE or UPDATE grants that break-glass may not, or None."""
    # Without an aggregationRule, as that would leave the rules out.
    before, after = (normalize({**(obj or {}), _AGGREGATION: None}, kind) for obj in (old, new))
    if kind in ROLES:
        aggregates = (old or {}).get(_AGGREGATION) != new.get(_AGGREGATION)
        return _AGGREGATES if aggregates else _of_role(before, after)
    if kind in BINDINGS:
        return _of_binding(before, after, namespace, baseline)
    return None


def _of_role(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    labels, labels_before = _labels(after), _labels(before)
    for name, value in labels.items():
        if name.startswith(AGGREGATE_LABEL) and labels_before.get(name) != value:
            return f"it sets the label {safe(name)}"
    # Another label may bring the whole role under another role's aggregationRule.
    known = _list(before, "rules") if labels == labels_before else []
    return _of_rules(_new_in(after.get("rules", []), known))


def _of_binding(
    before: dict[str, Any], after: dict[str, Any], namespace: str, baseline: Baseline | None
) -> str | None:
    role_ref = after.get("roleRef")
    added = _new_in(after.get("subjects", []), _list(before, "subjects"))
    if role_ref == before.get("roleRef") and added == []:
        return None
    if not isinstance(role_ref, dict):
        return "its roleRef cannot be read"
    name = str(role_ref.get("name"))
    of_cluster = role_ref.get("kind") == CLUSTER_ROLE.name
    key = ObjectKey(
        RBAC, CLUSTER_ROLE.name if of_cluster else ROLE.name, "" if of_cluster else namespace, name
    )
    role = baseline.declared(key) if baseline is not None else None
    if role is None:
        return f"it binds {safe(str(key))}, which Git does not declare"
    content = role.content
    if is_aggregated(content):
        return f"it binds {safe(str(key))}, whose rules are aggregated and not known"
    fault = _of_rules(content.get("rules") or [])
    return f"it binds {safe(str(key))}, and {fault}" if fault else None


def _list(form: dict[str, Any], name: str) -> list[Any]:
    value = form.get(name)
    return value if isinstance(value, list) else []


def _new_in(items: Any, known: list[Any]) -> Any:
    """Return the elements that are not known; what is no list as it is."""
    if not isinstance(items, list):
        return items
    texts = {canonical_json(item) for item in known}
    return [item for item in items if canonical_json(item) not in texts]


def _labels(form: dict[str, Any]) -> dict[str, Any]:
    labels: dict[str, Any] = form.get("metadata", {}).get("labels", {})
    return labels


def _of_rules(rules: Any) -> str | None:
    if not isinstance(rules, list):
        return "its rules cannot be read"
    return next((fault for rule in rules if (fault := _of_rule(rule))), None)


def _of_rule(rule: Any) -> str | None:
    if not isinstance(rule, dict):
        return "its rules cannot be read"
    verbs, groups, resources, urls = (
        _strings(rule, name) for name in ("verbs", "apiGroups", "resources", "nonResourceURLs")
    )
    for name, values in (("verbs", verbs), ("apiGroups", groups), ("resources", resources)):
        if any("*" in value for value in values):
            return f"it grants a wildcard in {name}"
    if any("*" in url for url in urls):
        return "it grants a wildcard in nonResourceURLs"
    powers = {verb for verb in verbs if verb in _POWERS or verb.startswith(_IMPERSONATION)}
    if powers:
        return f"it grants the verb {safe(min(powers))}"
    if _ADMISSION_GROUP in groups and verbs & _WRITES:
        return "it grants writes to webhook configurations"
    return None


def _strings(rule: dict[str, Any], name: str) -> set[str]:
    values = rule.get(name)
    return {str(value) for value in values} if isinstance(values, list) else set()
