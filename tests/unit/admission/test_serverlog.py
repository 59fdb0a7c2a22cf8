from __future__ import annotations

import json
import logging

import pytest

from webhook.admission.serverlog import MAX_LINE, JsonFormatter, StderrHandler


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("gunicorn", logging.INFO, __file__, 1, message, arguments, None)


def test_a_record_is_one_json_object() -> None:
    entry = json.loads(JsonFormatter().format(record("worker %d", 7)))
    assert entry["message"] == "worker 7"
    assert entry["level"] == "info"
    assert entry["logger"] == "gunicorn"
    assert entry["time"].endswith("Z")


def test_nothing_a_stranger_sent_breaks_the_line_or_the_terminal() -> None:
    line = JsonFormatter().format(record('a\nb\r\x1b[31m\u202e\u2028"}'))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == 'a\nb\r\x1b[31m\u202e\u2028"}'


@pytest.mark.parametrize("text", ["x" * 100_000, "\x00" * 100_000, "é" * 5000])
def test_a_long_message_is_cut_to_what_one_write_takes(text: str) -> None:
    line = JsonFormatter().format(record(text))
    assert len(line) < MAX_LINE
    assert json.loads(line)["message"].startswith(text[:100])


def test_of_a_long_traceback_the_end_is_kept() -> None:
    error = ValueError("x" * 10_000 + " the end")
    failed = record("it failed")
    failed.exc_info = (type(error), error, None)
    line = JsonFormatter().format(failed)
    assert len(line) < MAX_LINE
    assert json.loads(line)["exception"].endswith(" the end")
    assert json.loads(line)["message"] == "it failed"


def test_a_record_is_written_to_stderr_as_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    handler = StderrHandler()
    handler.setFormatter(JsonFormatter())
    handler.handle(record("one"))
    handler.handle(record("two"))
    lines = capfd.readouterr().err.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["one", "two"]
