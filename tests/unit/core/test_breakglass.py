"""The claim itself: how it is read from an object, and its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import NOW, annotated, claimed, network_policy
from webhook.core.breakglass import BreakGlassLimits, Claim, claim_on, fault_in_claim, fault_in_time

WEB = network_policy()


def claim_until(expires: str) -> Claim:
    return Claim("the shop is down", expires, "oncall", "")


def test_a_claim_is_what_its_annotations_say() -> None:
    assert claim_on(claimed(WEB, ticket="INC-1")) == Claim(
        "the shop is down, INC-42", "2030-01-31T12:30:00Z", "oncall", "INC-1"
    )


@pytest.mark.parametrize("obj", [None, {}, {"metadata": None}, WEB, annotated(WEB, {"a": "b"})])
def test_where_no_annotation_of_it_is_set_there_is_no_claim(obj: Any) -> None:
    assert claim_on(obj) is None


@pytest.mark.parametrize(
    "key", ["break-glass", "break-glass-expires", "break-glass-by", "break-glass-ticket"]
)
def test_any_one_annotation_is_a_claim_already(key: str) -> None:
    assert claim_on(annotated(WEB, {f"baseward.io/{key}": "x"})) is not None
    assert claim_on(annotated(WEB, {f"baseward.io/{key}": ""})) is not None


def test_a_value_that_is_no_string_counts_as_empty() -> None:
    assert claim_on(annotated(WEB, {"baseward.io/break-glass": 5})) == Claim("", "", "", "")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2030-01-31T12:00:00Z", NOW),
        ("2030-01-31t12:00:00z", NOW),
        ("2030-01-31T13:00:00+01:00", NOW),
        ("2030-01-31T00:00:00-12:00", NOW),
        ("2030-01-31T12:00:00.5Z", NOW + timedelta(milliseconds=500)),
        ("2030-01-31T12:00:00.123456789Z", NOW + timedelta(microseconds=123_456)),
        ("2028-02-29T00:00:00Z", datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_an_end_is_an_rfc_3339_time(text: str, end: datetime) -> None:
    assert claim_until(text).end == end


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1h",
        "2030-01-31",
        "2030-01-31T12:00:00",
        "2030-01-31 12:00:00Z",
        "2030-01-31T12:00Z",
        "2030-01-31T12:00:00+0100",
        "2030-01-31T12:00:00.Z",
        "2030-01-31T12:00:00.1234567890Z",
        "2030-02-30T12:00:00Z",
        "2030-01-31T25:00:00Z",
        "2030-01-31T12:00:60Z",
        "0000-01-31T12:00:00Z",
        "2030-01-31T12:00:00+24:00",
        "٢٠٣٠-01-31T12:00:00Z",
        "2030-01-31T12:00:00Z ",
        "2030-01-31T12:00:00Z\n",
        "+2030-01-31T12:00:00Z",
    ],
)
def test_anything_else_is_no_end(text: str) -> None:
    claim = claim_until(text)
    assert claim.end is None
    assert fault_in_time(claim, NOW, BreakGlassLimits()) == (
        "its end is no RFC 3339 time, such as 2030-01-31T18:00:00Z"
    )


def test_the_furthest_and_the_first_of_times_are_no_error() -> None:
    limits = BreakGlassLimits()
    assert "is 29" in (fault_in_time(claim_until("9999-12-31T23:59:59-23:59"), NOW, limits) or "")
    assert "it expired" in (fault_in_time(claim_until("0001-01-01T00:00:00+23:59"), NOW, limits) or "")


def test_the_end_is_compared_in_its_own_time_zone() -> None:
    limits = BreakGlassLimits()
    assert fault_in_time(claim_until("2030-01-31T13:30:00+01:00"), NOW, limits) is None
    assert fault_in_time(claim_until("2030-01-31T12:30:00+01:00"), NOW, limits) == "it expired 30 min ago"


def test_a_reason_is_measured_without_the_space_around_it() -> None:
    def fault(reason: str) -> str | None:
        claim = Claim(reason, "2030-01-31T12:30:00Z", "oncall", "")
        return fault_in_claim(claim, "oncall", NOW, BreakGlassLimits())

    assert fault(f"\n  {'x' * 10} ") is None
    assert fault(f"{'x' * 9}       ") == "its reason does not match the required '.{10,}'"
    assert fault("x" * 1_000) is None
    assert fault("x" * 1_001) == "its reason is longer than 1000 characters"


def test_a_strangers_name_is_safe_to_read() -> None:
    claim = Claim("the shop is down", "2030-01-31T12:30:00Z", "eve\x1b[2J\n" + "x" * 9_999, "")
    fault = fault_in_claim(claim, "oncall", NOW, BreakGlassLimits())
    assert fault is not None
    assert fault.isprintable()
    assert len(fault) < 120
