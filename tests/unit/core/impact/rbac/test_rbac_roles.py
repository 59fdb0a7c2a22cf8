"""What a change of a Role or ClusterRole is said to open, by example."""

from __future__ import annotations

import pytest

from tests.builders import (
    Object,
    cluster_role,
    cluster_role_binding,
    person,
    put,
    role,
    role_binding,
    rule,
)
from tests.unit.core.impact.rbac.small_worlds import impact, lines
from webhook.core.impact import Effect

DEVS = {"kind": "Group", "name": "devs"}
BUILDER = {"kind": "ServiceAccount", "namespace": "ci", "name": "builder"}
EVERY_VERB = "get list watch create update patch delete deletecollection"


def told(*rules: Object) -> str:
    """Return what is told of a Role that allowed nothing and now has these rules."""
    (finding,) = impact(role(rules=[]), role(rules=list(rules))).opens
    return finding.text.removeprefix("whoever is bound to Role shop/reader -> ").removesuffix(" in shop")


# To whom


def test_a_role_that_nobody_is_known_to_be_bound_to_opens_all_the_same() -> None:
    assert lines(impact(role(), role(rules=[rule("get list", "pods"), rule("get", "secrets")]))) == {
        "opens": ["whoever is bound to Role shop/reader -> get secrets in shop (reads secrets)"]
    }


def test_those_who_are_bound_to_it_are_named_together() -> None:
    git = [role_binding(person("alice"), DEVS, BUILDER, name="one"), role_binding(DEVS, name="two")]
    assert lines(impact(role(rules=[]), role(), *git)) == {
        "opens": ["Group devs, ServiceAccount ci/builder, User alice -> get, list pods in shop"]
    }


def test_a_service_account_and_the_user_of_its_name_are_one() -> None:
    git = [role_binding(BUILDER), role_binding(person("system:serviceaccount:ci:builder"), name="same")]
    assert lines(impact(role(rules=[]), role(), *git)) == {
        "opens": ["ServiceAccount ci/builder -> get, list pods in shop"]
    }


def test_each_scope_in_which_a_cluster_role_is_bound_has_a_line() -> None:
    git = [
        role_binding(person("alice"), to="ClusterRole/reader"),
        cluster_role_binding(DEVS, to="reader"),
    ]
    assert lines(impact(cluster_role(rules=[]), cluster_role(), *git)) == {
        "opens": [
            "Group devs -> get, list pods in the whole cluster",
            "User alice -> get, list pods in shop",
        ]
    }


def test_urls_count_through_a_cluster_role_binding_only() -> None:
    urls = {"verbs": ["get"], "nonResourceURLs": ["/metrics", "/logs/*"]}
    old, new = cluster_role(), cluster_role(rules=[rule("get list", "pods"), urls])
    assert lines(impact(old, new, role_binding(DEVS, to="ClusterRole/reader"))) == {
        "opens": ["whoever is bound to ClusterRole reader -> get URL /logs/*, /metrics"]
    }
    assert lines(impact(old, new, cluster_role_binding(DEVS))) == {
        "opens": ["Group devs -> get URL /logs/*, /metrics in the whole cluster"]
    }


def test_what_known_bindings_do_not_pass_on_is_granted_to_others() -> None:
    new = cluster_role(rules=[rule("get", "pods"), {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}])
    assert lines(impact(None, new, role_binding(DEVS, to="ClusterRole/reader"))) == {
        "opens": [
            "Group devs -> get pods in shop",
            "whoever is bound to ClusterRole reader -> get URL /metrics",
        ]
    }


def test_a_binding_that_the_api_server_would_refuse_names_nobody() -> None:
    nameless = role_binding({"kind": "User", "name": ""})
    nowhere = put(role_binding(to="ClusterRole/reader"), "/metadata/namespace", 5)
    assert lines(impact(role(rules=[]), role(), nameless)) == {
        "opens": ["whoever is bound to Role shop/reader -> get, list pods in shop"]
    }
    assert lines(impact(cluster_role(rules=[]), cluster_role(), nowhere)) == {
        "opens": ["whoever is bound to ClusterRole reader -> get, list pods"]
    }


def test_of_more_bindings_than_can_be_read_nobody_is_named() -> None:
    many = [role_binding(name=f"binding-{number}") for number in range(501)]
    assert lines(impact(role(rules=[]), role(), *many)) == {
        "opens": ["whoever is bound to Role shop/reader -> get, list pods in shop"]
    }


def test_a_name_that_could_be_taken_for_words_of_ours_is_quoted() -> None:
    git = role_binding(person("alice -> nothing"))
    assert lines(impact(role(rules=[]), role(), git)) == {
        "opens": ['User "alice -> nothing" -> get, list pods in shop']
    }


