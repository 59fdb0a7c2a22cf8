"""Sizes and shares, as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.config.sample import parse, with_value
from webhook.config.sizes import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"), [("1Ki", 1024), ("512Mi", 2**29), ("1Gi", 2**30), ("2Ti", 2**41), ("1536Mi", 3 * 2**29)]
)
def test_a_size_is_read_and_written(text: str, size: int) -> None:
    assert (parse_size(text), format_size(size)) == (size, text)


@pytest.mark.parametrize(
    "text",
    ["", "1", "Gi", "0Mi", "01Mi", "1.5Gi", "-1Gi", "1 Gi", " 1Gi", "1Gi\n", "1G", "1GB", "1gi", "٣Gi"],
)
def test_anything_else_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(ValueError, match="write one as 512Mi or 1Gi"):
        parse_size(text)


def test_what_no_unit_fits_is_written_in_bytes() -> None:
    assert (format_size(0), format_size(1000)) == ("0 bytes", "1000 bytes")


@given(st.integers(min_value=1, max_value=10**6 - 1), st.sampled_from(["Ki", "Mi", "Gi", "Ti"]))
def test_what_is_written_is_read_again(number: int, unit: str) -> None:
    size = parse_size(f"{number}{unit}")
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(("text", "share"), [("0%", 0.0), ("7%", 0.07), ("50%", 0.5), ("100%", 1.0)])
def test_a_share_is_read(text: str, share: float) -> None:
    assert parse(with_value("baseline.maxShrink", text)).baseline.max_shrink == share
