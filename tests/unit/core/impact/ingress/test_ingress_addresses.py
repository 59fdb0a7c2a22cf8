"""Lists of addresses as sets, held against counting them one by one."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress.annotations.addresses import ALL, NO_ADDRESSES, Addresses, addresses_of

FIRST_V4, FIRST_V6 = int(ip_address("10.0.0.0")), int(ip_address("2001:db8::"))
networks = st.builds(
    lambda offset, bits: f"{ip_address(FIRST_V4 + offset)}/{bits}", st.integers(0, 15), st.integers(28, 32)
) | st.builds(
    lambda offset, bits: f"{ip_address(FIRST_V6 + offset)}/{bits}", st.integers(0, 15), st.integers(124, 128)
)
lists = st.lists(networks, max_size=4)


def read(texts: list[str]) -> Addresses:
    found = addresses_of(texts, Budget())
    assert found is not None
    return found


def counted(texts: list[str]) -> set[str]:
    return {str(address) for text in texts for address in ip_network(text, strict=False)}


@given(lists, lists)
def test_a_network_is_beyond_others_exactly_when_one_of_its_addresses_is(
    one: list[str], other: list[str]
) -> None:
    expected = [str(ip_network(text, strict=False)) for text in one if counted([text]) - counted(other)]
    assert read(one).beyond(read(other)) == expected


@given(lists)
def test_all_addresses_hold_any_and_none_holds_none(texts: list[str]) -> None:
    assert read(texts).beyond(ALL) == []
    assert len(read(texts).beyond(NO_ADDRESSES)) == len(texts)


def test_what_is_no_address() -> None:
    masks = ("10.0.0.0/0.0.0.255", "10.0.0.0/255.0.0.0", "10.0.0.0/08", "fe80::1%eth0", "10.0.0.0/8/8")
    for text in (
        *masks,
        "everybody",
        "10.0.0.0/33",
        "!10.0.0.0/8",
        "10",
        "patterns/ips",
        "10.0.0.1-10.0.0.9",
    ):
        assert addresses_of(["10.0.0.0/8", text], Budget()) is None
