"""What strangers wrote, made safe to print."""

from __future__ import annotations

import shlex
import subprocess
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.strategies import json_values
from webhook.core.printing import age, columns, safe, shell_word, show, wrap

ESC = "\x1b"
ANY_TEXT = st.text(st.characters(), max_size=50)


def moves_or_hides(text: str) -> bool:
    """Tell whether a text holds what moves a cursor, ends a line, turns the direction or is not seen."""
    return any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for char in text)


@pytest.mark.parametrize(
    "text", ["", "web", "system:serviceaccount:a:b", "a b", "Jürgen", "名前", "a\"'$(b)`;", "…"]
)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a\nb", "a\\x0ab"),
        ("a\r\tb\0", "a\\x0d\\x09b\\x00"),
        (f"{ESC}[31mred", "\\x1b[31mred"),
        ("\x7f", "\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"),
        ("no-break\xa0space", "no-break\\xa0space"),
        ("half\ud800", "half\\ud800"),
        ("private\ue000", "private\\ue000"),
        ("tag\U000e0041", "tag\\U000e0041"),
    ],
)
def test_what_moves_a_cursor_or_hides_is_escaped(text: str, printed: str) -> None:
    assert safe(text) == printed


def test_a_long_text_is_cut() -> None:
    assert safe("x" * 20_000) == "x" * 79 + "…"
    assert safe("x" * 80) == "x" * 80
    assert safe("abc", 2) == "a…"
    assert safe("abc", 1) == "…"
    assert safe("abc", 0) == "…"


@given(ANY_TEXT, st.integers(1, 60))
def test_nothing_unprintable_is_ever_printed(text: str, limit: int) -> None:
    assert not moves_or_hides(safe(text, limit))


@given(ANY_TEXT, st.integers(20, 60))
def test_escaping_makes_no_text_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(safe(text, limit)) <= limit


# Words of a shell


@pytest.mark.parametrize(
    "text",
    [
        "web",
        "role/a b",
        "$(reboot)",
        "`reboot`",
        "a'b",
        'a"b',
        "a;b",
        "a\\b",
        "!!",
        "~",
        "*",
        "-n",
        "名",
        "#x",
        "$HOME",
        "a&b|c>d",
    ],
)
def test_a_word_means_itself_to_a_shell(text: str) -> None:
    word = shell_word(text)
    assert word is not None
    assert shlex.split(word) == [text]
    printed = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
    assert printed.decode() == text


@pytest.mark.parametrize("text", ["a\nb", f"a{ESC}[2J", "a\u202eb", "x" * 81, "a\0b", "half\ud800"])
def test_what_no_printed_command_can_carry_is_left_out(text: str) -> None:
    assert shell_word(text) is None


@settings(max_examples=50)  # each starts a process
@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_means_itself_to_a_shell_or_is_left_out(text: str) -> None:
    word = shell_word(text)
    if word is None:
        assert moves_or_hides(text) or not text.replace(" ", "").isprintable()
    else:
        printed = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
        assert printed.decode() == text


# Values


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("web", "web"),
        (80, "80"),
        ("80", '"80"'),
        (True, "true"),
        ("true", '"true"'),
        (None, "null"),
        ("null", '"null"'),
        ("~", '"~"'),
        ("", '""'),
        (" a", '" a"'),
        ("1.5e3", '"1.5e3"'),
        ("[a]", '"[a]"'),
        ("{a}", '"{a}"'),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("*", "*"),
        ({}, "{}"),
        ([], "[]"),
        ([{}], "[{}]"),
        (["get", "list"], "[get, list]"),
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, "ipBlock: {cidr: 0.0.0.0/0}"),
        ({"a": 1, "b": ["c", {"d": None}]}, "a: 1, b: [c, {d: null}]"),
        ("two\nlines", '"two\\nlines"'),
    ],
)
def test_a_value_reads_as_yaml_in_flow_style(value: Any, shown: str) -> None:
    assert show(value) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "b"], ["a, b"]),
        ({"a": "b", "c": "d"}, {"a": "b, c: d"}),
        ([{"a": "b"}], [{"a": "b}, {"}]),
        ({"a": ["b", "c"]}, {"a": ["b, c"]}),
        ([], ["]"]),
    ],
)
def test_values_that_differ_do_not_look_alike(one: Any, other: Any) -> None:
    assert show(one) != show(other)


def test_a_long_value_is_cut() -> None:
    assert show(["x" * 50] * 50) == "[" + "x" * 50 + ", " + "x" * 26 + "…"
    assert len(show({"a": "x" * 20_000}, 30)) == 30


@given(json_values, st.integers(20, 100))
def test_any_value_is_shown_on_one_line_of_that_width(value: Any, limit: int) -> None:
    shown = show(value, limit)
    assert not moves_or_hides(shown)
    assert len(shown) <= limit


def test_what_cannot_be_written_is_left_to_the_imagination() -> None:
    assert show(2**70) == "…"
    assert show("\ud800") == "…"


# Spans of time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (14.4, "14 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3_600, "60 min"),
        (7_200, "2 h"),
        (86_400, "24 h"),
        (172_800, "2 days"),
        (864_000, "10 days"),
    ],
)
def test_a_span_of_time_reads_as_a_person_would_say_it(seconds: float, text: str) -> None:
    assert age(seconds) == text


# Lines


def test_a_text_is_broken_at_spaces() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]


@pytest.mark.parametrize("text", ["x" * 25, "a " + "x" * 25, "名" * 12])
def test_a_word_that_is_too_long_is_broken_anywhere(text: str) -> None:
    lines = wrap(text, 10)
    assert max(columns(line) for line in lines) <= 10
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
