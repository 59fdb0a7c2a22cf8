"""Rows 2 and 3: out of scope, and already terminating."""

from __future__ import annotations

import pytest

from tests.builders import (
    Object,
    cluster_role,
    network_policy,
    put,
    review,
    rule,
    ruling,
)
from webhook.core.policy import Policy

WEB = network_policy()
OPENED = network_policy(podSelector={}, ingress=[{}])


# Row 2: scope


def test_a_namesake_in_another_api_group_is_not_ours() -> None:
    calico = review("UPDATE", WEB, OPENED, kind={"group": "crd.projectcalico.org", "kind": "NetworkPolicy"})
    assert ruling(calico, [WEB]) == "2 allowed out-of-scope"


def test_a_kind_outside_the_six_is_not_ours() -> None:
    pod = review("CREATE", new=WEB, kind={"group": "", "version": "v1", "kind": "Pod"})
    assert ruling(pod, [WEB]) == "2 allowed out-of-scope"


def test_an_excluded_namespace_is_left_alone() -> None:
    policy = Policy(exclude_namespaces=frozenset({"shop"}))
    assert ruling(review("UPDATE", WEB, OPENED), [WEB], policy) == "2 allowed out-of-scope"


@pytest.mark.parametrize("excluded", ["sho", "shop-2", "SHOP", "shop*", "*"])
def test_a_namespace_is_excluded_by_its_exact_name_only(excluded: str) -> None:
    policy = Policy(exclude_namespaces=frozenset({excluded}))
    assert ruling(review("UPDATE", WEB, OPENED), [WEB], policy) == "14 denied drift"


def test_what_is_out_of_scope_needs_no_snapshot() -> None:
    policy = Policy(exclude_namespaces=frozenset({"shop"}))
    assert ruling(review("UPDATE", WEB, OPENED), None, policy) == "2 allowed out-of-scope"


def test_a_cluster_scoped_kind_is_in_no_namespace_whatever_the_request_says() -> None:
    policy = Policy(exclude_namespaces=frozenset({"kube-system"}))
    reader = cluster_role()
    widened = put(reader, "/rules/-", rule("delete", "pods"))
    disguised = review("UPDATE", reader, widened, namespace="kube-system")
    assert ruling(disguised, [reader], policy) == "14 denied drift"


# Row 3: terminating


def test_deleting_a_terminating_object_is_never_held_up() -> None:
    terminating = put(WEB, "/metadata/deletionTimestamp", "2030-01-31T11:59:00Z")
    assert ruling(review("DELETE", terminating), [WEB]) == "3 allowed terminating"
    assert ruling(review("DELETE", terminating), None) == "3 allowed terminating"


def test_deleting_a_terminating_object_is_allowed_even_if_nothing_else_in_it_can_be_read() -> None:
    poisonous = {
        **WEB,
        "metadata": {**WEB["metadata"], "deletionTimestamp": "2030-01-31T11:59:00Z", "finalizers": 5},
        "spec": {"ingress": 7, "deep": nested(900)},
    }
    assert ruling(review("DELETE", poisonous), [WEB]) == "3 allowed terminating"


def nested(depth: int) -> Object:
    value: Object = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def test_a_terminating_object_may_not_be_changed_behind_its_deletion() -> None:  # CVE-2023-34091
    doomed = put(WEB, "/metadata/deletionTimestamp", "2030-01-31T11:59:00Z")
    doomed_and_opened = put(OPENED, "/metadata/deletionTimestamp", "2030-01-31T11:59:00Z")
    assert ruling(review("UPDATE", doomed, doomed_and_opened), [WEB]) == "14 denied drift"
    assert ruling(review("CREATE", new=doomed_and_opened), [WEB]) == "14 denied drift"


def test_an_empty_deletion_timestamp_is_none() -> None:
    not_terminating = put(WEB, "/metadata/deletionTimestamp", None)
    assert ruling(review("DELETE", not_terminating), [WEB]) == "14 denied deletion"
