"""The table itself, as `baseward explain` shows it."""

from __future__ import annotations

import pytest

from tests.builders import NOW, baseline, network_policy, request
from webhook.core import decide as module
from webhook.core.answers import Answers
from webhook.core.breakglass import AccessAnswer
from webhook.core.decide import TABLE, decide, row_title, rows_passed
from webhook.core.decision import NoBaseline
from webhook.core.policy import Policy


def test_the_rows_are_those_of_the_design_in_their_order() -> None:
    assert [row.number for row in TABLE] == list(range(3, 15))
    assert all(row_title(number) for number in range(1, 15))


@pytest.mark.parametrize(("row", "passed"), [(1, []), (2, [1]), (14, list(range(1, 14)))])
def test_the_rows_passed_are_those_before_the_one_that_decided(row: int, passed: list[int]) -> None:
    assert [number for number, _ in rows_passed(row)] == passed


def test_an_answer_about_access_changes_nothing_for_who_makes_no_claim() -> None:
    update = request("UPDATE", network_policy(), network_policy(podSelector={}))
    assert decide(update, Policy(), None, NOW, Answers(AccessAnswer(allowed=True))) == NoBaseline()


def test_a_table_that_decides_nothing_is_a_defect_and_never_a_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TABLE", TABLE[:-1])
    update = request("UPDATE", network_policy(), network_policy(podSelector={}))
    with pytest.raises(AssertionError, match="row 14 decides whatever reaches it"):
        decide(update, Policy(), baseline(network_policy()), NOW)
