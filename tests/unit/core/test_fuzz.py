"""Whatever JSON is sent, the core answers or says that the review is malformed; it raises nothing else."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders import (
    GITOPS,
    MAY_BREAK_GLASS,
    MAY_NOT_BREAK_GLASS,
    Object,
    aggregated_role,
    annotated,
    answer,
    baseline,
    claimed,
    cluster_role,
    cluster_role_binding,
    ingress,
    labelled,
    network_policy,
    put,
    review,
    role,
    role_binding,
    stored,
)
from tests.unit.core.strategies import at, damaged, json_values, replaced
from webhook.core.controllers import SystemController
from webhook.core.errors import ReviewError
from webhook.core.normalize.left_out import Ignore, LeftOut
from webhook.core.policy import Policy
from webhook.core.subject import Approver

KUBE_SYSTEM = "system:serviceaccount:kube-system:"
USERS: list[str | Object] = [
    "alice",
    "oncall",
    "rancher",
    GITOPS,
    f"{KUBE_SYSTEM}generic-garbage-collector",
    f"{KUBE_SYSTEM}clusterrole-aggregation-controller",
    "system:kube-controller-manager",
]
OBJECTS = [
    network_policy(),
    ingress(ingressClassName="nginx", rules=[]),
    ingress(),
    role(),
    cluster_role(),
    aggregated_role(),
    role_binding(),
    cluster_role_binding(),
]
DECORATED = [
    obj
    for plain in OBJECTS
    for obj in (
        stored(plain),
        claimed(plain),
        put(plain, "/metadata/finalizers", ["a/b"]),
        put(plain, "/metadata/ownerReferences", [{"name": "a", "blockOwnerDeletion": True}]),
        annotated(labelled(plain, {"argocd.argoproj.io/instance": "a"}), {"a": "b"}),
        annotated(plain, {"kubectl.kubernetes.io/last-applied-configuration": "{}"}),
    )
]
GIT = baseline(*OBJECTS[:4], *OBJECTS[5:], earlier=[OBJECTS[4:5]])
POLICY = Policy(
    approvers=(Approver(GITOPS["username"]),),
    ingress_class="nginx",
    controllers=(
        SystemController("rancher", ("*",), ("UPDATE",), (("metadata", "labels", "a"), ("spec", "rules"))),
    ),
    left_out=LeftOut(ignore=(Ignore(("*",), (("metadata", "labels", "ignored"), ("spec", "tls"))),)),
)


def is_answered(reviewed: Any) -> bool:
    """Do all that the core does for a request, twice; tell whether it could be read."""
    try:
        for access in (MAY_NOT_BREAK_GLASS, MAY_BREAK_GLASS):
            orjson.dumps(answer(reviewed, GIT, POLICY, access).to_review())
    except ReviewError:
        return False
    return True


objects_at_hand = st.sampled_from(OBJECTS + DECORATED)


@st.composite
def reviews(draw: st.DrawFn) -> Object:
    operation = draw(st.sampled_from(["CREATE", "UPDATE", "DELETE"]))
    obj = draw(objects_at_hand)
    of_its_kind = [other for other in OBJECTS + DECORATED if other["kind"] == obj["kind"]]
    old = None if operation == "CREATE" else draw(st.sampled_from(of_its_kind))
    new = None if operation == "DELETE" else obj
    of_all = {"name": ""} if operation == "DELETE" and draw(st.booleans()) else {}
    return review(operation, old, new, draw(st.sampled_from(USERS)), **of_all)


@given(json_values)
def test_any_json_as_a_review(body: Any) -> None:
    assert not is_answered(body)


@given(json_values)
def test_any_json_as_a_request(body: Any) -> None:
    assert not is_answered({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": body})


@given(reviews())
def test_a_review_as_the_api_server_sends_it_is_always_answered(reviewed: Object) -> None:
    assert is_answered(reviewed)


@given(reviews().flatmap(damaged))
def test_a_review_with_damage_anywhere(reviewed: Any) -> None:
    is_answered(reviewed)


@given(reviews(), st.data())
def test_an_object_with_damage_inside(reviewed: Object, data: st.DataObject) -> None:
    for name in ("object", "oldObject"):
        inside = ("request", name)
        if at(reviewed, inside) is not None:
            reviewed = replaced(reviewed, inside, data.draw(damaged(at(reviewed, inside), 0)))
    is_answered(reviewed)


@st.composite
def with_damaged_content(draw: st.DrawFn, obj: Object) -> Object:
    """Generate copies of an object with damage anywhere but in its metadata."""
    fields = [name for name in obj if name not in ("apiVersion", "kind", "metadata")]
    return {**obj, **{name: draw(damaged(obj[name], 0)) for name in fields}}


@given(st.sampled_from(OBJECTS), st.data())
@example({**role(), "rules": 5}, None)
@example({**role_binding(), "subjects": 5}, None)
def test_a_claim_on_an_object_with_damage_inside(obj: Object, data: st.DataObject | None) -> None:
    old, new = (
        (data.draw(with_damaged_content(obj)), data.draw(with_damaged_content(obj))) if data else (obj, obj)
    )
    assert is_answered(review("CREATE", new=claimed(new), user="oncall"))
    assert is_answered(review("UPDATE", old, claimed(new), user="oncall"))


# Nesting: orjson reads 1,024 levels and writes 254.

MAPS, LISTS = ('{"a":', "}"), ("[", "]")


def deep(reviewed: Object, depth: int, brackets: tuple[str, str] = MAPS) -> Object:
    """Return a review, read from JSON, with nested values where it says ONE or TWO."""
    opening, closing = brackets
    text = orjson.dumps(reviewed).decode()
    for word in ("ONE", "TWO"):
        text = text.replace(f'"{word}"', opening * depth + f'"{word}"' + closing * depth)
    parsed: Object = orjson.loads(text)
    return parsed


PLACES = [
    "/spec",
    "/spec/podSelector",
    "/metadata/labels",
    "/metadata/ownerReferences",
    "/unknown",
    "/status",
]


@pytest.mark.parametrize("brackets", [MAPS, LISTS], ids=["maps", "lists"])
@pytest.mark.parametrize("depth", [200, 255, 500, 990, 1_015])
@pytest.mark.parametrize("user", ["alice", "rancher", f"{KUBE_SYSTEM}generic-garbage-collector"])
def test_an_object_nested_too_deep_is_malformed_and_no_error(
    user: str, depth: int, brackets: tuple[str, str]
) -> None:
    for pointer in PLACES:
        one, two = put(network_policy(), pointer, "ONE"), put(network_policy(), pointer, "TWO")
        for old, new in ((one, two), (one, one), (network_policy(), one), (one, network_policy())):
            is_answered(deep(review("UPDATE", old, new, user), depth, brackets))
        is_answered(deep(review("CREATE", new=claimed(one), user="oncall"), depth, brackets))


@pytest.mark.parametrize("depth", [255, 1_015])
def test_an_object_nested_too_deep_can_still_be_deleted(depth: int) -> None:
    undeclared = put(network_policy("undeclared"), "/spec", "ONE")
    terminating = put(
        put(network_policy(), "/spec", "ONE"), "/metadata/deletionTimestamp", "2030-01-01T00:00:00Z"
    )
    for poisonous in (undeclared, terminating):
        assert is_answered(deep(review("DELETE", poisonous), depth))


@pytest.mark.parametrize("depth", [255, 1_015])
def test_a_declared_object_nested_too_deep_is_malformed(depth: int) -> None:
    one, two = put(network_policy(), "/spec/deep", "ONE"), put(network_policy(), "/spec/deep", "TWO")
    assert not is_answered(deep(review("CREATE", new=one), depth))
    assert not is_answered(deep(review("UPDATE", network_policy(), one), depth))
    assert not is_answered(deep(review("UPDATE", one, two), depth))
