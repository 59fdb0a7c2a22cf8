"""What of an Ingress closes for certain, however its controller reads it and is set up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Object, annotated, baseline, ingress, key_of, kind_of, path, put
from webhook.core.impact import Budget, DeclaredSurroundings, Effect, certain_effect, change_of, impact_of

NGINX = "nginx.ingress.kubernetes.io"
ALLOW = f"/metadata/annotations/{NGINX}~1whitelist-source-range"


def rule(host: str, *paths: Object) -> Object:
    return {"host": host, "http": {"paths": list(paths) or [path("/", "web")]}}


SHOP, ADMIN = "shop.example.com", "admin.example.com"
ONE = ingress(rules=[rule(SHOP)])
TWO = ingress(rules=[rule(SHOP), rule(ADMIN)])
DEFAULT = {"service": {"name": "web", "port": {"number": 80}}}


def with_host_only(obj: Object) -> Object:
    return put(obj, "/spec/rules/-", {"host": ADMIN})


NARROW, WIDE = put(ONE, ALLOW, "10.1.0.0/16"), put(ONE, ALLOW, "10.0.0.0/8")


def effect(old: Object | None, new: Object | None, *others: Object, **around: Any) -> Effect:
    obj = new or old or {}
    surroundings = DeclaredSurroundings(baseline(obj, *others, **around))
    change = change_of(kind_of(obj), key_of(obj), old, new)
    return certain_effect(change, impact_of(change, surroundings), surroundings, Budget())


@pytest.mark.parametrize(
    ("old", "new"), [(ONE, None), (TWO, ONE), (WIDE, NARROW)], ids=["deleted", "a host less", "allow list"]
)
def test_what_goes_to_nobody_else_closes(old: Object, new: Object | None) -> None:
    assert effect(old, new) is Effect.NARROWS


def test_an_ingress_in_another_writing_is_neither() -> None:
    assert effect(TWO, ingress(rules=[rule(ADMIN), rule(SHOP)])) is Effect.NEITHER


@pytest.mark.parametrize(
    "other",
    [
        ingress("other", rules=[rule(SHOP)]),
        ingress("other", rules=[rule("*.example.com")]),
        ingress("other", rules=[rule("*.com")]),
        ingress("other", rules=[{"http": {"paths": [path("/", "web")]}}]),
        ingress("other", defaultBackend=DEFAULT),
        annotated(ingress("other", rules=[rule(ADMIN)]), {f"{NGINX}/server-alias": SHOP}),
        annotated(ingress("other", rules=[rule(ADMIN)]), {"alb.ingress.kubernetes.io/conditions.web": "[]"}),
        put(ingress("web", rules=[rule(SHOP)]), "/metadata/namespace", "other"),
    ],
    ids=[
        "same host",
        "wildcard",
        "wildcard of several labels",
        "any host",
        "default backend",
        "an alias",
        "conditions",
        "in another namespace",
    ],
)
def test_what_another_ingress_may_take_does_not_close_for_certain(other: Object) -> None:
    assert effect(ONE, None, other) is Effect.WIDENS
    assert effect(ONE, None, ingress("other", rules=[rule(ADMIN)])) is Effect.NARROWS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ingress(rules=[rule(SHOP, path("/", "web"), path("/cart", "web"))]), ONE),
        (ingress(rules=[rule(SHOP), rule("*.example.com")]), ingress(rules=[rule("*.example.com")])),
        (ingress(rules=[rule("*.example.com"), rule(SHOP)]), ONE),
        (put(ONE, "/spec/defaultBackend", DEFAULT), ONE),
        (ONE, put(ONE, ALLOW, "10.0.0.0/8")),
        (put(ONE, ALLOW, "0.0.0.0/0,::/0"), ONE),
        (put(ONE, ALLOW, "0.0.0.0/0,::/0"), put(ONE, "/metadata/annotations/a", "b")),
        (ONE, put(ONE, "/spec/tls", [{"hosts": [SHOP], "secretName": "tls"}])),
        (None, ingress(rules=[])),
        (put(ONE, "/spec/defaultBackend", DEFAULT), put(TWO, "/spec/defaultBackend", DEFAULT)),
        (
            put(ONE, "/spec/defaultBackend", DEFAULT),
            with_host_only(put(ONE, "/spec/defaultBackend", DEFAULT)),
        ),
        (put(ONE, ALLOW, " "), put(ONE, ALLOW, "10.0.0.0/8")),
        (annotated(TWO, {f"{NGINX}/server-alias": ADMIN}), annotated(ONE, {f"{NGINX}/server-alias": ADMIN})),
    ],
    ids=[
        "a path of a host that stays",
        "a host below a wildcard",
        "a wildcard over a host",
        "the default backend",
        "an allow list where none was",
        "an allow list of all that goes",
        "another annotation",
        "a certificate",
        "created",
        "another host",
        "a host without paths",
        "an allow list where a blank one was",
        "a host that is an alias",
    ],
)
def test_what_depends_on_the_controller_does_not_close_for_certain(old: Object | None, new: Object) -> None:
    assert effect(old, new) is Effect.WIDENS


def test_what_a_source_that_was_never_read_may_take_does_not_close_for_certain() -> None:
    assert effect(ONE, None, unread={"team": ("shop",)}) is Effect.WIDENS


@pytest.mark.parametrize("spec", ["x", {"rules": ["x"]}, {"rules": 5}, {"rules": [{"host": 1}]}])
def test_beside_an_ingress_that_cannot_be_read_nothing_is_certain(spec: object) -> None:
    assert effect(ONE, None, put(ingress("other"), "/spec", spec)) is Effect.WIDENS
