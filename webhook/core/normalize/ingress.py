"""The canonical form of an Ingress.

The API server defaults nothing in an Ingress but its class (``plugin/pkg/admission/network/
defaultingressclass``), which depends on the request and is dealt with in ``comparison``.
The order of rules and paths is free where nothing can depend on it: their keys are unique,
and no path is ImplementationSpecific (an ALB evaluates those in order).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webhook.core.normalize.schema import (
    OMITTED_WHEN_EMPTY,
    SCALAR,
    STRINGS,
    ListOf,
    Node,
    SetOf,
    Struct,
)


def host_label(rule: Any) -> str | None:
    """Name a rule by its host."""
    return f"host={rule.get('host', '')}" if isinstance(rule, dict) else None


def path_label(path: Any) -> str | None:
    """Name a path by itself and its type."""
    return f"{path.get('path', '')} {path.get('pathType', '')}" if isinstance(path, dict) else None


def _paths(rule: Any) -> list[Any]:
    http = rule.get("http") if isinstance(rule, dict) else None
    paths = http.get("paths") if isinstance(http, dict) else None
    return paths if isinstance(paths, list) else []


def is_unordered(ingress: Mapping[str, Any]) -> bool:
    """Tell whether the order of an Ingress's rules and paths means nothing."""
    spec = ingress.get("spec")
    rules = spec.get("rules") if isinstance(spec, dict) else None
    return isinstance(rules, list) and _may_be_sorted(rules)


def _may_be_sorted(rules: list[Any]) -> bool:
    paths_of_rules = [_paths(rule) for rule in rules]
    for labels in (
        [host_label(rule) for rule in rules],
        *([path_label(path) for path in paths] for paths in paths_of_rules),
    ):
        if None in labels or len(set(labels)) < len(labels):
            return False
    return all(path.get("pathType") != "ImplementationSpecific" for paths in paths_of_rules for path in paths)


def _sort_rules(spec: dict[str, Any], as_written: bool) -> None:
    rules = spec.get("rules")
    if as_written or not isinstance(rules, list) or not _may_be_sorted(rules):
        return
    for rule in rules:
        _paths(rule).sort(key=lambda path: path_label(path) or "")
    rules.sort(key=lambda rule: host_label(rule) or "")


_BACKEND = Struct(
    {
        "service": Struct(
            {
                "name": SCALAR,
                "port": Struct({"name": OMITTED_WHEN_EMPTY, "number": OMITTED_WHEN_EMPTY}),
            }
        ),
        "resource": Struct({"apiGroup": SCALAR, "kind": SCALAR, "name": SCALAR}),
    }
)
_PATH = Struct({"path": OMITTED_WHEN_EMPTY, "pathType": SCALAR, "backend": _BACKEND})

SPEC = Struct(
    {
        "ingressClassName": SCALAR,
        "defaultBackend": _BACKEND,
        "tls": SetOf(Struct({"hosts": STRINGS, "secretName": OMITTED_WHEN_EMPTY})),
        "rules": ListOf(
            Struct(
                {
                    "host": OMITTED_WHEN_EMPTY,
                    "http": Struct({"paths": ListOf(_PATH, label=path_label)}),
                }
            ),
            label=host_label,
        ),
    },
    finish=_sort_rules,
)
FIELDS: dict[str, Node] = {"spec": SPEC}
