"""What is measured is what it is called."""

from __future__ import annotations

import orjson
import pytest
import yaml

from benchmarks.objects import manifest, path_of, typical, typical_numbers
from benchmarks.reviews import DENIED, NOTHING, RESTORES, Case
from tests.builders import baseline, decision
from webhook.core.kinds import governed


def _body(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("case", [NOTHING, RESTORES, DENIED], ids=lambda case: case.reason)
def test_each_case_is_decided_for_the_reason_it_names(case: Case) -> None:
    in_git = yaml.safe_load(manifest(40))
    decided = decision(orjson.loads(_body(case.request(40))), baseline(in_git))
    assert decided.reason == case.reason


@pytest.mark.parametrize("case", [NOTHING, RESTORES, DENIED], ids=lambda case: case.reason)
def test_old_and_new_weigh_about_3_kb_each(case: Case) -> None:
    request = orjson.loads(_body(case.request(40)))["request"]
    for name in ("object", "oldObject"):
        assert 2_700 < len(orjson.dumps(request[name])) < 3_300


def test_the_header_tells_the_length_of_the_body() -> None:
    request = NOTHING.request(40)
    assert b"Content-Length: %d\r\n" % len(_body(request)) in request


def test_a_request_weighs_the_same_whichever_object_it_is_about() -> None:
    assert len(DENIED.request(0)) == len(DENIED.request(99_980))


def test_a_typical_object_is_reviewed_as_git_declares_it() -> None:
    assert all(typical(number) == yaml.safe_load(manifest(number)) for number in typical_numbers(200))


def test_every_file_declares_one_governed_object_of_its_own() -> None:
    objects = [yaml.safe_load(manifest(number)) for number in range(300)]
    assert all(governed(obj["apiVersion"].partition("/")[0], obj["kind"]) for obj in objects)
    assert len({path_of(number) for number in range(300)}) == 300
    assert len({(obj["metadata"]["namespace"], obj["metadata"]["name"]) for obj in objects}) == 300
