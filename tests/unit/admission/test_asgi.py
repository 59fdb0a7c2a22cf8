from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import GITOPS, MAY_BREAK_GLASS, MAY_NOT_BREAK_GLASS, Object, network_policy, put, review
from tests.unit.admission.judging import (
    JSON,
    ApiServer,
    Worker,
    breaking_glass,
    exchange,
    messages_of,
    scope_of,
    until,
)
from tests.unit.admission.snapshots import current_file, damage, publish
from webhook.admission.asgi import BODY_LIMIT, Application, timeout_of
from webhook.baseline.status import SourceStatus, SyncStatus, write_status
from webhook.core.breakglass import AccessAnswer
from webhook.core.policy import Policy

WEB = network_policy()
OPENED = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})
TERMINATING = put(WEB, "/metadata/deletionTimestamp", "2030-01-01T00:00:00Z")
UID = "705ab4f5-6393-11e8-b7cc-42010a800002"
MIB = 1024 * 1024


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """A worker whose baseline declares one NetworkPolicy, shop/web."""
    publish(tmp_path, WEB)
    with contextlib.closing(Worker(tmp_path)) as serving:
        yield serving


@pytest.fixture
def worker_without_snapshot(tmp_path: Path) -> Iterator[Worker]:
    with contextlib.closing(Worker(tmp_path)) as serving:
        yield serving


def assert_it_still_judges(worker: Worker) -> None:
    answer = worker.review(review("CREATE", new=WEB))
    assert (answer.status, answer.content["response"]["allowed"]) == (200, True)


# What the API server is answered


def test_an_allowed_change_is_answered_as_admission_v1(worker: Worker) -> None:
    answer = worker.review(review("CREATE", new=WEB))
    assert answer.status == 200
    assert answer.headers == {
        b"content-type": b"application/json",
        b"content-length": str(len(answer.body)).encode(),
    }
    commit = answer.content["response"]["auditAnnotations"].pop("commit")
    assert commit.startswith("3f2c1ab")
    assert answer.content["response"].pop("auditAnnotations")["reason"] == "restores-git"
    assert answer.content == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {
            "uid": UID,
            "allowed": True,
            "auditAnnotations": {"decision": "allowed", "reason": "restores-git", "commit": commit},
        },
    }


def test_a_denial_is_a_403_forbidden_inside_of_a_200(worker: Worker) -> None:
    answer = worker.review(review("UPDATE", old=WEB, new=OPENED))
    assert answer.status == 200
    response = answer.content["response"]
    message = response["status"].pop("message")
    assert response == {
        "uid": UID,
        "allowed": False,
        "status": {"status": "Failure", "code": 403, "reason": "Forbidden"},
        "auditAnnotations": {
            "decision": "denied",
            "reason": "drift",
            "action": "deny",
            "commit": "3f2c1ab" + "0" * 33,
        },
    }
    assert message.startswith("NetworkPolicy shop/web is declared in Git, and alice is not an approved")


def test_warnings_are_one_line_each(worker: Worker) -> None:
    answer = worker.review(review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"))
    response = answer.content["response"]
    assert response["allowed"]
    assert "glass broken by oncall" in response["warnings"][0]
    assert "spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}" in response["warnings"]
    assert [line for line in response["warnings"] if not line.isprintable() or len(line) > 256] == []


def test_every_decision_is_logged_once_and_what_is_refused_never(worker: Worker) -> None:
    worker.review(review("CREATE", new=WEB))
    worker.review(b"{")
    worker.review(review("UPDATE", old=WEB, new=OPENED))
    assert [line["decision"] for line in worker.decisions] == ["allowed", "denied"]


# Bad input


GOOD = review("CREATE", new=WEB)


def body_of(obj: Object) -> bytes:
    return json.dumps(review("CREATE", new=obj)).encode()


def without(document: Object, name: str) -> Object:
    return {**document, "request": {key: value for key, value in document["request"].items() if key != name}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe{}", "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
        (b'{"a": "\\ud800"}', "no JSON"),
        (b'{"a": NaN}', "no JSON"),
        (b"{} {}", "no JSON"),
        (b"null", "a JSON object"),
        (b"[]", "a JSON object"),
        (b"{}", "apiVersion and kind"),
        ({**GOOD, "apiVersion": "admission.k8s.io/v1beta1"}, "apiVersion and kind"),
        ({**GOOD, "kind": "AdmissionReviewList"}, "apiVersion and kind"),
        ({**GOOD, "request": None}, "request must be a map"),
        (without(GOOD, "uid"), "request.uid must be a non-empty string, but there is nothing"),
        (review("CREATE", new=WEB, uid=""), "request.uid must be a non-empty string"),
        (review("CREATE", new=WEB, uid=7), "request.uid must be a non-empty string, but there is a int"),
        (without(GOOD, "userInfo"), "request.userInfo must be a map"),
        (review("PATCH", new=WEB), "must be CREATE, UPDATE or DELETE"),
        (without(GOOD, "object"), "request.object must be a map"),
        (review("UPDATE", new=WEB), "request.oldObject must be a map"),
    ],
)
def test_a_malformed_review_is_400_and_says_what_is_wrong(worker: Worker, body: Any, message: str) -> None:
    answer = worker.review(body)
    assert answer.status == 400
    assert answer.headers[b"content-type"].startswith(b"text/plain")
    assert message in answer.text
    assert answer.text.count("\n") == 1
    assert answer.text.endswith("\n")
    assert_it_still_judges(worker)


