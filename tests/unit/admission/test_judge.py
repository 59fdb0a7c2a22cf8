from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import Object, network_policy, put, review
from tests.unit.admission.judging import Worker, breaking_glass
from tests.unit.admission.snapshots import publish
from webhook.admission.errors import RefusedRequestError
from webhook.admission.judge import Judge, read_json
from webhook.core.breakglass import AccessAnswer
from webhook.core.errors import ReviewError

WEB = network_policy()
OPENED = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    publish(tmp_path, WEB)
    with contextlib.closing(Worker(tmp_path)) as serving:
        yield serving


def judge_of(worker: Worker, **replaced: Any) -> Judge:
    return Judge(
        **{
            "policy": worker.policy,
            "state": worker.state,
            "access_reviews": worker.api_server,
            "freshness": worker.freshness,
            "executor": worker.executor,
            "metrics": worker.application._judge.metrics,  # noqa: SLF001 (one set of counters a worker)
            "write_line": worker.lines.append,
            **replaced,
        }
    )


def answer(judge: Judge, document: Object, seconds: float = 10) -> Object:
    body = json.dumps(document).encode()
    response: Object = json.loads(asyncio.run(judge.answer(body, time.monotonic() + seconds)))["response"]
    return response


# Bytes in, bytes out


def test_a_review_is_judged_by_the_snapshot_and_recorded(worker: Worker) -> None:
    response = answer(judge_of(worker), review("UPDATE", old=WEB, new=OPENED))
    assert not response["allowed"]
    (line,) = worker.decisions
    assert (line["decision"], line["reason"], line["name"]) == ("denied", "drift", "web")
    assert line["durationMs"] > 0


def test_the_answer_and_the_log_line_tell_the_same(worker: Worker) -> None:
    response = answer(judge_of(worker), review("UPDATE", old=WEB, new=OPENED))
    (line,) = worker.decisions
    assert response["auditAnnotations"].items() <= line.items()
    assert response["uid"] == line["uid"]


def test_what_is_malformed_is_no_decision(worker: Worker) -> None:
    with pytest.raises(ReviewError, match="apiVersion and kind"):
        asyncio.run(judge_of(worker).answer(b"{}", 0))
    assert worker.lines == []


def test_without_a_snapshot_there_is_no_decision(tmp_path: Path) -> None:
    with contextlib.closing(Worker(tmp_path)) as worker, pytest.raises(RefusedRequestError) as refused:
        answer(judge_of(worker), review("CREATE", new=WEB))
    assert refused.value.status == 503
    assert worker.lines == []


def test_a_decision_that_cannot_be_recorded_is_not_given(worker: Worker) -> None:
    def full_disk(_line: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        answer(judge_of(worker, write_line=full_disk), review("CREATE", new=WEB))


# Breaking the glass


def test_who_may_break_the_glass_may_bring_drift(worker: Worker) -> None:
    response = answer(judge_of(worker), review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"))
    assert response["allowed"]
    assert response["auditAnnotations"]["reason"] == "break-glass"
    (question,) = worker.api_server.asked
    assert question.subject.username == "oncall"
    assert question.resource == "networkpolicies"
    assert str(question.key) == "NetworkPolicy shop/web"


def test_the_whole_user_is_asked_about(worker: Worker) -> None:
    user: Object = {
        "username": "oncall",
        "uid": "42",
        "groups": ["sre", "system:authenticated"],
        "extra": {"scopes": ["all"]},
    }
    answer(judge_of(worker), review("UPDATE", old=WEB, new=breaking_glass(OPENED), user=user))
    (question,) = worker.api_server.asked
    assert (question.subject.uid, question.subject.groups) == ("42", ("sre", "system:authenticated"))
    assert question.subject.extra == {"scopes": ["all"]}


def test_who_may_not_reads_why(worker: Worker) -> None:
    worker.api_server.answer = AccessAnswer(allowed=False, why="RBAC does not grant it")
    response = answer(judge_of(worker), review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"))
    assert not response["allowed"]
    assert "the break-glass claim does not hold: RBAC does not grant it." in response["status"]["message"]


def test_an_api_server_that_hangs_is_waited_for_a_second_at_most(worker: Worker) -> None:
    worker.api_server.reachable.clear()  # for as long as this test takes
    response = answer(
        judge_of(worker), review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"), seconds=3_600
    )
    assert not response["allowed"]
    assert "the access review timed out" in response["status"]["message"]


def test_a_deadline_that_is_over_is_no_reason_to_allow(worker: Worker) -> None:
    worker.api_server.reachable.clear()
    response = answer(
        judge_of(worker), review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"), seconds=-5
    )
    assert not response["allowed"]


def test_a_fault_in_asking_is_an_error_and_never_an_allowed(worker: Worker) -> None:
    worker.api_server.answer = RuntimeError("a fault of ours")
    with pytest.raises(RuntimeError):
        answer(judge_of(worker), review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"))
    assert worker.lines == []


# JSON


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}),
        (b' \n"text" ', "text"),
        (b'"\xe2\x82\xac"', "\u20ac"),
        (b'{"a": 1, "a": 2}', {"a": 2}),  # as Go's decoder: the last one counts
        (b"123456789012345678901234567890", 123456789012345678901234567890.0),
    ],
)
def test_json_is_read_as_it_stands(body: bytes, value: Any) -> None:
    assert read_json(body) == value


@pytest.mark.parametrize("depth", [1, 250, 1_000])
def test_what_is_nested_is_read(depth: int) -> None:
    # An object that is nested too deep to be written again is refused with its review: tests/unit/core.
    assert read_json(b"[" * depth + b"]" * depth) is not None


@pytest.mark.parametrize("depth", [1_025, 10_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_nested_too_deep_to_be_read_is_refused(depth: int, opening: bytes, closing: bytes) -> None:
    with pytest.raises(ReviewError, match="no JSON that can be judged"):
        read_json(opening * depth + b"1" + closing * depth)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(ReviewError) as refused:
        read_json(b'{"token": "a-secret", oops}')
    assert "secret" not in str(refused.value)
