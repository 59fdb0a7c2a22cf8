"""What a change of a RoleBinding or ClusterRoleBinding is said to open, by example."""

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
    role,
    role_binding,
    rule,
)
from tests.unit.core.impact.rbac.small_worlds import impact, lines
from webhook.core.impact import Effect

EVERYBODY = {"kind": "Group", "name": "system:authenticated"}
ALICE, BOB = person("alice"), person("bob")


# Subjects


def test_a_subject_is_added_and_another_taken_away() -> None:
    assert lines(impact(role_binding(ALICE), role_binding(BOB), role())) == {
        "opens": ["User bob -> get, list pods in shop"],
        "closes": ["User alice -> get, list pods in shop"],
    }


def test_a_binding_is_created_and_deleted() -> None:
    grants = ["User alice -> get, list pods in the whole cluster"]
    assert lines(impact(None, cluster_role_binding(ALICE), cluster_role())) == {"opens": grants}
    assert lines(impact(cluster_role_binding(ALICE), None, cluster_role())) == {"closes": grants}


def test_everybody_is_added_to_a_binding() -> None:
    binding = cluster_role_binding(ALICE)
    assert lines(impact(binding, put(binding, "/subjects/-", EVERYBODY), cluster_role())) == {
        "opens": [
            "Group system:authenticated -> get, list pods in the whole cluster (everybody with an account)"
        ]
    }


@pytest.mark.parametrize(
    ("kind", "name", "danger"),
    [
        ("Group", "system:authenticated", "everybody with an account"),
        ("Group", "system:unauthenticated", "anybody without an account"),
        ("User", "system:anonymous", "anybody without an account"),
        ("Group", "system:serviceaccounts", "every ServiceAccount"),
        ("Group", "system:masters", "bypasses RBAC"),
        ("User", "system:masters", ""),
        ("User", "system:authenticated", ""),
        ("Group", "system:anonymous", ""),
    ],
)
def test_a_subject_that_is_a_crowd_is_a_danger(kind: str, name: str, danger: str) -> None:
    (finding,) = impact(None, role_binding({"kind": kind, "name": name}), role()).opens
    assert finding.danger == danger


def test_of_many_subjects_the_crowd_is_named_first() -> None:
    many = [{"kind": "Group", "name": f"group-{number}"} for number in range(9)]
    (finding,) = impact(None, role_binding(*many, person("system:anonymous")), role()).opens
    assert finding.text.startswith("User system:anonymous, Group group-0, Group group-1 and 7 more ->")


def test_a_group_and_a_user_of_one_name_are_two() -> None:
    changed = impact(role_binding(ALICE), role_binding({"kind": "Group", "name": "alice"}), role())
    assert (len(changed.opens), len(changed.closes)) == (1, 1)


@pytest.mark.parametrize(
    "same",
    [
        [ALICE, ALICE],
        [{"kind": "User", "name": "alice"}],
        [{"kind": "User", "name": "alice", "namespace": "ignored"}],
    ],
)
def test_a_subject_in_another_writing_is_neither(same: list[Object]) -> None:
    assert impact(role_binding(ALICE), role_binding(*same), role()).effect is Effect.NEITHER


