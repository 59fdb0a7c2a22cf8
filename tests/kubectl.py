"""A real kubectl as the judge of what a manifest says. It needs no cluster: ``kubectl label --local``.

``KUBECTL`` names the command (words allowed: ``controlplane kubectl``), else it is looked for on PATH.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from typing import Any

from tests.missing import missing

_LABEL = "read-by-kubectl"


def kubectl_command() -> list[str]:
    """Return the words that start kubectl. Without one: skip the test, or fail it where CI is set."""
    found = shlex.split(os.environ.get("KUBECTL", "")) or [shutil.which("kubectl") or ""]
    if found == [""]:
        missing("no kubectl: set KUBECTL, or put one on PATH")
    return found


def kubectl_reads(text: bytes) -> list[dict[str, Any]] | None:
    """Return the objects that kubectl reads from a text, or None where it refuses any of it.

    The label that made kubectl print them is taken off, and with it labels and metadata that are
    empty then: the texts of the tests have none of their own.
    """
    command = [*kubectl_command(), "label", "--local", "-f", "-", "-o", "json", f"{_LABEL}=yes"]
    done = subprocess.run(command, input=text, capture_output=True, check=False, timeout=60)
    if done.returncode:
        return None
    return [_without_label(value) for value in _json_values(done.stdout.decode())]


def _json_values(text: str) -> list[dict[str, Any]]:
    decoder = json.JSONDecoder(parse_int=_go_int)
    values, end = [], 0
    while text := text[end:].lstrip():
        value, end = decoder.raw_decode(text)
        values.append(value)
    return values


def _go_int(literal: str) -> int | float:
    """Read an integer as Go's clients do: beyond int64 it was a float when it was written."""
    value = int(literal)
    return value if -(2**63) <= value < 2**63 else float(value)


def _without_label(value: dict[str, Any]) -> dict[str, Any]:
    metadata = value["metadata"]
    del metadata["labels"][_LABEL]
    if not metadata["labels"]:
        del metadata["labels"]
    if not metadata:
        del value["metadata"]
    return value
