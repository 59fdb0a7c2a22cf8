"""Whose certificate is shown."""

from __future__ import annotations

from tests.builders import Object, drop, path, put
from tests.unit.core.impact.ingress.exposures import SHOP, rule, service, tls, told, with_tls

TWO = put(SHOP, "/spec/rules/-", rule("admin.example.com", path("/", "admin")))
NAMED = tls("shop-tls", "shop.example.com")


def test_tls_removed() -> None:
    assert told(with_tls(NAMED), SHOP) == ["+ shop.example.com without secret shop-tls (TLS removed)"]


def test_tls_added_keeps_plain_http_from_being_read() -> None:
    assert told(SHOP, with_tls(NAMED)) == ["- shop.example.com without TLS"]


def test_no_secret_is_the_controllers_own_certificate() -> None:
    own = with_tls({"hosts": ["shop.example.com"]})
    assert told(with_tls(NAMED), own)[0] == (
        "+ TLS of shop.example.com: secret shop-tls -> the controller's own certificate (certificate swapped)"
    )
    assert told(own, with_tls(NAMED))[0] == (
        "+ TLS of shop.example.com: the controller's own certificate -> shop-tls (certificate swapped)"
    )


def test_an_entry_without_hosts_is_for_every_host() -> None:
    everywhere, other = with_tls(tls("all")), with_tls(tls("other"))
    assert told(everywhere, other)[0] == ("+ TLS of every host: secret all -> other (certificate swapped)")


def test_tls_for_every_host_is_for_those_that_are_served() -> None:
    assert told(SHOP, with_tls(tls("all"))) == ["- every host without TLS"]
    assert told(with_tls(tls("all")), SHOP) == ["+ every host without secret all (TLS removed)"]


def test_a_wildcard_entry_is_for_hosts_one_label_below() -> None:
    by_wildcard = with_tls(tls("wild", "*.example.com"))
    assert told(with_tls(tls("wild", "*.example.com"), NAMED), by_wildcard)[0] == (
        "+ TLS of shop.example.com: secret shop-tls -> wild (certificate swapped)"
    )
    deeper = put(by_wildcard, "/spec/rules/0/host", "a.b.example.com")
    assert told(deeper, drop(deeper, "/spec/tls")) == ["- TLS of *.example.com with secret wild"]


def test_two_entries_for_one_host_may_show_either() -> None:
    both = with_tls(NAMED, tls("other", "shop.example.com"))
    assert told(with_tls(NAMED), both)[0] == (
        "+ TLS of shop.example.com: secret shop-tls -> other, secret shop-tls (certificate swapped)"
    )


def test_entries_merged_or_split_are_the_same() -> None:
    merged = with_tls(tls("s", "shop.example.com", "admin.example.com"), obj=TWO)
    split = with_tls(tls("s", "admin.example.com"), tls("s", "shop.example.com"), obj=TWO)
    assert told(merged, split) == told(split, merged) == []


def test_hosts_that_change_alike_are_told_together() -> None:
    before = with_tls(tls("s", "shop.example.com", "admin.example.com"), obj=TWO)
    assert told(before, TWO) == ["+ admin.example.com, shop.example.com without secret s (TLS removed)"]


def test_a_host_that_comes_or_goes_takes_its_certificate_along() -> None:
    with_admin = with_tls(NAMED, tls("admin-tls", "admin.example.com"), obj=TWO)
    assert told(with_tls(NAMED), with_admin) == ["+ admin.example.com/ -> service admin:80 (new host)"]
    assert told(with_admin, with_tls(NAMED)) == ["- admin.example.com/ -> service admin:80"]


def test_a_certificate_for_a_host_that_others_serve() -> None:
    stray = with_tls(NAMED, tls("mine", "bank.example.com"))
    assert told(with_tls(NAMED), stray) == [
        "+ TLS of bank.example.com with secret mine (certificate for a host that it does not serve)"
    ]
    assert told(stray, with_tls(NAMED)) == ["- TLS of bank.example.com with secret mine"]


def test_a_default_backend_serves_every_host() -> None:
    catching = put(SHOP, "/spec/defaultBackend", service("all"))
    assert told(catching, with_tls(tls("s", "bank.example.com"), obj=catching)) == [
        "- bank.example.com without TLS"
    ]


def test_a_host_without_paths_is_not_served() -> None:
    empty: Object = put(SHOP, "/spec/rules/-", {"host": "bank.example.com"})
    assert told(empty, with_tls(tls("s", "bank.example.com"), obj=empty))[0].startswith("+ TLS of bank")
