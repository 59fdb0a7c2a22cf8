"""Lists of addresses as sets: equal ones in another writing are equal, and one may be within another."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

from webhook.core.impact.budget import Budget

Network: TypeAlias = IPv4Network | IPv6Network
Span: TypeAlias = tuple[int, int]

# Other notations mean this to one controller and that to another: ``10.0.0.0/0.0.0.255``, ``fe80::1%eth0``.
_WRITTEN = re.compile(r"[0-9A-Fa-f.:]{2,45}(/(0|[1-9][0-9]{0,2}))?\Z")
_READING = 8  # steps to read one network


@dataclass(frozen=True, slots=True)
class Addresses:
    """The networks of a list, and what they are together: disjoint spans in order, by IP version."""

    networks: tuple[Network, ...]
    spans: dict[int, list[Span]]

    def beyond(self, other: Addresses) -> list[str]:
        """Return the networks that the other does not hold as a whole."""
        return [str(network) for network in self.networks if not other._holds(network)]

    def within(self, other: Addresses) -> list[str]:
        """Return the networks that the other holds as a whole."""
        return [str(network) for network in self.networks if other._holds(network)]

    def _holds(self, network: Network) -> bool:
        spans = self.spans.get(network.version, [])
        first, last = _span(network)
        at = bisect_right(spans, first, key=lambda span: span[0]) - 1
        return at >= 0 and spans[at][1] >= last


def addresses_of(texts: Sequence[str], budget: Budget) -> Addresses | None:
    """Read ADDRESS and ADDRESS/BITS, host bits ignored; None where one is neither. Raises TooLargeError."""
    budget.spend(_READING * len(texts))
    if not all(_WRITTEN.match(text) for text in texts):
        return None
    try:
        return _addresses(tuple(ip_network(text, strict=False) for text in texts))
    except ValueError:
        return None


def _addresses(networks: tuple[Network, ...]) -> Addresses:
    return Addresses(networks, {version: _merged(networks, version) for version in (4, 6)})


def _merged(networks: Iterable[Network], version: int) -> list[Span]:
    merged: list[Span] = []
    for first, last in sorted(_span(network) for network in networks if network.version == version):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _span(network: Network) -> Span:
    return int(network.network_address), int(network.broadcast_address)


ALL = _addresses((IPv4Network("0.0.0.0/0"), IPv6Network("::/0")))
NO_ADDRESSES = _addresses(())
