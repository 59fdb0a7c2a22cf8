"""AdmissionReview, in and out: what is read, and how each malformed shape is named."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.builders import Object, cluster_role, drop, network_policy, put, review
from webhook.core.errors import BasewardError, ReviewError
from webhook.core.kinds import CLUSTER_ROLE, NETWORK_POLICY
from webhook.core.objects import ObjectKey
from webhook.core.review import AdmissionResponse, parse_review

WEB = network_policy()
UPDATE = review("UPDATE", WEB, WEB)


# What is read


def test_an_update_as_the_api_server_sends_it() -> None:
    user_info = {"username": "alice", "uid": "7", "groups": ["sre"], "extra": {"scopes": ["a"]}}
    parsed = parse_review(review("UPDATE", WEB, WEB, user=user_info, dryRun=True, subResource="status"))
    assert parsed.uid == "705ab4f5-6393-11e8-b7cc-42010a800002"
    assert parsed.operation == "UPDATE"
    assert parsed.key == ObjectKey("networking.k8s.io", "NetworkPolicy", "shop", "web")
    assert (parsed.kind, parsed.subresource, parsed.dry_run) == (NETWORK_POLICY, "status", True)
    assert (parsed.subject.username, parsed.subject.uid) == ("alice", "7")
    assert (parsed.subject.groups, parsed.subject.extra) == (("sre",), {"scopes": ["a"]})
    assert (parsed.old, parsed.new, parsed.target, parsed.is_collection) == (WEB, WEB, WEB, False)


@pytest.mark.parametrize("field", ["dryRun", "subResource", "name", "namespace", "resource"])
def test_what_the_api_server_may_leave_out(field: str) -> None:
    for sparse in (
        drop(put(UPDATE, f"/request/{field}", ""), f"/request/{field}"),
        put(UPDATE, f"/request/{field}", None),
    ):
        parsed = parse_review(sparse)
        assert (parsed.key, parsed.dry_run) == (parse_review(UPDATE).key, False)


def test_a_subject_needs_nothing_but_a_name() -> None:
    parsed = parse_review(
        review("UPDATE", WEB, WEB, user={"username": "alice", "uid": None, "groups": None, "extra": None})
    )
    assert (parsed.subject.uid, parsed.subject.groups, parsed.subject.extra) == ("", (), {})


def test_a_create_has_no_old_object_and_a_delete_no_new_one() -> None:
    created, deleted = parse_review(review("CREATE", new=WEB)), parse_review(review("DELETE", WEB))
    assert (created.old, created.target) == (None, WEB)
    assert (deleted.new, deleted.target) == (None, WEB)


def test_in_a_delete_collection_the_name_is_the_objects() -> None:
    of_all = parse_review(review("DELETE", WEB, name=""))
    assert (of_all.key.name, of_all.is_collection) == ("web", True)
    assert not parse_review(review("DELETE", WEB)).is_collection


def test_with_generate_name_the_name_is_the_objects() -> None:
    generated = put(network_policy("web-x7k2p"), "/metadata/generateName", "web-")
    assert parse_review(review("CREATE", new=generated, name="")).key.name == "web-x7k2p"


def test_the_name_of_the_request_serves_where_the_object_has_none() -> None:
    nameless = drop(WEB, "/metadata/name")
    assert parse_review(put(review("CREATE", new=WEB), "/request/object", nameless)).key.name == "web"


def test_the_namespace_may_stand_in_the_request_or_in_the_object() -> None:
    for reviewed in (
        put(UPDATE, "/request/namespace", ""),
        drop(UPDATE, "/request/object/metadata/namespace"),
    ):
        assert parse_review(reviewed).key.namespace == "shop"


def test_a_cluster_scoped_object_has_no_namespace_whatever_is_written() -> None:
    reader = put(cluster_role(), "/metadata/namespace", "shop")
    parsed = parse_review(review("CREATE", new=reader, namespace="bank"))
    assert (parsed.key.namespace, parsed.kind) == ("", CLUSTER_ROLE)


def test_of_what_is_not_governed_only_the_envelope_is_read() -> None:
    pod = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "1",
            "operation": "CONNECT",
            "kind": {"version": "v1", "kind": "PodExecOptions"},
            "userInfo": {"username": "alice"},
            "object": 5,
        },
    }
    parsed = parse_review(pod)
    assert (parsed.kind, parsed.old, parsed.new, parsed.target) == (None, None, None, {})
    assert parsed.key == ObjectKey("", "PodExecOptions", "", "")


# What is malformed


@pytest.mark.parametrize("body", [None, [], "review", 5, True])
def test_a_body_that_is_no_object(body: Any) -> None:
    with pytest.raises(ReviewError, match="the body must be a JSON object"):
        parse_review(body)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("apiVersion", "admission.k8s.io/v1beta1"),
        ("apiVersion", None),
        ("kind", "Review"),
        ("kind", ["AdmissionReview"]),
    ],
)
def test_a_body_that_is_no_admission_review(field: str, value: Any) -> None:
    with pytest.raises(ReviewError, match=r"no admission\.k8s\.io/v1 AdmissionReview"):
        parse_review({**UPDATE, field: value})


@pytest.mark.parametrize(
    ("pointer", "value", "complaint"),
    [
        ("/request", None, "request must be a map, but there is nothing"),
        ("/request", [], "request must be a map, but there is a list"),
        ("/request/uid", None, "request.uid must be a non-empty string, but there is nothing"),
        ("/request/uid", "", "request.uid must be a non-empty string"),
        ("/request/uid", 5, "request.uid must be a non-empty string, but there is a int"),
        ("/request/operation", None, "request.operation must be a non-empty string"),
        ("/request/operation", "PATCH", "request.operation must be CREATE, UPDATE or DELETE, not 'PATCH'"),
        ("/request/operation", "update", "request.operation must be CREATE, UPDATE or DELETE, not 'update'"),
        (
            "/request/operation",
            "CONNECT",
            "request.operation must be CREATE, UPDATE or DELETE, not 'CONNECT'",
        ),
        ("/request/kind", "NetworkPolicy", "request.kind must be a map, but there is a str"),
        ("/request/kind/kind", None, "request.kind.kind must be a non-empty string"),
        ("/request/kind/group", 5, "request.kind.group must be a string"),
        ("/request/userInfo", None, "request.userInfo must be a map"),
        ("/request/userInfo/username", "", "request.userInfo.username must be a non-empty string"),
        ("/request/userInfo/username", None, "request.userInfo.username must be a non-empty string"),
        ("/request/userInfo/uid", 5, "request.userInfo.uid must be a string"),
        ("/request/userInfo/groups", "sre", "request.userInfo.groups must be a list of strings"),
        ("/request/userInfo/groups", ["sre", 5], "request.userInfo.groups must be a list of strings"),
        ("/request/userInfo/extra", ["a"], "request.userInfo.extra must be a map"),
        ("/request/name", 5, "request.name must be a string"),
        ("/request/namespace", {}, "request.namespace must be a string"),
        ("/request/subResource", True, "request.subResource must be a string"),
        ("/request/dryRun", "true", "request.dryRun must be"),
        ("/request/object", None, "request.object must be a map, but there is nothing"),
        ("/request/object", [], "request.object must be a map, but there is a list"),
        ("/request/oldObject", None, "request.oldObject must be a map"),
        ("/request/object/metadata", None, "request.object.metadata must be a map"),
        ("/request/oldObject/metadata", "web", "request.oldObject.metadata must be a map"),
        (
            "/request/object/metadata/labels",
            [],
            "request.object.metadata.labels must be a map, but there is a list",
        ),
        (
            "/request/oldObject/metadata/annotations",
            "a",
            "request.oldObject.metadata.annotations must be a map",
        ),
        ("/request/object/metadata/name", 5, "metadata.name must be a string"),
        ("/request/object/metadata/namespace", 5, "metadata.namespace must be a string"),
        ("/request/object/metadata/name", "other", "request.name and the object's metadata.name differ"),
        (
            "/request/object/metadata/namespace",
            "other",
            "request.namespace and the object's metadata.namespace differ",
        ),
    ],
)
def test_each_malformed_shape_is_named_by_its_path(pointer: str, value: Any, complaint: str) -> None:
    with pytest.raises(ReviewError, match=f"^{re.escape(complaint)}"):
        parse_review(put(UPDATE, pointer, value))


@pytest.mark.parametrize(
    "field",
    ["request", "request/uid", "request/operation", "request/kind", "request/userInfo", "request/object"],
)
def test_what_is_missing_is_named(field: str) -> None:
    with pytest.raises(ReviewError, match=f"^{field.replace('/', '.')} must be"):
        parse_review(drop(UPDATE, f"/{field}"))


def test_an_operation_is_quoted_cut_and_escaped() -> None:
    with pytest.raises(ReviewError) as caught:
        parse_review(put(UPDATE, "/request/operation", "\x1b[31m\n" + "x" * 9_999))
    assert len(str(caught.value)) < 200
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_object_without_a_name_cannot_be_judged() -> None:
    nameless = put(UPDATE, "/request/name", "")
    with pytest.raises(ReviewError, match=r"no metadata\.name, and request\.name is empty"):
        parse_review(drop(nameless, "/request/object/metadata/name"))


def test_an_object_without_a_namespace_cannot_be_judged() -> None:
    nowhere = drop(put(UPDATE, "/request/namespace", ""), "/request/object/metadata/namespace")
    with pytest.raises(ReviewError, match=r"a NetworkPolicy needs a namespace: request\.namespace is empty"):
        parse_review(nowhere)


def test_a_review_error_is_one_of_ours() -> None:
    assert issubclass(ReviewError, BasewardError)


# The answer


def to_review(**response: Any) -> Object:
    return AdmissionResponse(uid="1", **response).to_review()


def test_an_allowed_request_is_answered_with_its_uid() -> None:
    assert to_review(allowed=True) == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": "1", "allowed": True},
    }


def test_a_denial_is_forbidden_with_code_403_and_its_message() -> None:
    response = to_review(allowed=False, message="no")["response"]
    assert response == {
        "uid": "1",
        "allowed": False,
        "status": {"status": "Failure", "code": 403, "reason": "Forbidden", "message": "no"},
    }


def test_warnings_and_audit_annotations_go_along() -> None:
    response = to_review(allowed=True, warnings=("a", "b"), audit_annotations={"decision": "warned"})[
        "response"
    ]
    assert response["warnings"] == ["a", "b"]
    assert response["auditAnnotations"] == {"decision": "warned"}
    assert "patch" not in response
    assert "status" not in response
