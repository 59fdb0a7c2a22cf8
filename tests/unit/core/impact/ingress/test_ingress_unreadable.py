"""What the API would refuse is never passed over, and never breaks the analysis; nor does size."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Object, annotated, ingress, key_of, path, put
from tests.unit.core.impact.ingress.exposures import (
    ALONE,
    NGINX,
    SHOP,
    impact,
    re_pointed,
    rule,
    service,
    tls,
    with_annotations,
    with_tls,
)
from tests.unit.core.strategies import damaged, json_values, objects
from webhook.core.errors import ImpactError, TooLargeError, UnreadableError
from webhook.core.impact.budget import Budget
from webhook.core.impact.change import Change
from webhook.core.impact.ingress import analyse
from webhook.core.kinds import INGRESS

FULL = with_annotations(
    {NGINX + "auth-url": "x", NGINX + "limit-rps": "1", NGINX + "whitelist-source-range": "10.0.0.0/8"},
    ingress(
        ingressClassName="nginx",
        defaultBackend=service("all"),
        tls=[tls("s", "shop.example.com")],
        rules=[rule("shop.example.com", path("/cart", "cart"), path("/*", "all", "ImplementationSpecific"))],
    ),
)
PLACES: dict[str, list[Any]] = {
    "/spec": [5, "all", []],
    "/spec/unknown": [1],
    "/spec/ingressClassName": [5, ["nginx"]],
    "/spec/rules": [5, {"host": "a"}, "all"],
    "/spec/rules/0": [5, "all", []],
    "/spec/rules/0/unknown": [1],
    "/spec/rules/0/host": [5, "*", "a.*.com", "*.*.com", "Shop.Example.com", "h" * 254],
    "/spec/rules/0/http": [5, []],
    "/spec/rules/0/http/unknown": [1],
    "/spec/rules/0/http/paths": [5, {}],
    "/spec/rules/0/http/paths/0": [5, "all", []],
    "/spec/rules/0/http/paths/0/unknown": [1],
    "/spec/rules/0/http/paths/0/path": [5, "", "cart", "//", "/a//b", None],
    "/spec/rules/0/http/paths/0/pathType": [5, "", "prefix", "Regex", None],
    "/spec/rules/0/http/paths/0/backend": [5, {}, {"serviceName": "v1beta1"}],
    "/spec/rules/0/http/paths/0/backend/resource": [{"kind": "Bucket", "name": "x"}],
    "/spec/rules/0/http/paths/0/backend/service": [5, {}, {"name": "x"}],
    "/spec/rules/0/http/paths/0/backend/service/name": [5, ""],
    "/spec/rules/0/http/paths/0/backend/service/port/number": [True, "80", 80.5, [80], None],
    "/spec/rules/0/http/paths/0/backend/service/port": [80, {}, {"name": None}, {"name": "a", "number": 1}],
    "/spec/defaultBackend": [5, {}, {"resource": {}}, {"resource": {"kind": "Bucket"}}, {"resource": 5}],
    "/spec/tls": [5, {}, "all"],
    "/spec/tls/0": [5, "all"],
    "/spec/tls/0/unknown": [1],
    "/spec/tls/0/hosts": [5, "shop.example.com", [5], ["*"]],
    "/spec/tls/0/secretName": [5, ["s"]],
    "/metadata": [5, "all"],
    "/metadata/annotations": [5, ["a"], {"a": "b", "c": 5}],
    "/data": [{"a": "b"}],
}


@pytest.mark.parametrize(
    ("place", "value"), [(place, value) for place, values in PLACES.items() for value in values]
)
def test_what_the_api_would_refuse_cannot_be_told(place: str, value: Any) -> None:
    broken = put(FULL, place, value)
    for before, after in ((FULL, broken), (broken, FULL), (None, broken)):
        with pytest.raises(UnreadableError):
            analyse(Change(INGRESS, key_of(FULL), form(before), form(after)), ALONE, Budget())


def form(obj: Object | None) -> Any:
    return (
        None
        if obj is None
        else {name: part for name, part in obj.items() if name not in ("apiVersion", "kind")}
    )


def test_an_unreadable_part_that_stays_does_not_keep_the_rest_from_being_told() -> None:
    odd = put(FULL, "/spec/rules/0/http/paths/0/pathType", "Regex")
    guarded = annotated(odd, {NGINX + "auth-url": ""})
    assert [finding.danger for finding in impact(odd, guarded).opens] == ["authentication removed"]


def test_a_value_nested_too_deep_cannot_be_told() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    change = Change(INGRESS, key_of(FULL), form(FULL), put(form(FULL), "/spec/rules/0/http/paths", deep))
    with pytest.raises(UnreadableError):
        analyse(change, ALONE, Budget())


@given(objects(INGRESS) | st.just(FULL), objects(INGRESS) | st.just(FULL), st.data())
def test_damage_anywhere_raises_nothing_else(before: Object, after: Object, data: st.DataObject) -> None:
    sides = [data.draw(damaged(form(side), 0)) for side in (before, after)]
    with contextlib.suppress(ImpactError):
        analyse(Change(INGRESS, key_of(FULL), *sides), ALONE, Budget())


@given(json_values, json_values)
def test_any_json_raises_nothing_else(before: Any, after: Any) -> None:
    with contextlib.suppress(ImpactError):
        analyse(Change(INGRESS, key_of(FULL), before, after), ALONE, Budget())


# Size

HOSTS = [f"h{number}.example.com" for number in range(500)]
LARGE = ingress(
    rules=[rule(host, *(path(f"/p{number}/q", f"s{number}") for number in range(10))) for host in HOSTS],
    tls=[tls(f"tls-of-{host}", host) for host in HOSTS],
)


def test_a_few_changes_of_a_large_ingress_are_told() -> None:
    changed = LARGE
    for number in range(0, 500, 50):
        changed = re_pointed("evil", changed, rule=number, path=3)
    changed = put(changed, "/spec/tls/7/secretName", "other")
    found = impact(LARGE, changed)
    assert [finding.danger for finding in found.opens] == ["certificate swapped", ""]
    assert found.opens[1].text.endswith("and 7 more -> service evil:80 (was s3:80)")


def with_paths(*paths: Object) -> Object:
    return put(SHOP, "/spec/rules/0/http/paths", list(paths))


def twice(times: int, name: str, host: str | None = "shop.example.com", others: int = 0) -> Object:
    """Give one path several times, beside hosts that have a path of their own."""
    given = [
        {"path": "/", "pathType": "Prefix", "backend": {"resource": {"kind": "Bucket", "name": f"{name}{n}"}}}
        for n in range(times)
    ]
    return ingress(
        rules=[rule(host, *given), *(rule(f"h{n}.example.com", path("/a", "x")) for n in range(others))]
    )


MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"
TOO_LARGE = {
    "5,000 new paths": (None, LARGE),
    "5,000 paths that go": (LARGE, None),
    "a default backend below 500 hosts": (LARGE, put(LARGE, "/spec/defaultBackend", service("all"))),
    "paths for any host below 500 hosts": (
        LARGE,
        put(LARGE, "/spec/rules/-", rule(None, path("/", "site"))),
    ),
    "deep paths": (SHOP, with_paths(*(path(f"{'/a' * 900}/{n}", "x") for n in range(300)))),
    "paths of every depth": (SHOP, with_paths(*(path("/a" * n, f"s{n}") for n in range(1, 600)))),
    "a path longer than any URL": (SHOP, with_paths(path(f"/{'a' * 5_000}", "x"))),
    "one path for thousands of services": (twice(4_000, "a"), twice(4_000, "b")),
    "one path for hundreds of services with long names": (
        twice(500, f"a{'x' * 2_000}"),
        twice(500, f"b{'x' * 2_000}"),
    ),
    "one path for hundreds of services, at hundreds of hosts": (
        twice(500, "a", host=None, others=200),
        twice(500, "b", host=None, others=200),
    ),
    "hundreds of paths for any host, at hundreds of hosts": (
        twice(1, "a", host=None, others=500),
        put(
            twice(1, "a", host=None, others=500),
            "/spec/rules/0/http/paths",
            [path(f"/{n}", "x") for n in range(500)],
        ),
    ),
    "thousands of secrets for any host, at hundreds of hosts": (
        twice(1, "a", others=500),
        with_tls(*(tls(f"s{n}") for n in range(3_000)), obj=twice(1, "a", others=500)),
    ),
    "many paths that are none": (SHOP, put(SHOP, "/spec/rules/0/http/paths", [None] * 200_000)),
    "many steps of a chain": (SHOP, with_annotations({MIDDLEWARES: "a," * 150_000})),
    "regular expressions": (
        SHOP,
        with_paths(*(path(f"/{n}", "x", "ImplementationSpecific") for n in range(5_000))),
    ),
    "rules": (SHOP, put(SHOP, "/spec/rules", [{"host": f"h{n}"} for n in range(30_000)])),
    "hosts of TLS": (SHOP, with_tls(tls("s", *(f"h{n}" for n in range(30_000))))),
    "annotations": (SHOP, with_annotations({f"{NGINX}k{n}": "x" for n in range(10_000)})),
    "addresses": (
        SHOP,
        with_annotations({NGINX + "whitelist-source-range": ",".join(["10.0.0.0/8"] * 5_000)}),
    ),
    "commas": (SHOP, with_annotations({NGINX + "whitelist-source-range": "," * 500_000})),
    "a long value": (SHOP, with_annotations({NGINX + "proxy-read-timeout": "6" * 2_500_000})),
}


def test_a_path_given_often_says_what_it_was_in_few_words() -> None:
    found = impact(twice(1_000, "a"), twice(1_000, "b"))
    assert len(found.opens) == 1_000
    assert all(finding.text.endswith("Bucket a2 and 997 more)") for finding in found.opens)


@pytest.mark.parametrize("change", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_is_too_large_says_so(change: tuple[Object | None, Object | None]) -> None:
    with pytest.raises(TooLargeError):
        impact(*change)
