"""The server's own log: one JSON line a record on stderr, through the standard library's logging.

Not the decision log, which goes to stdout. A line goes out in one write of at most 4,096 bytes, which is
what a pipe takes whole (PIPE_BUF): the workers share it, and longer lines of two of them would be torn.
JSON escapes everything that is not ASCII, so nothing that a stranger sent can forge a line.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.config
import os
from datetime import UTC, datetime
from typing import Any

from gunicorn.glogging import Logger

MAX_LINE = 4096
_STDERR = 2


def configure_logging(level: str = "INFO") -> None:
    """Send every record of this process, and Python's warnings, to stderr as JSON lines."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": JsonFormatter}},
            "handlers": {"stderr": {"()": StderrHandler, "formatter": "json"}},
            "root": {"level": level, "handlers": ["stderr"]},
        }
    )
    logging.captureWarnings(capture=True)


class JsonFormatter(logging.Formatter):
    """Formats a record as one line: time, level, logger, pid, message and, where there is one, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its newline, cut to what one write takes."""
        entry = {
            "time": _rfc3339(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return _cut(entry)


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cut(entry: dict[str, Any]) -> str:
    """Halve the longest text until the line fits. Of a traceback the end is kept: it says what happened."""
    while len(line := json.dumps(entry)) >= MAX_LINE:
        longest = max(("message", "exception"), key=lambda name: len(entry.get(name, "")))
        text = entry[longest]
        half = len(text) // 2
        entry[longest] = f"{text[:half]}..." if longest == "message" else f"...{text[-half:]}"
    return line


class StderrHandler(logging.Handler):
    """Writes each record to stderr in a single system call."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line. When nobody reads stderr any more there is nobody to tell."""
        with contextlib.suppress(OSError):
            os.write(_STDERR, f"{self.format(record)}\n".encode())


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's log, handed on to the root logger. No access log: each decision has a line of its own."""

    access_log_enabled = False  # a property that reads five settings in gunicorn, for every request

    def setup(self, cfg: Any) -> None:
        """Leave handlers and levels to `configure_logging`."""
        self.cfg = cfg
        self.error_log = logging.getLogger("gunicorn")  # "gunicorn.error" would be on every line
