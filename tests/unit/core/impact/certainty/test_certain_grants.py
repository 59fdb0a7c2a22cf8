"""What of RBAC only takes away, whatever the roles in the cluster allow today."""

from __future__ import annotations

import pytest

from tests.builders import (
    Object,
    aggregated_role,
    baseline,
    cluster_role,
    cluster_role_binding,
    key_of,
    kind_of,
    person,
    put,
    role,
    role_binding,
    rule,
)
from webhook.core.impact import (
    Budget,
    DeclaredSurroundings,
    Effect,
    certain_effect,
    change_of,
    impact_of,
)

EMPTY = role("reader", rules=[])
BOB = role_binding(person("bob"))
TWO = role_binding(person("bob"), person("carol"))


def effect(old: Object | None, new: Object | None, *git: Object) -> Effect:
    obj = new or old or {}
    surroundings = DeclaredSurroundings(baseline(*git))
    change = change_of(kind_of(obj), key_of(obj), old, new)
    return certain_effect(change, impact_of(change, surroundings), surroundings, Budget())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (TWO, BOB),
        (TWO, None),
        (cluster_role_binding(to="view"), None),
        (role(), put(role(), "/rules", [rule("get", "pods")])),
        (cluster_role(), None),
    ],
)
def test_subjects_and_rules_that_go_close(old: Object, new: Object | None) -> None:
    assert effect(old, new, role()) is Effect.NARROWS


def test_a_subject_of_a_role_that_git_says_is_empty_may_open() -> None:
    assert effect(BOB, TWO, EMPTY) is Effect.WIDENS
    assert effect(None, BOB, EMPTY) is Effect.WIDENS
    assert effect(BOB, put(BOB, "/roleRef/name", "other"), EMPTY, role("other", rules=[])) is Effect.WIDENS


def test_rules_written_into_a_role_that_is_to_gather_them_may_open() -> None:
    gathered = cluster_role(
        "g", {"labels": {"example.com/aggregate-to-monitoring": "true"}}, rules=[rule("*", "*", "*")]
    )
    aggregated = aggregated_role()
    written = cluster_role("monitoring", rules=[rule("*", "*", "*")])
    assert effect(aggregated, written, aggregated, gathered) is Effect.WIDENS


def test_a_subject_in_another_order_is_neither() -> None:
    assert effect(TWO, role_binding(person("carol"), person("bob")), role()) is Effect.NEITHER