# What


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([rule("get", "pods")], "get pods"),
        ([rule("get", "pods/log", "")], "get pods/log"),
        (
            [rule("create", "deployments deployments/scale", "apps")],
            "create deployments.apps, deployments.apps/scale",
        ),
        ([rule("get", "configmaps", resourceNames=["b", "a"])], "get configmaps named a, b"),
        ([rule("get", "configmaps", resourceNames=[""])], 'get configmaps named ""'),
        ([rule("*", "configmaps")], "do anything to configmaps"),
        ([rule("get *", "configmaps")], "do anything to configmaps"),
        ([rule("get *", "configmaps"), rule("*", "pods")], "do anything to configmaps, pods"),
        ([rule("get", "*")], "get all core resources"),
        ([rule("get", "*", "apps")], "get all resources of apps"),
        ([rule("get", "*", "*")], "get all resources"),
        ([rule("get", "leases", "*")], "get leases of all API groups"),
        ([rule("get", "*/status", "apps")], "get *.apps/status"),
        ([rule("get", "deployments.apps")], "get core deployments.apps"),
        ([{**rule("get", ""), "resources": ["a b"]}], 'get "a b"'),
        ([rule("get", "a b c d e f")], "get a, b, c and 3 more"),
    ],
)
def test_a_grant_in_words(rules: list[Object], words: str) -> None:
    assert told(*rules) == words


def test_what_a_broader_grant_allows_as_well_is_not_said_again() -> None:
    assert told(
        rule("get", "*", "apps"),
        rule("get", "deployments deployments/scale", "apps"),
        rule("get list", "daemonsets", "apps", resourceNames=["a"]),
        rule("list", "daemonsets", "apps"),
    ) == ("get all resources of apps; list daemonsets.apps")


def test_of_many_grants_the_worst_are_told_and_the_others_counted() -> None:
    harmless = [rule("get", name) for name in ("configmaps", "pods")]
    others = [rule("list", "jobs", "batch"), rule("create", "pods/exec"), rule("watch", "secrets")]
    assert told(*harmless, *others) == "watch secrets; create pods/exec; and 3 more grants"


def test_beside_another_no_grant_is_told_in_part() -> None:
    reads = rule("get list watch", "secrets configmaps pods events limitranges")
    assert told(reads) == "get, list, watch secrets, configmaps, events and 2 more"
    starts = rule("create", "jobs", "batch")
    assert told(reads, starts) == "get, list, watch secrets; create jobs.batch; and 4 more grants"


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            [rule("get", "secrets", resourceNames=list("abcdef")), rule("list", "pods")],
            "get secrets of 6 names; list pods",
        ),
        (
            [rule("get", "secrets", resourceNames=["a", "b"]), rule("list", "pods")],
            "get secrets named a, b; list pods",
        ),
        ([rule("a b c d e f g h i j k", "configmaps"), rule("list", "pods")], "use 11 verbs on configmaps"),
        ([rule("* a b c d e f g h i j", "configmaps"), rule("list", "pods")], "do anything to configmaps"),
    ],
)
def test_many_names_and_verbs_are_counted(rules: list[Object], words: str) -> None:
    many = rule("watch", "t u v w x")
    assert told(*rules, many).startswith(words)


def test_one_grant_that_is_told_in_part_twice_is_told_of_its_worst_resource() -> None:
    many = rule("get", "secrets a b c d e", resourceNames=["u", "v", "w", "x", "y"])
    assert told(many) == "get secrets of 5 names; and 5 more grants"


def test_a_line_is_not_wide() -> None:
    long = "resource-of-a-very-long-name-which-is-told-in-full"
    rules = [rule(f"{EVERY_VERB} {verb}", f"{verb}-{long}") for verb in ("bind", "escalate")]
    assert told(*rules) == f"bind, get, list, watch, write bind-{long}; and 1 more grant"


def test_verbs_that_write_are_one_where_much_is_told() -> None:
    rules = [rule(EVERY_VERB, "configmaps"), rule(EVERY_VERB.replace("deletecollection", ""), "pods")]
    assert (
        told(rules[0], rule("get", "t u v w x"))
        == "get, list, watch, write configmaps; get t; and 4 more grants"
    )
    assert told(rules[1], rule("get", "t u v w x")).startswith(
        "create, delete, get, list, patch, update, watch pods"
    )


