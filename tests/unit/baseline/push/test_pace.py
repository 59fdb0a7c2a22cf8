"""The same thing only so often, and none of it lost."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from tests.unit.admission.serving import eventually
from webhook.baseline.push.pace import Pace


@pytest.fixture
def done() -> list[tuple[str, ...]]:
    return []


def test_what_was_done_just_now_waits_and_what_was_not_does_not(done: list[tuple[str, ...]]) -> None:
    def act(things: Collection[str]) -> None:
        done.append(tuple(things))

    pace = Pace(60)
    pace.do(act, ["a"])
    pace.do(act, ["a", "b"])
    pace.do(act, ["a", "b", "c"])
    assert done == [("a",), ("b",), ("c",)]


def test_what_waits_is_done_at_the_end_by_who_asked_first(done: list[tuple[str, ...]]) -> None:
    def act_of(number: str) -> Callable[[Collection[str]], None]:
        return lambda things: done.append((*things, number))

    pace = Pace(0.5)
    for number in "0123":
        pace.do(act_of(number), ["a", "b"])
    eventually(lambda: len(done) > 1)
    assert done == [("a", "b", "0"), ("a", "b", "1")]