def test_a_service_account_without_a_namespace_is_of_the_bindings_own() -> None:
    """The API server allows it in a RoleBinding, and refuses it in a ClusterRoleBinding."""
    here, there = (
        {"kind": "ServiceAccount", "name": "web"},
        {"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
    )
    user = person("system:serviceaccount:shop:web")
    assert impact(role_binding(here), role_binding(there), role()).effect is Effect.NEITHER
    assert impact(role_binding(here), role_binding(user), role()).effect is Effect.NEITHER
    assert lines(impact(None, cluster_role_binding(here), cluster_role())) == {
        "unknown": ["one of its subjects cannot be read"]
    }


@pytest.mark.parametrize("name", ["system:serviceaccount:ci", "system:serviceaccounts:ci:builder"])
def test_a_user_whose_name_only_looks_like_that_of_a_service_account_is_a_user(name: str) -> None:
    (finding,) = impact(None, role_binding(person(name)), role()).opens
    assert finding.text.startswith(f"User {name} ->")


# Roles


def test_a_second_binding_that_grants_the_same_is_no_less_new() -> None:
    """Else it could be planted first, and stay when the other is taken away."""
    found = impact(None, role_binding(ALICE, name="second"), role(), role_binding(ALICE))
    assert lines(found) == {"opens": ["User alice -> get, list pods in shop"]}


def test_another_role_opens_and_closes_what_tells_them_apart() -> None:
    git = [role(rules=[rule("get list", "pods")]), role("writer", rules=[rule("get create", "pods")])]
    assert lines(impact(role_binding(ALICE), role_binding(ALICE, to="Role/writer"), *git)) == {
        "opens": ["User alice -> create pods in shop (starts pods)"],
        "closes": ["User alice -> list pods in shop"],
    }


def test_a_role_that_grants_nothing_in_a_namespace() -> None:
    urls = cluster_role(rules=[{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}])
    assert impact(None, role_binding(ALICE, to="ClusterRole/reader"), urls).effect is Effect.NEITHER
    assert impact(role_binding(ALICE, to="ClusterRole/reader"), None, urls).effect is Effect.NEITHER
    assert impact(None, cluster_role_binding(ALICE), urls).effect is Effect.WIDENS


@pytest.mark.parametrize(
    ("name", "danger", "rank"),
    [
        ("cluster-admin", "cluster-admin", 0),
        ("admin", "impersonates others, writes RBAC, reads secrets and 4 more", 12),
        ("edit", "impersonates others, reads secrets, makes tokens of ServiceAccounts and 3 more", 12),
        ("view", "", 100),
    ],
)
def test_the_roles_that_every_cluster_has_are_known(name: str, danger: str, rank: int) -> None:
    found = impact(None, role_binding(ALICE, to=f"ClusterRole/{name}"))
    (finding,) = found.opens
    assert not found.unknown
    assert finding.text == f"User alice -> all of ClusterRole {name} in shop"
    assert (finding.danger, finding.rank) == (danger, rank)


def test_what_git_declares_of_them_counts_instead() -> None:
    git = cluster_role("view", rules=[rule("get", "pods")])
    assert lines(impact(None, role_binding(ALICE, to="ClusterRole/view"), git)) == {
        "opens": ["User alice -> get pods in shop"]
    }


def test_from_view_to_edit_and_back() -> None:
    view, edit = (role_binding(ALICE, to=f"ClusterRole/{name}") for name in ("view", "edit"))
    up, down = impact(view, edit), impact(edit, view)
    assert (up.widens, up.narrows, up.unknown) == (True, False, ())
    assert (down.widens, down.narrows) == (True, True)
    assert down.unknown == ("what ClusterRole view allows is not known",)  # it may gather roles outside Git


def test_a_role_that_is_not_known_opens_whatever_it_allows() -> None:
    binding = role_binding(ALICE, to="ClusterRole/x")
    told = "User alice -> whatever ClusterRole x allows in shop (not known)"
    opened, closed = impact(None, binding), impact(binding, None)
    assert lines(opened) == {"opens": [told], "unknown": ["what ClusterRole x allows is not known"]}
    assert lines(closed) == {"closes": [told]}
    assert closed.effect is Effect.NARROWS


def test_a_role_that_cannot_be_read_is_not_known() -> None:
    found = impact(None, role_binding(ALICE), role(rules=5))
    assert lines(found) == {
        "opens": ["User alice -> whatever Role shop/reader allows in shop (not known)"],
        "unknown": ["what Role shop/reader allows is not known"],
    }


def test_from_a_role_that_is_not_known_and_to_one() -> None:
    known, unknown = role_binding(ALICE), role_binding(ALICE, to="ClusterRole/x")
    assert lines(impact(unknown, known, role())) == {"opens": ["User alice -> get, list pods in shop"]}
    assert lines(impact(known, unknown, role())) == {
        "opens": ["User alice -> whatever ClusterRole x allows in shop (not known)"],
        "unknown": ["what ClusterRole x allows is not known"],
    }


def test_an_aggregated_role_allows_what_it_gathers() -> None:
    gathered = labelled(cluster_role(), {"example.com/aggregate-to-monitoring": "true"})
    binding = cluster_role_binding(ALICE, to="monitoring")
    rest = "and whatever else ClusterRole monitoring gathers"
    assert lines(impact(None, binding, aggregated_role(), gathered)) == {
        "opens": [f"User alice -> get, list pods in the whole cluster, {rest}"]
    }
    assert lines(impact(None, binding, aggregated_role())) == {
        "opens": ["User alice -> whatever ClusterRole monitoring allows in the whole cluster (not known)"],
        "unknown": ["what ClusterRole monitoring allows is not known"],
    }


def test_of_an_aggregated_role_nothing_that_is_known_may_count_in_a_namespace() -> None:
    urls = cluster_role("part", rules=[{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}])
    gathered = labelled(urls, {"example.com/aggregate-to-monitoring": "true"})
    found = impact(None, role_binding(ALICE, to="ClusterRole/monitoring"), aggregated_role(), gathered)
    assert lines(found) == {
        "opens": ["User alice -> whatever ClusterRole monitoring allows in shop (not known)"],
        "unknown": ["what ClusterRole monitoring allows is not known"],
    }


def test_from_one_role_to_an_aggregated_one() -> None:
    gathered = labelled(cluster_role("part"), {"example.com/aggregate-to-monitoring": "true"})
    before, after = (role_binding(ALICE, to=f"ClusterRole/{name}") for name in ("reader", "monitoring"))
    git = [cluster_role(rules=[rule("get", "pods")]), aggregated_role(), gathered]
    rest = "and whatever else ClusterRole monitoring gathers"
    assert lines(impact(before, after, *git)) == {"opens": [f"User alice -> list pods in shop, {rest}"]}


def test_where_all_of_a_role_is_told_that_is_all_that_it_gathers() -> None:
    (finding,) = impact(None, role_binding(ALICE, to="ClusterRole/view")).opens
    assert finding.text == "User alice -> all of ClusterRole view in shop"


# What cannot be told


@pytest.mark.parametrize(
    ("pointer", "value", "clause"),
    [
        ("/subjects", 5, "its subjects cannot be read"),
        ("/subjects/0", 5, "one of its subjects cannot be read"),
        ("/subjects/0/name", "", "one of its subjects cannot be read"),
        ("/subjects/0/name", 5, "one of its subjects cannot be read"),
        ("/subjects/0/kind", "Robot", "one of its subjects cannot be read"),
        ("/subjects/0/apiGroup", "example.com", "one of its subjects cannot be read"),
        ("/subjects/0/future", "x", "one of its subjects cannot be read"),
        ("/roleRef", 5, "its roleRef cannot be read"),
        ("/roleRef/apiGroup", "example.com", "its roleRef cannot be read"),
        ("/roleRef/kind", "Robot", "its roleRef cannot be read"),
        ("/roleRef/name", "", "its roleRef cannot be read"),
        ("/roleRef/name", 5, "its roleRef cannot be read"),
        ("/roleRef/future", "x", "its roleRef cannot be read"),
        ("/future", "x", "one of its fields cannot be read"),
    ],
)
def test_a_binding_that_cannot_be_read_widens(pointer: str, value: object, clause: str) -> None:
    binding = role_binding(ALICE)
    found = impact(binding, put(binding, pointer, value), role())
    assert found.effect is Effect.WIDENS
    assert lines(found) == {"unknown": [clause]}


def test_a_cluster_role_binding_of_a_role_cannot_be_read() -> None:
    binding = put(cluster_role_binding(ALICE), "/roleRef/kind", "Role")
    assert lines(impact(None, binding, role())) == {"unknown": ["its roleRef cannot be read"]}


def test_a_service_account_has_no_api_group() -> None:
    subject = {"kind": "ServiceAccount", "apiGroup": "rbac.authorization.k8s.io", "name": "web"}
    assert impact(None, role_binding(subject), role()).unknown == ("one of its subjects cannot be read",)


def test_more_subjects_than_can_be_looked_at() -> None:
    many = [person(f"user-{number}") for number in range(20_000)]
    assert lines(impact(None, role_binding(*many), role())) == {"unknown": ["too large to analyse"]}