def test_what_strangers_sent_is_made_safe_to_print_in_a_refusal(worker: Worker) -> None:
    answer = worker.review(review("\x1b[2Jnone\u202e", new=WEB))
    assert answer.status == 400
    assert answer.text.removesuffix("\n").isprintable()


def nested(depth: int) -> bytes:
    """Write a review whose object holds `depth` lists, one in another."""
    deep = b"[" * depth + b"]" * depth
    return body_of(put(WEB, "/spec/deep", "HERE")).replace(b'"HERE"', deep)


@pytest.mark.parametrize("depth", [255, 256, 400, 1_019, 1_020, 1_021, 1_024, 1_025, 10_000, 1_000_000])
def test_an_object_nested_too_deep_is_400(worker: Worker, depth: int) -> None:
    answer = worker.review(nested(depth))
    assert answer.status == 400
    assert "no JSON that can be judged" in answer.text
    assert_it_still_judges(worker)


def test_whatever_the_depth_there_is_a_verdict_or_400(worker: Worker) -> None:
    statuses = [worker.review(nested(depth)).status for depth in range(200, 262)]
    assert set(statuses) == {200, 400}
    assert statuses == sorted(statuses)  # from some depth on, 400


@pytest.mark.parametrize("brackets", [b"{", b"["])
def test_brackets_in_a_text_are_no_depth(worker: Worker, brackets: bytes) -> None:
    text = (brackets * 5_000).decode()
    answer = worker.review(review("CREATE", new=put(WEB, "/metadata/annotations/note", text)))
    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"content-type": b""},
        {b"content-type": b"text/plain"},
        {b"content-type": b"application/yaml"},
        {b"content-type": b"application/jsonx"},
        {b"content-type": b"application/vnd.kubernetes.protobuf"},
    ],
)
def test_what_is_not_json_is_415(worker: Worker, headers: dict[bytes, bytes]) -> None:
    answer = worker.request("POST", "/validate", [body_of(WEB)], headers=headers)
    assert answer.status == 415
    assert "application/json" in answer.text
    assert_it_still_judges(worker)


@pytest.mark.parametrize(
    "content_type", [b"application/json; charset=utf-8", b"Application/JSON", b" application/json ;v=1"]
)
def test_json_may_be_named_in_any_spelling(worker: Worker, content_type: bytes) -> None:
    answer = worker.request("POST", "/validate", [body_of(WEB)], headers={b"content-type": content_type})
    assert answer.status == 200


@pytest.mark.parametrize(
    "length",
    [
        pytest.param(b"33554433", id="one byte more"),
        pytest.param(b"1000000000000", id="a terabyte"),
        pytest.param(b"9" * 5_000, id="more digits than Python reads"),
    ],
)
def test_a_body_announced_as_too_large_is_413_and_not_read(worker: Worker, length: bytes) -> None:
    read: list[bytes] = []

    def body() -> Iterator[bytes]:
        for _ in range(100):
            read.append(b"x" * MIB)
            yield read[-1]

    answer = worker.request("POST", "/validate", body(), headers=JSON | {b"content-length": length})
    assert (answer.status, answer.text) == (413, "the body is larger than 32 MiB\n")
    assert len(read) <= 1
    assert_it_still_judges(worker)


def test_a_body_in_chunks_is_413_as_soon_as_it_is_too_large(worker: Worker) -> None:
    read: list[int] = []

    def body() -> Iterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b" " * MIB

    answer = worker.request("POST", "/validate", body())
    assert (answer.status, answer.text) == (413, "the body is larger than 32 MiB\n")
    assert len(read) == 34  # the 33rd is the one too many; this test's client has the next one ready
    assert_it_still_judges(worker)


