"""Row 5: an UPDATE in which nothing governed changes, old against new."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    Object,
    annotated,
    drop,
    ingress,
    labelled,
    network_policy,
    owner,
    put,
    review,
    ruling,
    stored,
)

WEB = network_policy()
SHOP = ingress()
DRIFTED = network_policy(podSelector={}, ingress=[{}])
UNCHANGED = "5 allowed unchanged"


@pytest.mark.parametrize("git", [[WEB], [], None], ids=["declared", "undeclared", "no snapshot"])
def test_an_update_that_changes_nothing_passes_whatever_git_says(git: list[Object] | None) -> None:
    assert ruling(review("UPDATE", DRIFTED, DRIFTED), git) == UNCHANGED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uid", "another"),
        ("resourceVersion", "1002"),
        ("generation", 2),
        ("creationTimestamp", "2031-01-01T00:00:00Z"),
        ("managedFields", [{"manager": "flux"}]),
        ("selfLink", "/apis/..."),
        ("deletionTimestamp", "2030-01-31T12:00:00Z"),
        ("deletionGracePeriodSeconds", 0),
    ],
)
def test_what_the_server_writes_is_not_governed(field: str, value: Any) -> None:
    before = stored(DRIFTED)
    assert ruling(review("UPDATE", before, put(before, f"/metadata/{field}", value)), [WEB]) == UNCHANGED


def test_status_is_free() -> None:
    addressed = {**SHOP, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    by_status = review("UPDATE", SHOP, addressed, user="nginx", subResource="status")
    assert ruling(by_status, [SHOP]) == UNCHANGED
    assert ruling(by_status, []) == UNCHANGED


@pytest.mark.parametrize(
    "pointer",
    [
        "/metadata/annotations/nginx.ingress.kubernetes.io~1configuration-snippet",
        "/metadata/labels/app",
        "/metadata/finalizers",
        "/metadata/ownerReferences",
    ],
)
def test_metadata_set_through_the_status_subresource_is_judged_as_in_any_update(pointer: str) -> None:
    smuggled = put(SHOP, pointer, [owner("gone")] if "owner" in pointer else ["example.com/hold"])
    by_status = review("UPDATE", SHOP, smuggled, subResource="status")
    assert ruling(by_status, [SHOP]) == "14 denied drift"


@pytest.mark.parametrize(
    "changed",
    [
        put(WEB, "/spec/podSelector", {}),
        labelled(WEB, {"app": "web"}),
        annotated(WEB, {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
        put(WEB, "/metadata/finalizers", ["example.com/hold"]),
        put(WEB, "/metadata/ownerReferences", [owner("gone")]),
        put(WEB, "/metadata/somethingNew", "x"),
        put(WEB, "/somethingNew", "x"),
        drop(WEB, "/spec/policyTypes"),
    ],
    ids=["spec", "label", "annotation", "finalizer", "owner", "metadata", "top level", "a field removed"],
)
def test_everything_else_is_governed(changed: Object) -> None:
    assert ruling(review("UPDATE", WEB, changed), []) == "14 denied undeclared"


# Finalizers

HELD = put(WEB, "/metadata/finalizers", ["example.com/a", "example.com/b"])


def finalized(*finalizers: str) -> Object:
    return put(HELD, "/metadata/finalizers", list(finalizers))


@pytest.mark.parametrize("git", [[WEB], [DRIFTED], []], ids=["declared", "drifted", "undeclared"])
@pytest.mark.parametrize(
    "after", [finalized("example.com/b"), finalized(), WEB, put(HELD, "/metadata/finalizers", None)]
)
def test_anybody_may_remove_a_finalizer_that_git_does_not_declare(git: list[Object], after: Object) -> None:
    assert ruling(review("UPDATE", HELD, after), git) == UNCHANGED


def test_the_order_of_finalizers_is_no_change() -> None:
    assert ruling(review("UPDATE", HELD, finalized("example.com/b", "example.com/a")), [WEB]) == UNCHANGED


def test_a_finalizer_that_git_declares_stays() -> None:
    keeps_a = finalized("example.com/a")
    assert ruling(review("UPDATE", HELD, finalized("example.com/b")), [keeps_a]) == "14 denied drift"
    assert ruling(review("UPDATE", HELD, finalized()), [keeps_a]) == "14 denied drift"
    assert ruling(review("UPDATE", HELD, finalized("example.com/a")), [keeps_a]) == UNCHANGED


def test_adding_a_finalizer_is_a_change() -> None:
    added = finalized("example.com/a", "example.com/b", "example.com/c")
    exchanged = finalized("example.com/a", "example.com/c")
    assert ruling(review("UPDATE", HELD, added), [HELD]) == "14 denied drift"
    assert ruling(review("UPDATE", HELD, exchanged), [WEB]) == "14 denied drift"


def test_removing_a_finalizer_together_with_something_else_is_judged_whole() -> None:
    opened = put(WEB, "/spec/ingress", [{}])
    assert ruling(review("UPDATE", HELD, opened), [WEB]) == "14 denied drift"


def test_without_a_snapshot_nobody_knows_whether_git_declares_the_finalizer() -> None:
    assert ruling(review("UPDATE", HELD, WEB), None) == "8 no baseline"


# JSON's types are not Python's


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False)])
def test_values_that_only_python_takes_for_equal_are_a_change(before: Any, after: Any) -> None:
    old, new = put(WEB, "/spec/unknown", before), put(WEB, "/spec/unknown", after)
    assert ruling(review("UPDATE", old, new), [old]) == "14 denied drift"
