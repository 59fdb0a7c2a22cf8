"""Labels and annotations: whatever is not behaviour of the object itself, somebody's tool may go by it."""

from __future__ import annotations

import pytest

from tests.builders import (
    Object,
    annotated,
    baseline,
    ingress,
    key_of,
    kind_of,
    labelled,
    network_policy,
    put,
    role,
)
from webhook.core.impact import Budget, DeclaredSurroundings, Effect, certain_effect, change_of, impact_of

WEB = network_policy()


def effect(old: Object | None, new: Object | None) -> Effect:
    obj = new or old or {}
    change, surroundings = change_of(kind_of(obj), key_of(obj), old, new), DeclaredSurroundings(baseline())
    return certain_effect(change, impact_of(change, surroundings), surroundings, Budget())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (WEB, labelled(WEB, {"cleanup.kyverno.io/ttl": "1m"})),
        (labelled(WEB, {"app.kubernetes.io/instance": "shop"}), WEB),
        (WEB, annotated(WEB, {"janitor/ttl": "1m"})),
        (WEB, labelled(put(WEB, "/spec/ingress", []), {"cleanup.kyverno.io/ttl": "1m"})),
        (role(), annotated(role(), {"a": "b"})),
        (ingress(), labelled(ingress(), {"exposed": "true"})),
        (ingress(), annotated(ingress(), {"a": "b"})),
    ],
)
def test_a_key_that_differs_is_not_certain_to_open_nothing(old: Object, new: Object) -> None:
    assert effect(old, new) is Effect.WIDENS


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (WEB, put(WEB, "/spec/ingress", []), "narrows"),
        (WEB, put(WEB, "/spec/ingress/0/ports", [{"port": 8080}]), "neither"),
        (labelled(WEB, {"a": "b"}), labelled(put(WEB, "/spec/ingress", []), {"a": "b"}), "narrows"),
        (None, labelled(network_policy(podSelector={}), {"a": "b"}), "narrows"),
    ],
    ids=["no key", "respelled", "the same keys", "created with keys"],
)
def test_keys_that_do_not_differ_say_nothing(old: Object | None, new: Object, said: str) -> None:
    assert effect(old, new) == said
