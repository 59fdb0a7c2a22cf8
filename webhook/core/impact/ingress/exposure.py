"""What an Ingress says, by host: read as far as it is always needed, the paths only where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress.backends import Backend, backend_of
from webhook.core.impact.ingress.reading import fields_of, items_of, text_of
from webhook.core.impact.surroundings import Form

ANY_HOST = ""
"""Stands for the host of a rule that names none."""
CLASS_ANNOTATION = "kubernetes.io/ingress.class"

_LONGEST_HOST = 253  # characters of a DNS name
_READING = 3  # steps to read one rule

_TOP = frozenset({"metadata", "spec"})
_SPEC = frozenset({"ingressClassName", "defaultBackend", "tls", "rules"})
_RULE = frozenset({"host", "http"})
_HTTP = frozenset({"paths"})


@dataclass(frozen=True, slots=True)
class Exposure:
    """One side of a change.

    ``order`` has each path behind its host as the document has them, unread; ``paths`` has those of each
    host. ``classes`` is the class as the spec names it and as the old annotation does, None where it is not
    there: an empty one may as well be one that a controller goes by.
    """

    order: list[tuple[str, Any]]
    paths: Mapping[str, list[Any]]
    default: Backend | None
    tls: list[Any]
    classes: tuple[str, str | None]
    annotations: Mapping[str, str]


NOTHING = Exposure([], {}, None, [], ("", None), {})


def exposure_of(form: Form | None, budget: Budget) -> Exposure:
    """Read the normal form of an Ingress, None where there is none. Raises UnreadableError, TooLargeError."""
    if form is None:
        return NOTHING
    top = fields_of(form, _TOP, "the object")
    spec = fields_of(top.get("spec"), _SPEC, "spec")
    annotations = _annotations_of(top.get("metadata"))
    default = spec.get("defaultBackend")
    rules = _rules_of(items_of(spec.get("rules"), "spec.rules"), budget)
    return Exposure(
        order=[(host, path) for host, paths in rules for path in paths],
        paths=_by_host(rules),
        default=None if default is None else backend_of(default),
        tls=items_of(spec.get("tls"), "spec.tls"),
        classes=(
            text_of(spec.get("ingressClassName"), "spec.ingressClassName"),
            annotations.get(CLASS_ANNOTATION),
        ),
        annotations=annotations,
    )


def host_of(value: Any) -> str:
    """Read a host: a name, or ``*.`` and a name. Raises UnreadableError."""
    host = text_of(value, "a host")
    if "*" in host.removeprefix("*.") or host != host.lower() or len(host) > _LONGEST_HOST:
        raise UnreadableError("a host is none that the API takes")
    return host


def is_wildcard(host: str) -> bool:
    """Tell whether a host is ``*.`` and a name: any one label before that name."""
    return host.startswith("*.")


def wildcard_over(host: str) -> str | None:
    """Return the wildcard host that takes a host as well, None where there cannot be one."""
    _, dot, parent = host.partition(".")
    return f"*.{parent}" if dot and not is_wildcard(host) else None


def _rules_of(values: list[Any], budget: Budget) -> list[tuple[str, list[Any]]]:
    budget.spend(_READING * len(values))
    rules = []
    for value in values:
        rule = fields_of(value, _RULE, "a rule")
        http = fields_of(rule.get("http"), _HTTP, "a rule's http")
        paths = items_of(http.get("paths"), "a rule's paths")
        budget.spend(len(paths) // 4)
        rules.append((host_of(rule.get("host")), paths))
    return rules


def _by_host(rules: list[tuple[str, list[Any]]]) -> Mapping[str, list[Any]]:
    by_host: dict[str, list[Any]] = {}
    for host, paths in rules:
        by_host.setdefault(host, []).extend(paths)
    return by_host


def _annotations_of(metadata: Any) -> Mapping[str, str]:
    if metadata is not None and type(metadata) is not dict:
        raise UnreadableError("metadata cannot be read")
    annotations = (metadata or {}).get("annotations")
    if annotations is None:
        return {}
    if type(annotations) is not dict or not all(type(value) is str for value in annotations.values()):
        raise UnreadableError("metadata.annotations cannot be read")
    return annotations