def test_many_urls_are_counted() -> None:
    urls = {"verbs": ["get"], "nonResourceURLs": [f"/{letter}" for letter in "abcdef"]}
    alone = impact(cluster_role(rules=[]), cluster_role(rules=[urls]))
    among = impact(cluster_role(rules=[]), cluster_role(rules=[urls, rule("get", "pods")]))
    bound = "whoever is bound to ClusterRole reader ->"
    assert lines(alone) == {"opens": [f"{bound} get URL /a, /b, /c and 3 more"]}
    assert lines(among) == {"opens": [f"{bound} get pods; get URL /a; and 5 more grants"]}


def test_a_change_may_open_and_close() -> None:
    found = impact(role(rules=[rule("get", "pods")]), role(rules=[rule("list", "pods")]))
    assert found.effect is Effect.WIDENS
    assert lines(found) == {
        "opens": ["whoever is bound to Role shop/reader -> list pods in shop"],
        "closes": ["whoever is bound to Role shop/reader -> get pods in shop"],
    }


def test_a_role_is_created_and_deleted() -> None:
    grants = ["whoever is bound to ClusterRole reader -> get, list pods"]
    assert lines(impact(None, cluster_role())) == {"opens": grants}
    assert lines(impact(cluster_role(), None)) == {"closes": grants}
    assert impact(cluster_role(), None).effect is Effect.NARROWS


@pytest.mark.parametrize("rules", [[], [rule("", "pods")], [{"verbs": ["get"]}]])
def test_rules_that_allow_nothing_open_nothing(rules: list[Object]) -> None:
    assert impact(None, role(rules=rules)).effect is Effect.NEITHER


# What cannot be told


@pytest.mark.parametrize(
    ("content", "clause"),
    [
        ({"rules": 5}, "its rules cannot be read"),
        ({"rules": [5]}, "one of its rules cannot be read"),
        ({"rules": [{"verbs": "get"}]}, "one of its rules cannot be read"),
        ({"rules": [{"verbs": [5]}]}, "one of its rules cannot be read"),
        ({"rules": [rule("get", "pods", future=True)]}, "one of its rules cannot be read"),
        ({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/"]}]}, "it grants URLs, which a Role cannot"),
        ({"future": []}, "one of its fields cannot be read"),
        ({"aggregationRule": {}}, "one of its fields cannot be read"),
    ],
)
def test_a_role_that_cannot_be_read_widens(content: Object, clause: str) -> None:
    found = impact(role(), role(**content))
    assert found.effect is Effect.WIDENS
    assert lines(found) == {"unknown": [clause]}


@pytest.mark.parametrize("labels", [5, {"a": 5}])
def test_labels_that_cannot_be_read_widen(labels: object) -> None:
    assert lines(impact(cluster_role(), cluster_role(metadata={"labels": labels}))) == {
        "unknown": ["its labels cannot be read"]
    }


# Large roles


def large(verbs: str, *, rules: int = 500) -> Object:
    return cluster_role(
        rules=[
            rule(verbs, " ".join(f"kind-{number}-{part}" for part in range(5)), f"group-{number % 7}")
            for number in range(rules)
        ]
    )


def test_a_role_of_500_rules_that_all_change_is_analysed() -> None:
    found = impact(large(EVERY_VERB), large(EVERY_VERB.replace("watch", "bind")))
    assert not found.unknown
    assert str(found.opens[0]).endswith("bind kind-1-0.group-1; and 2498 more grants")
    assert "watch kind-" in str(found.closes[0])


HUNDRED = [f"word-{number}" for number in range(100)]
THOUSANDS = [f"word-{number}" for number in range(10_000)]


@pytest.mark.parametrize(
    "rules",
    [
        [{"verbs": HUNDRED, "apiGroups": HUNDRED, "resources": HUNDRED, "resourceNames": HUNDRED}],
        [{"verbs": THOUSANDS, "apiGroups": ["a"], "resources": HUNDRED}],
        [rule(word, "pods") for word in THOUSANDS],
        [rule(word, "pods") for word in THOUSANDS[:2_000]],
        [{"verbs": ["get"], "nonResourceURLs": THOUSANDS}],
        [{"verbs": ["get"], "nonResourceURLs": [word * 1_000 for word in HUNDRED]}],
    ],
)
def test_what_would_take_too_long_is_not_analysed_and_widens(rules: list[Object]) -> None:
    assert lines(impact(cluster_role(), cluster_role(rules=rules))) == {"unknown": ["too large to analyse"]}


def test_what_stays_is_looked_at_as_well_and_may_take_too_long() -> None:
    stays = {"verbs": ["get"], "nonResourceURLs": THOUSANDS[:5_000]}
    comes = {"verbs": ["get"], "nonResourceURLs": [f"/{word}" for word in HUNDRED]}
    found = impact(cluster_role(rules=[stays]), cluster_role(rules=[stays, comes]))
    assert found.unknown == ("too large to analyse",)