def test_a_body_of_just_the_limit_is_read(worker: Worker) -> None:
    small = body_of(WEB)
    answer = worker.request("POST", "/validate", [small, b" " * (BODY_LIMIT - len(small))])
    assert answer.status == 200


def test_a_body_may_come_in_any_pieces(worker: Worker) -> None:
    body = body_of(WEB)
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    assert worker.request("POST", "/validate", [b"", *pieces, b""]).content == worker.review(body).content


def test_a_client_that_goes_before_the_end_of_its_body_gets_no_verdict(worker: Worker) -> None:
    events = iter([{"type": "http.request", "body": body_of(WEB), "more_body": True}])

    async def receive() -> dict[str, Any]:
        return next(events, {"type": "http.disconnect"})

    answer = asyncio.run(exchange(worker.application, scope_of("POST", "/validate"), receive))
    assert answer.status == 400
    assert worker.lines == []
    assert_it_still_judges(worker)


@pytest.mark.parametrize(
    ("method", "path", "advice"),
    [
        ("GET", "/validate", "use POST"),
        ("PUT", "/validate", "use POST"),
        ("POST", "/livez", "use GET"),
        ("DELETE", "/readyz", "use GET"),
        ("POST", "/metrics", "use GET"),
        ("PATCH", "/status", "use GET"),
    ],
)
def test_a_wrong_method_is_405(worker: Worker, method: str, path: str, advice: str) -> None:
    answer = worker.request(method, path)
    assert (answer.status, answer.text) == (405, f"{advice}\n")
    assert_it_still_judges(worker)


def test_a_405_lists_the_methods_that_are_allowed(worker: Worker) -> None:
    # RFC 9110, section 15.5.6: the server must send Allow.
    assert worker.request("GET", "/validate").headers.get(b"allow") == b"POST"
    assert worker.request("POST", "/readyz").headers.get(b"allow") == b"GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/validate/", "/Validate", "/healthz", "/../validate", ""])
def test_an_unknown_path_is_404_and_tells_the_known_ones(worker: Worker, path: str) -> None:
    answer = worker.request("GET", path)
    assert answer.status == 404
    for known in ("/validate", "/livez", "/readyz", "/metrics", "/status"):
        assert known in answer.text
    assert_it_still_judges(worker)


# What is not governed, and what cannot be judged


@pytest.mark.parametrize(
    "kind",
    [
        {"group": "", "version": "v1", "kind": "Pod"},
        {"group": "projectcalico.org", "version": "v3", "kind": "NetworkPolicy"},
        {"group": "example.com", "version": "v1", "kind": "Widget"},
    ],
)
@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE", "CONNECT"])
def test_a_kind_that_is_not_governed_is_allowed(worker: Worker, kind: Object, operation: str) -> None:
    answer = worker.review(review(operation, new=WEB, kind=kind, uid="its-own-uid"))
    assert answer.status == 200
    assert answer.content["response"] == {
        "uid": "its-own-uid",
        "allowed": True,
        "auditAnnotations": {"decision": "allowed", "reason": "out-of-scope", "commit": "3f2c1ab" + "0" * 33},
    }


def test_without_a_snapshot_a_review_is_503_so_that_the_failure_policy_decides(
    worker_without_snapshot: Worker,
) -> None:
    answer = worker_without_snapshot.review(review("CREATE", new=WEB))
    assert answer.status == 503
    assert "no snapshot" in answer.text
    assert "baseward sync" in answer.text
    assert worker_without_snapshot.lines == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (review("CREATE", new=WEB, kind={"group": "", "version": "v1", "kind": "Pod"}), "out-of-scope"),
        (review("DELETE", old=TERMINATING), "terminating"),
        (review("UPDATE", old=WEB, new=put(WEB, "/status", {"a": 1})), "unchanged"),
    ],
)
def test_what_needs_no_snapshot_is_decided_without_one(
    worker_without_snapshot: Worker, change: Object, reason: str
) -> None:
    answer = worker_without_snapshot.review(change)
    assert answer.status == 200
    assert answer.content["response"]["auditAnnotations"]["reason"] == reason


