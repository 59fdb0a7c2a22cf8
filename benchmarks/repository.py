"""A Git repository with as many objects as wanted, one a file."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import IO

from benchmarks.objects import manifest, path_of
from benchmarks.progress import Progress

BRANCH = "main"
FOLDER = "clusters/prod"

_COMMIT = b"""commit refs/heads/main
committer A Benchmark <benchmark@example.com> 1900000000 +0000
data 8
Baseline
"""


def make_repository(folder: Path, objects: int) -> None:
    """Make a bare repository with one commit. Raises CalledProcessError."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch", BRANCH, folder], check=True)
    command = ["git", "-c", "core.compression=1", f"--git-dir={folder}", "fast-import", "--quiet", "--done"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert process.stdin is not None
    with process, process.stdin as stream:
        _write(stream, objects)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)


def _write(stream: IO[bytes], objects: int) -> None:
    stream.write(_COMMIT)
    with Progress("writing objects to Git", objects) as progress:
        for number in range(objects):
            content = manifest(number).encode()
            stream.write(
                f"M 100644 inline {path_of(number)}\ndata {len(content)}\n".encode() + content + b"\n"
            )
            progress.report(number + 1)
    stream.write(b"done\n")
