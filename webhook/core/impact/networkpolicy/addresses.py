"""Where the other end of a connection may be, on one line of numbers: a pod, then IPv4, then IPv6.

A pod is known by its labels and not by its address (``ipBlock`` is for what is outside the cluster), so
all pods share one number, before those of the addresses.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from itertools import islice

from webhook.core.errors import UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.naming import name_of
from webhook.core.impact.networkpolicy.intervals import IntervalSet, joined

POD = -1
_IPV6_AT = 1 << 32

PODS = IntervalSet.of([(POD, POD)])
IPV4 = IntervalSet.of([(0, _IPV6_AT - 1)])
IPV6 = IntervalSet.of([(_IPV6_AT, _IPV6_AT + (1 << 128) - 1)])
EVERYWHERE = PODS | IPV4 | IPV6

_STEPS_6 = 4
"""What it takes more to read a block of IPv6 than one of IPv4."""

# A block is one number: its first address, and in the lowest bits how many bits are free behind it. Thousands
# of those cost less than as many pairs.
_SIZE_BITS = 8
_SIZE = (1 << _SIZE_BITS) - 1

# Looking up is quicker than converting, and refuses leading zeros as Go does. Each octet stands where it does
# in the number of a block.
_FIRST, _SECOND, _THIRD, _FOURTH = (
    {str(octet): octet << place + _SIZE_BITS for octet in range(256)} for place in (24, 16, 8, 0)
)
_LENGTHS_4 = {str(32 - bits): (-1 << bits + _SIZE_BITS, bits) for bits in range(33)}
_HOST_BITS_6 = {str(128 - bits): bits for bits in range(129)}
_MAPPED = 0xFFFF


def read_block(cidr: str, budget: Budget) -> int:
    """Return a block such as ``10.0.0.0/8`` as one number; what stands right of the mask does not count.

    The rules are those of Go's ``net.ParseCIDR``. Raises UnreadableError for anything else, and for
    IPv4-mapped IPv6: whether that is IPv4 is up to the network plugin. An IPv4 block must be paid before.
    """
    try:
        first, second, third, rest = cidr.split(".")
        fourth, length = rest.split("/")
        mask, bits = _LENGTHS_4[length]
        address = _FIRST[first] | _SECOND[second] | _THIRD[third] | _FOURTH[fourth]
    except (ValueError, KeyError):
        budget.spend(_STEPS_6)
        return _read_block_6(cidr)
    return address & mask | bits


def _read_block_6(cidr: str) -> int:
    try:
        text, length = cidr.split("/")
        bits = _HOST_BITS_6[length]
        address = IPv6Address(text)
    except (ValueError, KeyError):
        raise UnreadableError(f"{name_of(cidr)} is no block of addresses") from None
    first = (int(address) >> bits) << bits
    if address.scope_id is not None or first >> 32 == _MAPPED:
        raise UnreadableError(f"what {name_of(cidr)} means is up to the network plugin")
    return _IPV6_AT + first << _SIZE_BITS | bits


def addresses_of(blocks: Iterable[int]) -> IntervalSet:
    """Return the addresses of blocks, as ``read_block`` returns them."""
    codes = sorted(blocks)
    firsts = [code >> _SIZE_BITS for code in codes]
    lasts = [first + (1 << (code & _SIZE)) - 1 for first, code in zip(firsts, codes, strict=True)]
    return joined(zip(firsts, lasts, strict=True))


# Words

_FEW = 4
_MOST_BLOCKS = 2


def is_wide(addresses: IntervalSet) -> bool:
    """Tell whether this is half of the internet or more."""
    return any((addresses & family).size() * 2 >= family.size() for family in (IPV4, IPV6))


def is_plain(addresses: IntervalSet) -> bool:
    """Tell whether words can name all of it."""
    return len(addresses) <= 2 * _FEW


def address_words(addresses: IntervalSet) -> list[str]:
    """Say what addresses these are, IPv4 and IPv6 apart: blocks, ranges, or ``any address except ...``."""
    if not (IPV4 | IPV6) - addresses:
        return ["any address, IPv6 too"]
    both = (
        _family_words(addresses, IPV4, "any address"),
        _family_words(addresses, IPV6, "any IPv6 address"),
    )
    return [words for words in both if words]


def named(addresses: IntervalSet) -> str:
    """Name each stretch of addresses of one family; past a few, say how many more there are."""
    most = _FEW if len(addresses) <= _FEW else _FEW - 1
    words = ", ".join(_stretch(first, last) for first, last in islice(addresses.intervals, most))
    return words if len(addresses) <= most else f"{words} and {len(addresses) - most} more"


def _family_words(addresses: IntervalSet, family: IntervalSet, everything: str) -> str:
    there = addresses & family
    if len(there) > _FEW or not is_wide(there):
        return named(there)
    missing = named(family - there)
    return min(f"{everything} except {missing}", named(there), key=len) if missing else everything


def _stretch(first: int, last: int) -> str:
    """Write a stretch as one address, as a block or two, or else from its first address to its last."""
    if first == last:
        return str(_address(first))
    ends = _address(first), _address(last)
    blocks = [str(block) for block in islice(summarize_address_range(*ends), _MOST_BLOCKS + 1)]
    return ", ".join(blocks) if len(blocks) <= _MOST_BLOCKS else f"{ends[0]}-{ends[1]}"


def _address(number: int) -> IPv4Address | IPv6Address:
    return IPv4Address(number) if number < _IPV6_AT else IPv6Address(number - _IPV6_AT)
