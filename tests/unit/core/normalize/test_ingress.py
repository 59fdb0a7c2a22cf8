"""The laws of an Ingress's canonical form."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Object, annotated, drop, ingress, path, put
from webhook.core.kinds import INGRESS
from webhook.core.normalize import normalize


def form(**spec: Any) -> Object:
    canonical = normalize(ingress(**spec), INGRESS)
    assert normalize(canonical, INGRESS) == canonical
    return canonical


def rule(host: str | None, *paths: Object) -> Object:
    return {"host": host, "http": {"paths": list(paths)}}


def all_different(forms: list[Object]) -> bool:
    return all(a != b for i, a in enumerate(forms) for b in forms[i + 1 :])


A, B, C = path("/a", "a"), path("/b", "b"), path("/c", "c", "Exact")


# The same meaning


def test_no_host_empty_or_absent() -> None:
    assert form(rules=[rule("", A)]) == form(rules=[rule(None, A)]) == form(rules=[{"http": {"paths": [A]}}])


@pytest.mark.parametrize("field", ["tls", "rules"])
def test_no_rules_or_tls_missing_null_or_empty(field: str) -> None:
    backend = {"service": {"name": "all", "port": {"number": 80}}}
    assert (
        form(defaultBackend=backend, **{field: []})
        == form(defaultBackend=backend, **{field: None})
        == form(defaultBackend=backend)
    )


def test_an_absent_class_may_be_null() -> None:
    assert form(ingressClassName=None, rules=[rule("a", A)]) == form(rules=[rule("a", A)])


def test_zero_values_that_the_server_leaves_out() -> None:
    port_by_name = put(A, "/backend/service/port", {"name": "http", "number": 0})
    port_by_number = put(A, "/backend/service/port", {"name": "", "number": 80})
    assert form(rules=[rule("a", port_by_name)]) == form(
        rules=[rule("a", put(A, "/backend/service/port", {"name": "http"}))]
    )
    assert form(rules=[rule("a", port_by_number)]) == form(rules=[rule("a", A)])
    assert form(tls=[{"hosts": ["a"], "secretName": ""}]) == form(tls=[{"hosts": ["a"]}])
    assert form(rules=[rule("a", put(A, "/path", ""))]) == form(rules=[rule("a", drop(A, "/path"))])


def test_tls_and_its_hosts_are_sets() -> None:
    one, two = {"hosts": ["a", "b"], "secretName": "s"}, {"hosts": ["c"]}
    reversed_one = {"hosts": ["b", "a"], "secretName": "s"}
    assert form(tls=[one, two]) == form(tls=[two, reversed_one, two])


def test_rules_and_paths_are_sets_where_their_keys_are_unique() -> None:
    assert form(rules=[rule("a", A, B, C), rule("b", A)]) == form(rules=[rule("b", A), rule("a", C, B, A)])


def test_the_same_path_of_two_types_are_two_keys() -> None:
    exact = path("/a", "other", "Exact")
    assert form(rules=[rule("h", A, exact)]) == form(rules=[rule("h", exact, A)])


# Where order counts


def test_the_order_of_two_rules_for_one_host_counts() -> None:
    assert form(rules=[rule("h", A), rule("h", B)]) != form(rules=[rule("h", B), rule("h", A)])


def test_the_order_of_two_rules_for_any_host_counts() -> None:
    assert form(rules=[rule(None, A), rule("", B)]) != form(rules=[rule("", B), rule(None, A)])


def test_the_order_of_two_backends_for_one_path_counts() -> None:
    other = path("/a", "other")
    assert form(rules=[rule("h", A, other)]) != form(rules=[rule("h", other, A)])


def test_the_order_counts_wherever_a_path_is_implementation_specific() -> None:
    special = path("/*", "all", "ImplementationSpecific")
    assert form(rules=[rule("h", A, special)]) != form(rules=[rule("h", special, A)])
    assert form(rules=[rule("a", special), rule("b", A)]) != form(rules=[rule("b", A), rule("a", special)])


def test_a_rule_twice_is_not_a_rule_once() -> None:
    assert form(rules=[rule("h", A), rule("h", A)]) != form(rules=[rule("h", A)])


def test_normalizing_leaves_the_object_itself_in_its_order() -> None:
    shop = ingress(rules=[rule("b", B, A), rule("a", A)])
    before = drop(shop, "/metadata/name")
    normalize(shop, INGRESS)
    assert drop(shop, "/metadata/name") == before


# Different meaning


def test_path_types_and_slashes() -> None:
    assert all_different(
        [
            form(rules=[rule("h", path(text, "s", kind))])
            for text in ("/foo", "/foo/", "/", "/Foo")
            for kind in ("Prefix", "Exact", "ImplementationSpecific")
        ]
    )


def test_hosts() -> None:
    assert all_different([form(rules=[rule(host, A)]) for host in (None, "a", "*.a", "b.a")])


def test_a_rule_without_paths_is_not_absent() -> None:
    assert all_different(
        [form(rules=[rule("h", A)]), form(rules=[{"host": "h"}]), form(rules=[{}]), form(rules=[])]
    )


def test_backends() -> None:
    assert all_different(
        [
            form(defaultBackend=backend)
            for backend in (
                {"service": {"name": "a", "port": {"number": 80}}},
                {"service": {"name": "a", "port": {"number": 81}}},
                {"service": {"name": "a", "port": {"name": "80"}}},
                {"service": {"name": "b", "port": {"number": 80}}},
                {"resource": {"kind": "Bucket", "name": "a"}},
                {"resource": {"apiGroup": "", "kind": "Bucket", "name": "a"}},
                {"resource": {"apiGroup": "x.io", "kind": "Bucket", "name": "a"}},
            )
        ]
    )


def test_tls() -> None:
    secret, hosts = {"secretName": "s"}, {"hosts": ["a"]}
    ways: list[list[Object]] = [[], [{}], [hosts], [{**hosts, **secret}], [secret]]
    assert all_different([form(tls=tls) for tls in ways])


def test_a_class_is_not_another_and_not_none() -> None:
    assert all_different(
        [form(ingressClassName=name, rules=[rule("h", A)]) for name in (None, "", "nginx", "internal")]
    )


@pytest.mark.parametrize(
    "key",
    [
        "nginx.ingress.kubernetes.io/configuration-snippet",
        "kubernetes.io/ingress.class",
        "cert-manager.io/cluster-issuer",
        "example.com/unheard-of",
    ],
)
def test_an_annotation_is_behaviour(key: str) -> None:
    shop = ingress()
    forms = [
        normalize(obj, INGRESS) for obj in (shop, annotated(shop, {key: ""}), annotated(shop, {key: "x"}))
    ]
    assert all_different(forms)


# What the API would not take


@pytest.mark.parametrize(
    "spec",
    [
        "all",
        5,
        {"rules": "all"},
        {"rules": ["all", 5]},
        {"rules": [{"http": "all"}]},
        {"rules": [{"http": {"paths": "all"}}, {"host": "b"}]},
        {"rules": [{"http": {"paths": ["all"]}}]},
        {"rules": [None, None]},
        {"rules": [{"host": 5}, {"host": "5"}]},
        {"tls": "all"},
        {"tls": [5, "a", None]},
        {"defaultBackend": "all"},
        {"backend": {"serviceName": "v1beta1"}},
    ],
)
def test_what_cannot_be_read_is_kept_and_equals_nothing_valid(spec: Any) -> None:
    odd = normalize(put(ingress(), "/spec", spec), INGRESS)
    assert normalize(odd, INGRESS) == odd
    assert all_different([odd, form(rules=[]), form(rules=[rule("h", A)])])
