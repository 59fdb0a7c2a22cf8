"""Whose certificate a host shows: a secret swapped, TLS removed or added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import NO_IMPACT, Finding, Impact
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.exposure import ANY_HOST, Exposure, host_of
from webhook.core.impact.ingress.hosts import general_hosts
from webhook.core.impact.ingress.reading import fields_of, items_of, spelled, text_of
from webhook.core.impact.naming import listed, name_of

_TLS = frozenset({"hosts", "secretName"})

Secrets: TypeAlias = tuple[str, ...]
"""Names of secrets, sorted; "" is the certificate that the controller has of its own."""


class _Case(NamedTuple):
    """The secrets of some hosts before and after; without one of them, whether requests are sent on, too."""

    before: Secrets
    after: Secrets
    was_served: bool = False
    is_served: bool = False


_Side: TypeAlias = tuple[Exposure, Mapping[str, Secrets]]
_COMPARING = 4  # steps to compare one host


def compare(before: Exposure, after: Exposure, budget: Budget) -> Impact:
    """Tell whose certificates change. Raises UnreadableError, TooLargeError."""
    if spelled(before.tls) == spelled(after.tls):
        return NO_IMPACT
    left, right = _secrets_by_host(before.tls, budget), _secrets_by_host(after.tls, budget)
    hosts = sorted({ANY_HOST, *left, *right, *before.paths, *after.paths})
    budget.spend(_COMPARING * len(hosts))
    cases = {host: case for host in hosts if (case := _case_of(host, (before, left), (after, right), budget))}
    named: dict[_Case, list[str]] = defaultdict(list)
    for host, case in cases.items():
        if not any(cases.get(general) == case for general in general_hosts(host)):
            named[case].append(name_of(host) if host != ANY_HOST else "every host")
    impacts = [_impact_of(case, listed(names)) for case, names in named.items()]
    return Impact(
        opens=tuple(finding for impact in impacts for finding in impact.opens),
        closes=tuple(finding for impact in impacts for finding in impact.closes),
    )


def _case_of(host: str, before: _Side, after: _Side, budget: Budget) -> _Case | None:
    """Return what happens to a host, None where its secrets stay. Raises TooLargeError."""
    old, new = _secrets_of(host, before[1]), _secrets_of(host, after[1])
    budget.spend((len(old) + len(new)) // 2)
    if old == new:
        return None
    if old and new:
        return _Case(old, new)
    return _Case(old, new, _is_served(host, before[0]), _is_served(host, after[0]))


def _impact_of(case: _Case, hosts: str) -> Impact:
    """Tell what one change of secrets means.

    TLS that is added closes: nobody reaches more than before, and who holds the new key reads no more than
    plain HTTP let everybody read.
    """
    with_old = Finding(f"TLS of {hosts} with {_named(case.before)}")
    if case.before and case.after:
        swapped = f"TLS of {hosts}: {_named(case.before)} -> {_named(case.after).removeprefix('secret ')}"
        return Impact((Finding(swapped, "certificate swapped", ranks.CERTIFICATE),), (with_old,))
    if case.before and case.is_served:
        return Impact((Finding(f"{hosts} without {_named(case.before)}", "TLS removed", ranks.NO_TLS),))
    if case.before and not case.was_served:
        return Impact(closes=(with_old,))
    if case.after and case.was_served:
        return Impact(closes=(Finding(f"{hosts} without TLS"),))
    if case.was_served or case.is_served:
        return NO_IMPACT  # a host that goes or comes, told with its paths
    stray = f"TLS of {hosts} with {_named(case.after)}"
    return Impact((Finding(stray, "certificate for a host that it does not serve", ranks.CERTIFICATE),))


def _named(secrets: Secrets) -> str:
    names = [
        f"secret {name_of(secret)}" if secret else "the controller's own certificate" for secret in secrets
    ]
    return listed(names)


def _is_served(host: str, side: Exposure) -> bool:
    """Tell whether requests to a host are sent on; to every host, those to any."""
    patterns = side.paths if host == ANY_HOST else (host, *general_hosts(host))
    return side.default is not None or any(side.paths.get(pattern) for pattern in patterns)


def _secrets_of(host: str, by_host: Mapping[str, Secrets]) -> Secrets:
    """Return the secrets of the most special entries for a host."""
    for pattern in (host, *general_hosts(host)):
        if pattern in by_host:
            return by_host[pattern]
    return ()


def _secrets_by_host(entries: list[Any], budget: Budget) -> Mapping[str, Secrets]:
    """Return the secrets that entries name for each host; one without hosts is for every host."""
    by_host: dict[str, set[str]] = defaultdict(set)
    for value in entries:
        entry = fields_of(value, _TLS, "an entry of spec.tls")
        hosts = items_of(entry.get("hosts"), "the hosts of spec.tls") or [ANY_HOST]
        budget.spend(1 + len(hosts))
        for host in hosts:
            by_host[host_of(host)].add(text_of(entry.get("secretName"), "a secret of spec.tls"))
    return {host: tuple(sorted(secrets)) for host, secrets in by_host.items()}
