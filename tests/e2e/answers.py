"""What a user reads of a change: a denial, warnings, or nothing at all."""

from __future__ import annotations

import re
import subprocess

Answer = subprocess.CompletedProcess[str]

MAX_COLUMNS = 100
_DENIED = re.compile(r'admission webhook "(?:namespaced|cluster)\.baseward\.io" denied the request: ')
_HINT_OF_EDIT = "\nYou can run `kubectl replace"


def denial_of(answer: Answer) -> str:
    """Return what Baseward said to a change that it denied; kubectl's own words around it are left out.

    Also holds every denial to what all of them promise: its width and its length.
    """
    assert answer.returncode != 0, f"was allowed:\n{answer.stdout}{answer.stderr}"
    found = _DENIED.search(answer.stderr)
    assert found, f"Baseward did not deny it:\n{answer.stderr}"
    message = answer.stderr[found.end() :].partition(_HINT_OF_EDIT)[0].rstrip("\n")
    lines = message.splitlines()
    assert [line for line in lines if len(line) > MAX_COLUMNS] == []
    assert len(lines) <= 20
    return message


def unwrapped(denial: str) -> str:
    """Return the first paragraph of a denial, which says why, on one line."""
    return re.sub(r"-\n", "-", denial.partition("\n\n")[0]).replace("\n", " ")


def warnings_of(answer: Answer) -> list[str]:
    """Return the warnings that came with a change that was allowed."""
    assert answer.returncode == 0, f"was not allowed:\n{answer.stderr}"
    prefix = "Warning: "
    return [line.removeprefix(prefix) for line in answer.stderr.splitlines() if line.startswith(prefix)]


def assert_allowed(answer: Answer) -> None:
    """Fail unless a change was allowed and nobody was told anything."""
    assert (answer.returncode, answer.stderr) == (0, "")
