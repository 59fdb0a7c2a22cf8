"""The YAML of the configuration file: what a value means, its line, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from webhook.config import ConfigurationError, Fault
from webhook.config.document import MAX_DEPTH, read_document


def value_of(text: str) -> Any:
    return read_document(text, "config.yaml").value


def fault_of(text: str) -> Fault:
    with pytest.raises(ConfigurationError) as caught:
        read_document(text, "config.yaml")
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", 1),
        ("a: -12", -12),
        ("a: 1.5", 1.5),
        ("a: 1e3", 1000.0),
        ("a: true", True),
        ("a: False", False),
        ("a:", None),
        ("a: ~", None),
        ("a: null", None),
        ("a: text", "text"),
        ("a: '1'", "1"),
        ('a: "true"', "true"),
        ("a: !!str 1", "1"),
        ("a: ! 1", "1"),
        # YAML 1.1 has other ideas of these
        ("a: no", "no"),
        ("a: on", "on"),
        ("a: 1:30", "1:30"),
        ("a: 2024-01-01", "2024-01-01"),
        ("a: 1_000", "1_000"),
        ("a: 0x1F", "0x1F"),
        ("a: .nan", ".nan"),
        ("a: .", "."),
        ("a: 010", 10),
        ("a: " + "9" * 5000, float("inf")),
        ("a: |\n  one\n  two\n", "one\ntwo\n"),
        ("a: [1, b]", [1, "b"]),
        ("a: {b: c}", {"b": "c"}),
    ],
)
def test_a_value_is_what_editors_take_it_for(text: str, value: Any) -> None:
    assert value_of(text) == {"a": value}


def test_keys_are_texts() -> None:
    assert value_of("1: a\ntrue: b\n~: c\n") == {"1": "a", "true": "b", "~": "c"}


def test_nothing_is_none() -> None:
    assert value_of("") is None
    assert value_of("# only a comment\n") is None
    assert value_of("---\n") is None


def test_json_is_read_too() -> None:
    assert value_of('{"a": [1, {"b": null}], "c": "\\u00e9"}') == {"a": [1, {"b": None}], "c": "é"}


def test_an_anchor_is_repeated_by_its_alias() -> None:
    assert value_of("a: &kinds [Role]\nb: *kinds\n") == {"a": ["Role"], "b": ["Role"]}


def test_every_value_has_its_line() -> None:
    lines = read_document("# comment\na:\n- b: 1\n  c: [x,\n      y]\n-\n  d: |\n    text\n", "c").lines

    assert lines[()] == 2
    assert lines["a",] == 2
    assert lines["a", 0] == 3
    assert lines["a", 0, "b"] == 3
    assert lines["a", 0, "c"] == 4
    assert lines["a", 0, "c", 1] == 5
    assert lines["a", 1, "d"] == 7


@pytest.mark.parametrize(
    ("text", "path", "line", "problem"),
    [
        ("a: 1\na: 2\n", "a", 2, "given twice"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "a.b", 4, "given twice"),
        ("a: [\n", "", 2, "this is no YAML"),
        ("a: b: c\n", "", 1, "this is no YAML"),
        ("a:\n\t- b\n", "", 2, "this is no YAML"),
        ("a: \x07\n", "", 1, "this is no YAML"),
        ("\n\na: '\x00'\n", "", 3, "this is no YAML"),
        ("a: \ud800\n", "", None, "UTF-8"),
        ("kinds: [*]\n", "", 1, 'quote a value that begins with "*"'),
        ("kinds: *\n", "", 1, 'quote a value that begins with "*"'),
        ("path: *all\n", "path", 1, 'quote a value that begins with "*"'),
        ("a: &x [*x]\n", "a[0]", 1, "no anchor &x"),
        ("a: 1\n---\nb: 2\n", "", 2, "a second document"),
        ("a: !!python/object/apply:os.system [true]\n", "a", 1, "tags"),
        ("a: !!int x\n", "a", 1, "tags"),
        ("a: !env SECRET\n", "a", 1, "tags"),
        ("[a, b]: c\n", "", 1, "a key must be a plain text"),
        ("a: {? {b: c} : d}\n", "a", 1, "a key must be a plain text"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_one_fault(
    text: str, path: str, line: int | None, problem: str
) -> None:
    fault = fault_of(text)
    assert (fault.path, fault.line) == (path, line)
    assert problem in fault.problem


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused(opening: str) -> None:
    fault = fault_of(opening * 100_000)
    assert f"deeper than {MAX_DEPTH}" in fault.problem or "plain text" in fault.problem


def test_nesting_up_to_the_limit_is_read() -> None:
    assert value_of("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_an_alias_bomb_is_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "more than 100000 values" in fault_of("\n".join(levels)).problem
