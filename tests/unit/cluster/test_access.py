from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cluster.apiserver import (
    ACCESS_REVIEWS,
    TOKEN,
    ApiServer,
    Call,
    Reply,
    failure,
    write_kubeconfig,
)
from webhook.cluster.access import AccessReviewer
from webhook.cluster.api import Api
from webhook.cluster.client import api_client
from webhook.core.breakglass import AccessAnswer, AccessQuestion
from webhook.core.kinds import CLUSTER_ROLE, NETWORK_POLICY, RBAC
from webhook.core.objects import ObjectKey
from webhook.core.subject import Subject

ONCALL = Subject("oncall", "42", ("sre", "system:authenticated"), {"example.com/scopes": ["all", "some"]})
WEB = ObjectKey(NETWORK_POLICY.group, "NetworkPolicy", "shop", "web")
QUESTION = AccessQuestion(ONCALL, "networkpolicies", WEB)
PATIENT = 30.0


def ask(api: Api, question: AccessQuestion = QUESTION, timeout: float = PATIENT) -> AccessAnswer:
    return AccessReviewer(lambda: api).ask(question, timeout)


def access_review(status: Any) -> Reply:
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
    return Reply({**kind, "metadata": {}, "spec": {}, "status": status}, 201)


# What is asked


def test_the_whole_user_is_asked_about_for_the_virtual_verb_on_the_object(
    server: ApiServer, api: Api
) -> None:
    server.answer = lambda _: access_review({"allowed": True})
    ask(api)
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", ACCESS_REVIEWS)
    assert call.headers["content-type"] == "application/json"
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert call.body == {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": "oncall",
            "uid": "42",
            "groups": ["sre", "system:authenticated"],
            "extra": {"example.com/scopes": ["all", "some"]},
            "resourceAttributes": {
                "group": "baseward.io",  # so that nobody who has * on networkpolicies has it by accident
                "resource": "networkpolicies",
                "verb": "break-glass",
                "namespace": "shop",
                "name": "web",
            },
        },
    }


def test_a_cluster_scoped_object_is_asked_about_without_a_namespace(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: access_review({"allowed": True})
    ask(api, AccessQuestion(ONCALL, "clusterroles", ObjectKey(RBAC, CLUSTER_ROLE.name, "", "admin:all")))
    attributes = server.calls[0].body["spec"]["resourceAttributes"]
    assert attributes["name"] == "admin:all"
    assert not attributes.get("namespace")


def test_the_api_server_is_reached_anew_for_each_question_with_one_client(
    server: ApiServer, api: Api
) -> None:
    server.answer = lambda _: access_review({"allowed": True})
    made: list[Api] = []

    def make() -> Api:
        made.append(api)
        return api

    reviewer = AccessReviewer(make)
    assert made == []  # nothing is needed before a claim is there
    for _ in range(3):
        assert reviewer.ask(QUESTION, PATIENT).allowed
    assert (len(made), len(server.calls)) == (1, 3)


# What is answered


def test_allowed_is_allowed(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: access_review({"allowed": True, "reason": "RBAC: allowed by RoleBinding sre"})
    assert ask(api) == AccessAnswer(allowed=True)


@pytest.mark.parametrize(
    "status",
    [
        {"allowed": False},
        {"allowed": False, "denied": True, "reason": "no"},
        {"allowed": True, "denied": True},  # contradicts itself
        {"allowed": "true"},
        {"allowed": 1},
        {},
    ],
)
def test_anything_else_is_a_no_that_says_what_rbac_would_have_to_grant(
    server: ApiServer, api: Api, status: dict[str, Any]
) -> None:
    server.answer = lambda _: access_review(status)
    answer = ask(api)
    assert not answer.allowed
    assert answer.why == (
        "you may not break-glass networkpolicies in namespace shop: RBAC would have to grant the verb"
        " break-glass on networkpolicies in the API group baseward.io"
    )


# What goes wrong


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (failure(401, "Unauthorized"), "refused the access review with status 401"),
        (failure(403, "baseward cannot create subjectaccessreviews"), "with status 403"),
        (failure(429, "too many requests"), "with status 429"),
        (failure(500, "etcd is gone"), "with status 500"),
        (Reply(b"<html>bad gateway</html>", 502), "with status 502"),
        (Reply(b"", 503), "with status 503"),
    ],
)
def test_an_error_of_the_api_server_is_a_no(server: ApiServer, api: Api, reply: Reply, why: str) -> None:
    server.answer = lambda _: reply
    answer = ask(api)
    assert not answer.allowed
    assert why in answer.why


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(b""), id="nothing"),
        pytest.param(Reply(b"<html>please log in</html>"), id="a page"),
        pytest.param(Reply(b'{"status": {"allowed": true'), id="half of it"),
        pytest.param(Reply([]), id="a list"),
        pytest.param(Reply({"status": None}), id="no status"),
        pytest.param(Reply({"status": "Success"}), id="a text for a status"),
        pytest.param(Reply(b"", 302), id="a redirection"),
    ],
)
def test_an_answer_that_is_no_access_review_is_a_no_and_no_crash(
    server: ApiServer, api: Api, reply: Reply
) -> None:
    server.answer = lambda _: reply
    answer = ask(api)
    assert not answer.allowed
    assert answer.why


def test_an_api_server_that_says_nothing_is_waited_for_no_longer_than_told(
    server: ApiServer, api: Api
) -> None:
    def hang(_call: Call) -> Reply:
        server.end.wait()
        return access_review({"allowed": True})

    server.answer = hang
    answer = ask(api, timeout=0.1)
    assert not server.end.is_set()
    assert answer == AccessAnswer(
        allowed=False, why="the access review failed: the API server cannot be reached, or was too slow"
    )


def test_an_answer_that_trickles_in_is_waited_for_no_longer_than_told_in_all(
    server: ApiServer, api: Api
) -> None:
    # Each byte comes in time, all of them together do not.
    server.answer = lambda _: Reply({"status": {"allowed": True}}, 201, pauses=0.05)
    assert not ask(api, timeout=0.2).allowed


def test_where_nobody_listens_it_is_a_no(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    path = write_kubeconfig(tmp_path, f"http://127.0.0.1:{port}")
    answer = ask(Api(api_client(kubeconfig=path)[0]))
    assert not answer.allowed
    assert "cannot be reached" in answer.why


def test_without_credentials_it_is_a_no_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    answer = AccessReviewer().ask(QUESTION, PATIENT)
    assert not answer.allowed
    assert "no credentials for the Kubernetes API" in answer.why


def test_credentials_that_come_later_are_used(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    server.answer = lambda _: access_review({"allowed": True})
    missing = tmp_path / "kubeconfig"
    reviewer = AccessReviewer(lambda: Api(api_client(kubeconfig=missing)[0]))
    assert not reviewer.ask(QUESTION, PATIENT).allowed
    server.kubeconfig(tmp_path)
    assert reviewer.ask(QUESTION, PATIENT).allowed


def test_after_an_error_the_next_question_is_asked_anew(server: ApiServer, api: Api) -> None:
    replies = iter([failure(500, "etcd is gone"), access_review({"allowed": True})])
    server.answer = lambda _: next(replies)
    reviewer = AccessReviewer(lambda: api)
    assert [reviewer.ask(QUESTION, PATIENT).allowed for _ in range(2)] == [False, True]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_the_api_servers_words_and_our_credentials_are_no_business_of_the_user(
    server: ApiServer, api: Api, status: int
) -> None:
    server.answer = lambda call: failure(status, f"bad token {call.headers['authorization']}")
    why = ask(api).why
    assert str(status) in why
    assert TOKEN not in why
