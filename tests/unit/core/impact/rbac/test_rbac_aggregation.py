"""What a ClusterRole opens through the roles that gather it, and by what it gathers."""

from __future__ import annotations

import pytest

from tests.builders import (
    Object,
    aggregated_role,
    cluster_role,
    cluster_role_binding,
    labelled,
    person,
    put,
    role_binding,
    rule,
)
from tests.unit.core.impact.rbac.small_worlds import impact, lines
from webhook.core.impact import Effect

ALICE = person("alice")
TO_MONITORING = "example.com/aggregate-to-monitoring"
TO_EDIT = "rbac.authorization.k8s.io/aggregate-to-edit"
PART_OF_OTHERS = "get secrets (becomes part of other roles, reads secrets)"
READER = cluster_role(rules=[rule("get", "secrets")])


def gathering(*selectors: Object, name: str = "monitoring", rules: tuple[Object, ...] = ()) -> Object:
    aggregation = {"clusterRoleSelectors": list(selectors)}
    return cluster_role(name, aggregationRule=aggregation, rules=list(rules))


def by_label(key: str, value: str = "true") -> Object:
    return {"matchLabels": {key: value}}


def by(key: str, operator: str, *values: str) -> Object:
    expression = {"key": key, "operator": operator, **({"values": list(values)} if values else {})}
    return {"matchExpressions": [expression]}


# A role that others gather


def test_a_label_brings_a_role_to_whoever_holds_one_that_gathers_it() -> None:
    """edit gathers it by the label, admin gathers edit."""
    bound = role_binding(ALICE, to="ClusterRole/admin")
    assert lines(impact(READER, labelled(READER, {TO_EDIT: "true"}), bound)) == {
        "opens": [
            f"any role that gathers {TO_EDIT}=true -> {PART_OF_OTHERS}",
            "User alice -> get secrets in shop (reads secrets)",
            "whoever is bound to ClusterRole edit -> get secrets (reads secrets)",
        ]
    }


def test_without_the_label_it_is_lost() -> None:
    found = impact(labelled(READER, {TO_EDIT: "true"}), READER)
    assert found.effect is Effect.NARROWS
    assert lines(found) == {
        "closes": ["whoever is bound to ClusterRole admin, ClusterRole edit -> get secrets (reads secrets)"]
    }


def test_a_label_for_gathering_is_dangerous_whether_or_not_a_role_is_known_that_gathers_by_it() -> None:
    found = impact(READER, labelled(READER, {TO_MONITORING: "yes"}))
    assert lines(found) == {"opens": [f"any role that gathers {TO_MONITORING}=yes -> {PART_OF_OTHERS}"]}
    changed = impact(labelled(READER, {TO_MONITORING: "yes"}), labelled(READER, {TO_MONITORING: "true"}))
    assert changed.effect is Effect.WIDENS
    empty = cluster_role(rules=[])
    (finding,) = impact(empty, labelled(empty, {TO_MONITORING: "yes"})).opens
    assert finding.text == f"any role that gathers {TO_MONITORING}=yes -> whatever ClusterRole reader allows"


def test_a_label_for_gathering_that_stays_is_no_news() -> None:
    before = labelled(READER, {TO_MONITORING: "true"})
    assert impact(before, before).effect is Effect.NEITHER


def test_by_any_other_label_a_role_outside_git_may_gather_it() -> None:
    clause = "its labels change, and which roles gather it by them is not known"
    assert lines(impact(READER, labelled(READER, {"team": "shop"}))) == {"unknown": [clause]}
    assert lines(impact(labelled(READER, {"team": "shop"}), READER)) == {"unknown": [clause]}
    empty = cluster_role(rules=[])
    assert impact(empty, labelled(empty, {"team": "shop"})).effect is Effect.NEITHER
    assert impact(labelled(READER, {"team": "shop"}), None).effect is Effect.NARROWS


def test_a_role_of_which_only_is_known_that_it_gathers_may_be_gathered_by_its_labels() -> None:
    clause = "its labels change, and which roles gather it by them is not known"
    before = gathering(by_label("tier", "a"))
    assert lines(impact(before, labelled(before, {"team": "shop"}))) == {"unknown": [clause]}
    nothing = gathering()
    assert impact(nothing, labelled(nothing, {"team": "shop"})).effect is Effect.NEITHER


def test_what_a_role_brings_to_others_may_be_more_where_it_gathers() -> None:
    before = gathering(by_label("tier", "a"))
    found = impact(before, labelled(before, {TO_MONITORING: "yes"}), labelled(READER, {"tier": "a"}))
    (finding,) = found.opens
    assert finding.text.startswith(f"any role that gathers {TO_MONITORING}=yes -> get secrets, ")
    assert finding.text.endswith(", and whatever else ClusterRole monitoring gathers")