def test_an_internal_error_is_500_and_tells_nothing_of_the_content(
    worker: Worker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(current_file(tmp_path))
    secret = network_policy("a-secret-name", {"annotations": {"token": "a-secret-value"}})
    answer = worker.review(review("CREATE", new=secret, user="a-secret-user"))
    assert (answer.status, answer.text) == (500, "internal error\n")
    assert "secret" not in caplog.text
    assert worker.lines == []


def test_an_internal_error_names_what_is_broken_and_what_to_do_in_the_log(
    worker: Worker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = current_file(tmp_path)
    damage(path)
    worker.review(review("CREATE", new=WEB))
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    # What we raise on purpose is fit to be shown (core.errors), and an operator has nothing else to go by.
    assert path.name in caplog.text
    assert "baseward sync" in caplog.text


def test_while_the_served_snapshot_is_damaged_status_says_so(worker: Worker, tmp_path: Path) -> None:
    path = current_file(tmp_path)
    damage(path)
    worker.review(review("CREATE", new=WEB))
    worker.state.look()
    assert path.name in worker.request("GET", "/status").content["fault"]
    publish(tmp_path, WEB, network_policy("api"))
    worker.state.look()
    assert worker.request("GET", "/status").content["fault"] is None


def test_an_unexpected_error_names_the_file_it_comes_from(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    worker.api_server.answer = RuntimeError("a-secret-value")
    answer = worker.review(review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"))
    assert (answer.status, answer.text) == (500, "internal error\n")
    assert "secret" not in caplog.text
    assert "RuntimeError" in caplog.text
    assert "judging" in caplog.text  # this test's ApiServer raised it: "ask:98" alone could be anywhere


def test_after_an_internal_error_the_next_whole_snapshot_is_served(worker: Worker, tmp_path: Path) -> None:
    damage(current_file(tmp_path))
    assert worker.review(review("CREATE", new=WEB)).status == 500
    publish(tmp_path, WEB, network_policy("api"))
    worker.state.look()
    assert_it_still_judges(worker)


# The API server's deadline


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        (b"timeout=10s", 10),
        (b"timeout=500ms", 0.5),
        (b"timeout=1m30s", 90),
        (b"timeout=1.5s", 1.5),
        (b"timeout=1h", 3_600),
        (b"dryRun=All&timeout=3s", 3),
        (b"timeout=3s&pretty=true", 3),
        (b"", 10),
        (b"timeout=", 10),
        (b"timeout=0s", 10),
        (b"timeout=soon", 10),
        (b"timeout=7", 10),
        (b"timeout=-3s", 10),
        (b"notimeout=3s", 10),
        (b"timeout=\xff", 10),
        pytest.param(b"timeout=" + b"9" * 5_000 + b"s", float("inf"), id="more digits than a float holds"),
    ],
)
def test_timeout_is_read_as_go_writes_it_and_is_10_seconds_otherwise(query: bytes, seconds: float) -> None:
    assert timeout_of(query) == pytest.approx(seconds)


def test_an_access_review_that_outlasts_the_deadline_does_not_hold(worker: Worker) -> None:
    worker.api_server.reachable.clear()  # for as long as this test takes
    change = review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall")
    answer = worker.review(change, query=b"timeout=50ms")
    response = answer.content["response"]
    assert not worker.api_server.reachable.is_set()
    assert not response["allowed"]
    assert response["auditAnnotations"]["reason"] == "break-glass-rejected"
    assert "the access review timed out" in response["status"]["message"]


def test_other_reviews_are_answered_while_an_access_review_is_waited_for(worker: Worker) -> None:
    api_server: ApiServer = worker.api_server
    api_server.reachable.clear()
    slow = review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall")
    order: list[str] = []

    async def ask(name: str, document: Object) -> None:
        body = messages_of([json.dumps(document).encode()])
        answer = await exchange(worker.application, scope_of("POST", "/validate"), body)
        assert answer.status == 200
        order.append(name)

    async def both() -> None:
        waiting = asyncio.create_task(ask("slow", slow))
        await until(lambda: api_server.asked)
        await ask("quick", GOOD)
        api_server.reachable.set()
        await waiting

    asyncio.run(both())
    assert order == ["quick", "slow"]
    assert api_server.threads[0] is not threading.main_thread()


# How it is


def test_livez_is_ok_with_and_without_a_snapshot(worker: Worker, worker_without_snapshot: Worker) -> None:
    assert worker.request("GET", "/livez").text == "ok\n"
    assert worker_without_snapshot.request("GET", "/livez").status == 200


def test_readyz_is_ok_once_a_snapshot_is_served(worker: Worker) -> None:
    answer = worker.request("GET", "/readyz")
    assert (answer.status, answer.text) == (200, "ok\n")


def test_readyz_says_what_keeps_the_first_snapshot_away(tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to("gone.sqlite")
    with contextlib.closing(Worker(tmp_path)) as worker:
        answer = worker.request("GET", "/readyz")
    assert answer.status == 503
    assert "no snapshot has been loaded yet" in answer.text
    assert "gone.sqlite" in answer.text


def test_readyz_has_a_line_for_each_error_of_a_sync(tmp_path: Path) -> None:
    error = "apps/web.yaml:3: no such field\napps/\x1b[2J.yaml:7: twice"
    write_status(tmp_path, SyncStatus(None, (SourceStatus("platform", error=error),)))
    with contextlib.closing(Worker(tmp_path)) as worker:
        lines = worker.request("GET", "/readyz").text.splitlines()
    assert [line.endswith(end) for line, end in zip(lines, ("no such field", "twice"), strict=True)] == [
        True
    ] * 2
    assert all(line.isprintable() for line in lines)


def test_readyz_fails_while_the_worker_drains_and_reviews_are_still_answered(worker: Worker) -> None:
    draining = asyncio.Event()
    state = {"draining": draining}
    assert worker.request("GET", "/readyz", state=state).status == 200
    draining.set()
    answer = worker.request("GET", "/readyz", state=state)
    assert (answer.status, answer.text) == (503, "shutting down\n")
    assert worker.request("GET", "/livez", state=state).status == 200
    assert_it_still_judges(worker)


def test_status_tells_what_is_served(worker: Worker, tmp_path: Path) -> None:
    answer = worker.request("GET", "/status")
    assert answer.headers[b"content-type"] == b"application/json"
    assert list(answer.content) == ["ready", "snapshot", "fault", "sources"]
    snapshot = answer.content["snapshot"]
    assert answer.content["ready"] is True
    assert list(snapshot) == ["id", "objects", "ageSeconds", "commits"]
    assert snapshot["id"] in current_file(tmp_path).name
    assert snapshot["objects"] == 1
    assert snapshot["commits"] == {"platform": "3f2c1ab" + "0" * 33}
    assert snapshot["ageSeconds"] >= 0
    assert answer.content["fault"] is None


def test_status_without_a_snapshot_is_200_too(worker_without_snapshot: Worker) -> None:
    answer = worker_without_snapshot.request("GET", "/status")
    assert answer.status == 200
    assert answer.content == {"ready": False, "snapshot": None, "fault": None, "sources": []}


def test_the_workers_life_begins_with_a_look_and_ends_the_watch(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    publish(tmp_path, WEB)
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: list[str] = []

    async def live() -> None:
        started = asyncio.Event()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])
            started.set()

        await events.put({"type": "lifespan.startup"})
        living = asyncio.create_task(lifespan(worker.application, events, send))
        await started.wait()
        assert worker.state.snapshot is not None
        await events.put({"type": "lifespan.shutdown"})
        await living
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with contextlib.closing(worker):
        asyncio.run(live())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def lifespan(application: Application, events: asyncio.Queue[dict[str, Any]], send: Any) -> None:
    await application({"type": "lifespan"}, events.get, send)


# Policy, end to end


def test_what_the_policy_leaves_out_is_allowed_and_still_recorded(tmp_path: Path) -> None:
    publish(tmp_path)
    with contextlib.closing(Worker(tmp_path, Policy(exclude_namespaces=frozenset({"shop"})))) as worker:
        assert worker.review(review("CREATE", new=OPENED)).content["response"]["allowed"]
        assert worker.decisions[0]["reason"] == "out-of-scope"


@pytest.mark.parametrize("access", [MAY_BREAK_GLASS, MAY_NOT_BREAK_GLASS])
def test_break_glass_is_what_the_api_server_says_it_is(worker: Worker, access: AccessAnswer) -> None:
    worker.api_server.answer = access
    answer = worker.review(review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"))
    assert answer.content["response"]["allowed"] is access.allowed
    assert [question.subject.username for question in worker.api_server.asked] == ["oncall"]


@pytest.mark.parametrize(
    "change",
    [
        review("UPDATE", old=WEB, new=OPENED),
        review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="alice"),
        review("UPDATE", old=WEB, new=put(WEB, "/status", {"a": 1})),
        review("CREATE", new=WEB, user=GITOPS),
    ],
)
def test_the_api_server_is_not_asked_where_its_answer_could_not_decide(
    worker: Worker, change: Object
) -> None:
    assert worker.review(change).status == 200
    assert worker.api_server.asked == []
