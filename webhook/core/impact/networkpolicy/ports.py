"""The ports of a rule: numbers of each protocol, and names.

A connection goes to a number, and the pod may have a name for it: which, we do not know. So a name is a
constraint of its own beside the number: ``http`` may be any number, and 80 may have any name or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.naming import listed, name_of
from webhook.core.impact.networkpolicy.intervals import Interval, IntervalSet
from webhook.core.impact.networkpolicy.labels import ANY, ValueSet, few_of, one_of
from webhook.core.impact.networkpolicy.reading import list_of, map_of

PROTOCOLS = ("TCP", "UDP", "SCTP")
_LARGEST = 65535
_FIELDS = frozenset({"protocol", "port", "endPort"})
# IsValidPortName of k8s.io/apimachinery, without its rules on hyphens.
_NAME = re.compile(r"(?=.*[a-z])[a-z0-9-]{1,15}\Z")


def on_line(protocol: str, port: int) -> int:
    """Return where a port stands on the one line of all ports: those of TCP, then UDP, then SCTP.

    Behind them stands ``OTHER`` for all that has no ports, such as ICMP: who may use all ports may use that
    as well, as far as the network plugin lets it through.
    """
    return PROTOCOLS.index(protocol) * _LARGEST + port - 1


def _span(protocol: str, first: int = 1, last: int = _LARGEST) -> Interval:
    return on_line(protocol, first), on_line(protocol, last)


def _all_of(protocol: str) -> IntervalSet:
    return IntervalSet.of([_span(protocol)])


OTHER = len(PROTOCOLS) * _LARGEST
ALL_PORTS = IntervalSet.of([(0, OTHER)])


@dataclass(frozen=True, slots=True)
class Ports:
    """What the ``ports`` of a rule come to: numbers on the line of ports, and names by protocol."""

    numbers: IntervalSet
    names: frozenset[tuple[str, str]] = frozenset()

    @property
    def reach(self) -> IntervalSet:
        """Return all numbers that may be used: a name may be any number of its protocol."""
        if not self.names:
            return self.numbers
        return IntervalSet.of([*self.numbers.intervals, *(_span(protocol) for protocol, _ in self.names)])

    def parts(self) -> Iterator[tuple[IntervalSet, ValueSet]]:
        """Yield sets of numbers with the names that they must have."""
        if self.numbers:
            yield self.numbers, ANY
        for protocol in PROTOCOLS:
            if names := [name for of, name in self.names if of == protocol]:
                yield _all_of(protocol), one_of(names)


def read_ports(ports: Any, budget: Budget) -> Ports:
    """Read the ``ports`` of a rule; none are all. Raises UnreadableError for what the API would refuse."""
    entries = list_of(ports, "the ports of a rule")
    if not entries:
        return Ports(ALL_PORTS)
    budget.spend(3 * len(entries))
    read = [_read(entry) for entry in entries]
    names = frozenset((protocol, span) for protocol, span in read if isinstance(span, str))
    return Ports(IntervalSet.of(span for _, span in read if not isinstance(span, str)), names)


def _read(entry: Any) -> tuple[str, Interval | str]:
    """Return the protocol of an entry, and the stretch of the line that it names, or a port's name."""
    fields = map_of(entry, _FIELDS, "a port")
    protocol, port, end = fields.get("protocol", "TCP"), fields.get("port"), fields.get("endPort")
    if protocol not in PROTOCOLS:
        raise UnreadableError(f"a port has none of the protocols {', '.join(PROTOCOLS)}")
    if port is None and end is None:
        return protocol, _span(protocol)
    if type(port) is str and end is None and _NAME.match(port):
        return protocol, port
    last = port if end is None else end
    if type(port) is int and type(last) is int and 1 <= port <= last <= _LARGEST:
        return protocol, _span(protocol, port, last)
    raise UnreadableError("a port is none that the API takes")


# Words

_EVERYTHING = "all ports"
_BUT = f"{_EVERYTHING} but "
_MOST_BUT = 3


def number_words(numbers: IntervalSet) -> list[str]:
    """Name ports by number: ``TCP 8000-9000``, ``all TCP and UDP ports``, ``all ports but TCP 22``."""
    if numbers == ALL_PORTS:
        return [_EVERYTHING]
    words = [*_whole_words(numbers), *_stretches(numbers)]
    if OTHER not in numbers:
        return words
    missing = ALL_PORTS - numbers
    lacks = [*_whole_words(missing), *_stretches(missing)]
    if len(lacks) <= min(_MOST_BUT, len(words)):
        return [_BUT + _and(lacks)]
    return [*words, f"protocols other than {_and(PROTOCOLS)}"]


def _whole_words(numbers: IntervalSet) -> list[str]:
    whole = [protocol for protocol in PROTOCOLS if not _all_of(protocol) - numbers]
    return [f"all {_and(whole)} ports"] if whole else []


def _stretches(numbers: IntervalSet) -> list[str]:
    """Name ports of the protocols that are there in part."""
    return [
        _words(protocol, first - on_line(protocol, 0), last - on_line(protocol, 0))
        for protocol in PROTOCOLS
        if _all_of(protocol) - numbers
        for first, last in (numbers & _all_of(protocol)).intervals
    ]


def _words(protocol: str, first: int, last: int) -> str:
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


def _and(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def port_words(numbers: IntervalSet, names: ValueSet) -> list[str]:
    """Name ports by number or, where only some names are meant, by those: ``TCP http (by name)``.

    Of whole protocols it is said which names are not meant; one port is that port, whatever its name.
    """
    if names.cofinite:
        words = number_words(numbers)
        is_whole = words == _whole_words(numbers) and bool(names.values)
        return [f"{words[0]} but {few_of(names.values)} (by name)"] if is_whole else words
    return [
        f"{protocol} {name_of(name)} (by name)"
        for protocol in PROTOCOLS
        if not numbers.isdisjoint(_all_of(protocol))
        for name in sorted(names.values)
    ]


def listed_ports(words: Sequence[str]) -> str:
    """Join the words for ports, each thing once; ``all ports but ...`` is last, as it would take in more."""
    if _EVERYTHING in words:
        return _EVERYTHING
    return listed(sorted(dict.fromkeys(words), key=lambda text: text.startswith(_BUT)))