def test_many_labels_for_gathering_are_one_finding_that_names_a_few() -> None:
    labels = {f"example.com/aggregate-to-{number}": "yes" for number in range(1_000)}
    (finding,) = impact(READER, labelled(READER, labels)).opens
    assert "aggregate-to-0=yes" in finding.text
    assert " and 997 more -> " in finding.text


def test_a_role_that_is_gathered_passes_on_what_it_gains() -> None:
    before = labelled(cluster_role(rules=[]), {TO_MONITORING: "true"})
    after = labelled(READER, {TO_MONITORING: "true"})
    bound = cluster_role_binding(ALICE, to="monitoring")
    assert lines(impact(before, after, aggregated_role(), bound)) == {
        "opens": [
            "User alice -> get secrets in the whole cluster (reads secrets)",
            "whoever is bound to ClusterRole reader -> get secrets (reads secrets)",
        ]
    }


def test_a_role_that_changes_as_it_begins_to_be_gathered_brings_all_that_it_allows() -> None:
    before = cluster_role(rules=[rule("get", "pods")])
    after = labelled(cluster_role(rules=[rule("get", "pods"), rule("list", "jobs", "batch")]), {"part": "a"})
    found = impact(before, after, gathering(by_label("part", "a")))
    assert lines(found)["opens"] == [
        "whoever is bound to ClusterRole monitoring -> get pods; list jobs.batch",
        "whoever is bound to ClusterRole reader -> list jobs.batch",
    ]


def test_a_built_in_role_that_git_declares_gathers_what_git_says() -> None:
    own = [cluster_role("edit"), gathering(by_label(TO_MONITORING), name="admin")]
    assert lines(impact(READER, labelled(READER, {TO_EDIT: "true"}), *own)) == {
        "opens": [f"any role that gathers {TO_EDIT}=true -> {PART_OF_OTHERS}"]
    }


@pytest.mark.parametrize(
    ("selector", "labels", "gathers"),
    [
        (by_label("tier", "a"), {"tier": "a"}, True),
        (by_label("tier", "a"), {"tier": "b"}, False),
        (by_label("tier", "a"), {}, False),
        (by("tier", "In", "a", "b"), {"tier": "b"}, True),
        (by("tier", "In", "a", "b"), {}, False),
        (by("tier", "NotIn", "a"), {"tier": "a"}, False),
        (by("tier", "NotIn", "a"), {}, True),
        (by("tier", "Exists"), {"tier": ""}, True),
        (by("tier", "Exists"), {}, False),
        (by("tier", "DoesNotExist"), {}, True),
        (by("tier", "DoesNotExist"), {"tier": "a"}, False),
        ({**by_label("tier", "a"), **by("part", "Exists")}, {"tier": "a"}, False),
        ({}, {}, True),
    ],
)
def test_which_labels_a_selector_matches(selector: Object, labels: Object, gathers: bool) -> None:
    found = impact(None, labelled(READER, labels), gathering(selector))
    named = [finding.text for finding in found.opens if "ClusterRole monitoring" in finding.text]
    assert bool(named) is gathers


# A role that gathers others


def test_a_selector_that_gathers_more_opens_what_is_known_and_what_is_not() -> None:
    git = labelled(READER, {"tier": "b"})
    found = impact(
        gathering(by_label("tier", "a")), gathering(by_label("tier", "a"), by_label("tier", "b")), git
    )
    assert lines(found) == {
        "opens": ["whoever is bound to ClusterRole monitoring -> get secrets (reads secrets)"],
        "unknown": ["what ClusterRole monitoring gathers is not known"],
    }


def test_a_selector_less_closes_what_it_gathered() -> None:
    git = labelled(READER, {"tier": "b"})
    live = gathering(by_label("tier", "a"), by_label("tier", "b"), rules=(rule("get", "secrets"),))
    found = impact(live, put(live, "/aggregationRule/clusterRoleSelectors", [by_label("tier", "a")]), git)
    assert found.effect is Effect.NARROWS
    assert lines(found) == {
        "closes": ["whoever is bound to ClusterRole monitoring -> get secrets (reads secrets)"]
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([by_label("tier", "a")], [by("tier", "In", "a")]),
        ([by_label("tier", "a")], [by_label("tier", "a"), by("tier", "In", "a", "a")]),
        ([by_label("tier", "a"), by("part", "Exists")], [by("part", "Exists"), by_label("tier", "a")]),
        ([by_label("tier", "a")], [{**by_label("tier", "a"), **by("part", "Exists")}]),
    ],
)
def test_selectors_that_gather_no_more_open_nothing(before: list[Object], after: list[Object]) -> None:
    assert impact(gathering(*before), gathering(*after)).effect is Effect.NEITHER


