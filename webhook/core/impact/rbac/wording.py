"""Gains in words: one finding for all who gain the same in the same scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import Finding
from webhook.core.impact.naming import listed, name_of
from webhook.core.impact.rbac.dangers import AGGREGATION, CLUSTER_ADMIN, NOT_KNOWN, Danger, dangers_in
from webhook.core.impact.rbac.gains import EVERYWHERE, Bound, Gain, Gathering, Holder, Source
from webhook.core.impact.rbac.known import words_of
from webhook.core.impact.rbac.phrases import in_brief, in_full, phrases_of
from webhook.core.impact.rbac.principals import Principal
from webhook.core.kinds import CLUSTER_ROLE

_HARMLESS = 100
_STEPS_A_GAIN = 3


@dataclass(frozen=True, slots=True)
class _What:
    """What is gained, and what of it is dangerous; ``rest`` stands behind where it is."""

    text: str
    dangers: frozenset[Danger]
    rest: str = ""


def findings_of(gains: Iterable[Gain], budget: Budget) -> tuple[Finding, ...]:
    """Return gains as findings, the most dangerous first. Raises TooLargeError."""
    together: dict[tuple[int, Source, bool], dict[tuple[str | None, bool], list[Gain]]] = {}
    for gain in gains:
        budget.spend(_STEPS_A_GAIN)
        same_grants = together.setdefault((id(gain.grants), gain.source, bool(gain.scope)), {})
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
        f"{_who(holders)} -> {what.text}{_where(gains[0].scope)}{what.rest}",
        listed([danger.name for danger in dangers]),
        dangers[0].rank if dangers else _HARMLESS,
    )


def _what(gain: Gain, budget: Budget) -> _What:
    source = gain.source
    if gain.grants is None:
        return _What(f"whatever {words_of(source.role)} allows", frozenset({NOT_KNOWN}))
    if _is_cluster_admin(source):
        return _What(_all_of(source), frozenset({CLUSTER_ADMIN}))
    found = dangers_in(gain.grants, budget, in_namespace=bool(gain.scope))
    ranks = {place: danger.rank for danger in sorted(found, reverse=True) for place in found[danger]}
    phrases = phrases_of(gain.grants, ranks, budget)
    text = in_full(phrases)
    if text is None and source.whole:
        return _What(_all_of(source), frozenset(found))
    rest = f", and whatever else {words_of(source.role)} gathers" if source.partial else ""
    return _What(text or in_brief(phrases), frozenset(found), rest)


def _is_cluster_admin(source: Source) -> bool:
    return source.whole and source.role.kind == CLUSTER_ROLE.name and source.role.name == CLUSTER_ADMIN.name


def _all_of(source: Source) -> str:
    return f"all of {words_of(source.role)}"


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
            labels += [f"{name_of(key)}={name_of(value)}" for key, value in holder.labels]
    parts = {
        "": [name for _, name in sorted(principals)],
        "whoever is bound to ": sorted(roles),
        "any role that gathers ": labels,
    }
    return ", ".join(f"{words}{listed(names)}" for words, names in parts.items() if names)


def _where(scope: str | None) -> str:
    if scope is None:
        return ""
    return " in the whole cluster" if scope == EVERYWHERE else f" in {name_of(scope)}"
