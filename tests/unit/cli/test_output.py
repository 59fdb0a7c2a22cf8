from __future__ import annotations

import json

import pytest

from tests.unit.cli.calling import ANSI
from webhook.cli.output import Column, print_json, print_rows

COLUMNS = (Column("NAME", "name"), Column("REASON", "reason"))


def rows(*reasons: str) -> list[dict[str, str]]:
    return [{"name": "web", "reason": reason} for reason in reasons]


def test_rows_are_a_table_as_kubectl_prints_one(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, rows("down", "a longer reason"), "table", "nothing")
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "NAME  REASON",
        "web   down",
        "web   a longer reason",
    ]


def test_no_rows_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, [], "table", "No claims.")
    assert capsys.readouterr().out == "No claims.\n"


def test_for_programs_rows_are_a_list_also_an_empty_one(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, rows("down"), "json", "nothing")
    assert json.loads(capsys.readouterr().out) == [{"name": "web", "reason": "down"}]
    print_rows(COLUMNS, [], "json", "nothing")
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    "text", ["[bold]x[/bold]", "[/]", "[link=https://example.com]x[/link]", ":fire: in prod", "\\[x]"]
)
def test_what_people_wrote_is_printed_as_it_is(capsys: pytest.CaptureFixture[str], text: str) -> None:
    print_rows(COLUMNS, rows(text), "table", "nothing")
    assert capsys.readouterr().out.splitlines()[1].rstrip() == f"web   {text}"


def test_without_a_terminal_each_row_is_one_line_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 100
    print_rows(COLUMNS, rows(long, long), "table", "nothing")
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_without_a_terminal_there_are_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, rows("down"), "table", "nothing")
    assert not ANSI.search(capsys.readouterr().out)


def test_json_is_indented_and_in_utf_8(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"reason": "naïve €"})
    assert capsys.readouterr().out == '{\n  "reason": "naïve €"\n}\n'
