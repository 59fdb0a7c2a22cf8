"""JSON pointers into objects whose lists are never entered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.pointer import MISSING, changed_pointers, format_pointer, get, parse_pointer, without


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("/spec", ("spec",)),
        (
            "/metadata/annotations/field.cattle.io~1publicEndpoints",
            ("metadata", "annotations", "field.cattle.io/publicEndpoints"),
        ),
        ("/a~0b~01", ("a~b~1",)),
        ("/", ("",)),
        ("/a//b", ("a", "", "b")),
    ],
)
def test_a_pointer_is_read_and_written(text: str, pointer: tuple[str, ...]) -> None:
    assert parse_pointer(text) == pointer
    assert format_pointer(pointer) == text


@given(st.lists(st.text("ab/~01", max_size=5), min_size=1).map(tuple))
def test_what_was_written_can_be_read(pointer: tuple[str, ...]) -> None:
    assert parse_pointer(format_pointer(pointer)) == pointer


@pytest.mark.parametrize("text", ["", "spec", " /spec", "spec/ingress"])
def test_a_pointer_starts_with_a_slash(text: str) -> None:
    with pytest.raises(ValueError, match="a JSON pointer starts with '/'"):
        parse_pointer(text)


def test_what_stands_at_a_pointer() -> None:
    obj = {"a": {"b": None, "c": [1]}, "d": 5}
    assert get(obj, ("a", "b")) is None
    assert get(obj, ("a", "c")) == [1]
    for missing in (("x",), ("a", "x"), ("a", "c", "0"), ("d", "x")):
        assert get(obj, missing) is MISSING


@pytest.mark.parametrize(
    ("pointer", "left"),
    [
        (("a", "b"), {"a": {"c": 2}, "d": {}}),
        (("d",), {"a": {"b": 1, "c": 2}}),
        (("x", "y"), {"a": {"b": 1, "c": 2}, "d": {}}),
        (("a", "b", "c"), {"a": {"b": 1, "c": 2}, "d": {}}),
        (("d", "x"), {"a": {"b": 1, "c": 2}, "d": {}}),
    ],
)
def test_an_object_without_what_stands_there(pointer: tuple[str, ...], left: Any) -> None:
    obj = {"a": {"b": 1, "c": 2}, "d": {}}
    assert without(obj, pointer) == left
    assert obj == {"a": {"b": 1, "c": 2}, "d": {}}


def test_a_map_that_becomes_empty_goes_too() -> None:
    assert without({"a": {"b": {"c": 1}}, "d": 1}, ("a", "b", "c")) == {"d": 1}


@pytest.mark.parametrize(
    ("old", "new", "pointers"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a",)]),
        ({"a": 1}, {"a": True}, [("a",)]),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 1}}, [("a", "b")]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a",)]),
        ({"a": None}, {}, []),
        ({"a": {}}, {}, []),
        ({}, {"a": {"b": 1}}, [("a", "b")]),
        ({"a": {"b": 1}}, {}, [("a", "b")]),
        ({"a": {"b": 1}}, {"a": 5}, [("a",)]),
        ({"a": {"b": 1}}, {"a": []}, [("a",)]),
    ],
)
def test_the_pointers_at_which_two_objects_differ(
    old: Any, new: Any, pointers: list[tuple[str, ...]]
) -> None:
    assert list(changed_pointers(old, new)) == pointers
