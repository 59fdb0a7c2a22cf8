"""Gains in words: one finding for all who gain the same in the same scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import Finding
from webhook.core.impact.naming import listed, name_of
from webhook.core.impact.rbac.dangers import AGGREGATION, CLUSTER_ADMIN, NOT_KNOWN, Danger, dangers_in
from webhook.core.impact.rbac.gains import EVERYWHERE, Bound, Gain, Gathering, Holder
from webhook.core.impact.rbac.known import words_of
from webhook.core.impact.rbac.phrases import Grant, UrlGrant, phrases_of
from webhook.core.impact.rbac.principals import Principal
from webhook.core.kinds import CLUSTER_ROLE
from webhook.core.objects import ObjectKey

_MOST_GRANTS = 3
_HARMLESS = 100
_STEPS_A_GAIN = 2


@dataclass(frozen=True, slots=True)
class _What:
    """What is gained, and what of it is dangerous."""

    text: str
    dangers: frozenset[Danger]


def findings_of(gains: Iterable[Gain], budget: Budget) -> tuple[Finding, ...]:
    """Return gains as findings, the most dangerous first. Raises TooLargeError."""
    together: dict[tuple[int, ObjectKey, bool], dict[tuple[str | None, bool], list[Gain]]] = {}
    for gain in gains:
        budget.spend(_STEPS_A_GAIN)
        same_grants = together.setdefault((id(gain.grants), gain.role, gain.whole), {})
        same_grants.setdefault((gain.scope, isinstance(gain.holder, Gathering)), []).append(gain)
    findings = []
    for same_grants in together.values():
        what = _what(next(iter(same_grants.values()))[0], budget)
        findings += [_finding(same, what) for same in same_grants.values()]
    return tuple(sorted(findings, key=lambda finding: (finding.rank, finding.text)))


def _finding(gains: Sequence[Gain], what: _What) -> Finding:
    holders = [gain.holder for gain in gains]
    dangers = sorted(what.dangers.union(*map(_dangers_of, holders)))
    return Finding(
        f"{_who(holders)} -> {what.text}{_where(gains[0].scope)}",
        listed([danger.name for danger in dangers]),
        dangers[0].rank if dangers else _HARMLESS,
    )


def _what(gain: Gain, budget: Budget) -> _What:
    if gain.grants is None:
        return _What(f"whatever {words_of(gain.role)} allows", frozenset({NOT_KNOWN}))
    found = dangers_in(gain.grants, budget)
    ranks = {place: danger.rank for danger in sorted(found, reverse=True) for place in found[danger]}
    dangers = {CLUSTER_ADMIN} if _is_cluster_admin(gain) else set(found)
    return _What(_text(gain, phrases_of(gain.grants, ranks, budget)), frozenset(dangers))


def _is_cluster_admin(gain: Gain) -> bool:
    return gain.whole and gain.role.kind == CLUSTER_ROLE.name and gain.role.name == CLUSTER_ADMIN.name


def _text(gain: Gain, phrases: Sequence[Grant | UrlGrant]) -> str:
    if len(phrases) <= _MOST_GRANTS and not _is_cluster_admin(gain):
        return "; ".join(map(str, phrases))
    if gain.whole:
        return f"all of {words_of(gain.role)}"
    told = "; ".join(map(str, phrases[: _MOST_GRANTS - 1]))
    return f"{told} and {len(phrases) - _MOST_GRANTS + 1} more grants"


def _dangers_of(holder: Holder) -> tuple[Danger, ...]:
    if isinstance(holder, Principal):
        return (holder.danger,) if holder.danger is not None else ()
    return (AGGREGATION,) if isinstance(holder, Gathering) else ()


def _who(holders: Iterable[Holder]) -> str:
    """Name holders; those that are dangerous come first, as a list is cut."""
    principals, roles, labels = [], [], []
    for holder in holders:
        if isinstance(holder, Principal):
            principals.append((not _dangers_of(holder), str(holder)))
        elif isinstance(holder, Bound):
            roles.append(words_of(holder.role))
        else:
            labels.append(f"{name_of(holder.key)}={name_of(holder.value)}")
    parts = {
        "": [name for _, name in sorted(principals)],
        "whoever is bound to ": sorted(roles),
        "any role that gathers ": sorted(labels),
    }
    return ", ".join(f"{words}{listed(names)}" for words, names in parts.items() if names)


def _where(scope: str | None) -> str:
    if scope is None:
        return ""
    return " in the whole cluster" if scope == EVERYWHERE else f" in {name_of(scope)}"