def test_roles_are_gathered_through_others_and_in_circles() -> None:
    circle = [
        labelled(gathering(by_label("part", "b"), name="one"), {"part": "a"}),
        labelled(gathering(by_label("part", "a"), name="two"), {"part": "b"}),
        labelled(READER, {"part": "a"}),
    ]
    found = impact(None, gathering(by_label("part", "a")), *circle)
    assert [finding.text for finding in found.opens] == [
        "whoever is bound to ClusterRole monitoring -> get secrets"
    ]


def test_a_role_does_not_gather_itself() -> None:
    git = labelled(cluster_role("monitoring", rules=[rule("get", "secrets")]), {"tier": "a"})
    assert impact(None, gathering(by_label("tier", "a")), git).opens == ()


def test_gathering_everything_is_being_cluster_admin() -> None:
    found = impact(None, gathering({}))
    assert found.opens[0].danger.startswith("everything")


def test_rules_written_into_a_role_that_gathers_count_until_they_are_overwritten() -> None:
    before = gathering(by_label("tier", "a"))
    after = gathering(by_label("tier", "a"), rules=(rule("get", "secrets"),))
    assert impact(before, after).effect is Effect.WIDENS
    assert impact(after, before).effect is Effect.NEITHER  # the controller puts back what was gathered


def test_a_role_that_gathers_no_longer_keeps_the_rules_that_it_has() -> None:
    git = labelled(READER, {"tier": "a"})
    live = gathering(by_label("tier", "a"), rules=(rule("get", "secrets"), rule("get", "pods")))
    assert impact(live, cluster_role("monitoring", rules=live["rules"]), git).effect is Effect.NEITHER
    assert lines(impact(live, cluster_role("monitoring", rules=[rule("get", "secrets")]), git)) == {
        "closes": ["whoever is bound to ClusterRole monitoring -> get pods"]
    }
    assert impact(live, None, git).effect is Effect.NARROWS


def test_a_role_that_begins_to_gather_loses_its_own_rules() -> None:
    before = cluster_role("monitoring", rules=[rule("get", "pods")])
    after = {**gathering(by_label("tier", "a")), "rules": before["rules"]}
    found = impact(before, after)
    assert lines(found) == {
        "closes": ["whoever is bound to ClusterRole monitoring -> get pods"],
        "unknown": ["what ClusterRole monitoring gathers is not known"],
    }


@pytest.mark.parametrize(
    "aggregation",
    [
        5,
        {"future": 5},
        {"clusterRoleSelectors": 5},
        {"clusterRoleSelectors": [5]},
        {"clusterRoleSelectors": [{"future": 5}]},
        {"clusterRoleSelectors": [{"matchLabels": 5}]},
        {"clusterRoleSelectors": [{"matchLabels": {"a": 5}}]},
        {"clusterRoleSelectors": [{"matchExpressions": 5}]},
        {"clusterRoleSelectors": [{"matchExpressions": [5]}]},
        {"clusterRoleSelectors": [by("a", "Near", "b")]},
        {"clusterRoleSelectors": [by("a", "In")]},
        {"clusterRoleSelectors": [by("a", "Exists", "b")]},
        {"clusterRoleSelectors": [{"matchExpressions": [{"key": 5, "operator": "Exists"}]}]},
        {"clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "In", "values": 5}]}]},
        {"clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "In", "values": [5]}]}]},
    ],
)
def test_a_selector_that_cannot_be_read_widens(aggregation: object) -> None:
    found = impact(cluster_role(), cluster_role(aggregationRule=aggregation))
    assert lines(found) == {"unknown": ["its aggregationRule cannot be read"]}


def test_a_cluster_role_around_it_that_cannot_be_read_widens() -> None:
    broken = labelled(cluster_role("broken"), {"a": 5})
    found = impact(None, gathering(by_label("tier", "a")), broken)
    assert lines(found) == {"unknown": ["its labels cannot be read"]}


def test_more_selectors_than_can_be_looked_at() -> None:
    many = [by_label("tier", str(number)) for number in range(5_000)]
    assert lines(impact(None, gathering(*many))) == {"unknown": ["too large to analyse"]}


def test_more_selectors_than_can_be_compared() -> None:
    before, after = ([by_label(key, str(number)) for number in range(600)] for key in ("tier", "part"))
    assert lines(impact(gathering(*before), gathering(*after))) == {"unknown": ["too large to analyse"]}
