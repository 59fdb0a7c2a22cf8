"""Programs that Go builds for the tests, kept outside the work tree: in ~/.cache/baseward, or BASEWARD_CACHE.

What is built lies there under a name made from everything that decides its content. Only the standard
library is needed, so that a developer can build with any Python.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

TELL_EVERY = 10.0


class GoError(Exception):
    """A build failed; the message is for people."""


class NoGoError(GoError):
    """There is no Go, or none that is new enough; the message says so without advice."""


def folder(name: str, *contents: str | bytes) -> Path:
    """Return where in the cache something is, or is to be built, that ``contents`` decide."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content if isinstance(content, bytes) else content.encode())
    return _cache() / f"{name}-{digest.hexdigest()[:16]}"


def _cache() -> Path:
    if ours := os.environ.get("BASEWARD_CACHE"):
        return Path(ours).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").resolve() / "baseward"


def go_version(where: Path) -> str:
    """Return which Go builds in a folder, as it tells. Raises NoGoError."""
    try:
        answer = subprocess.run(["go", "version"], check=False, cwd=where, capture_output=True, text=True)
    except FileNotFoundError:
        raise NoGoError("there is no `go`") from None
    if answer.returncode:
        raise NoGoError(f"this Go is no use: {answer.stderr.strip()}")
    return answer.stdout


@contextlib.contextmanager
def building(folder: Path, waiting_for: str) -> Iterator[Path | None]:
    """Provide a folder to build into, renamed to ``folder`` in the end: that is complete or not there.

    Of two callers one builds; the other waits for it, and gets None.
    """
    if folder.is_dir():
        yield None
        return
    with _lock(folder.with_suffix(".lock"), waiting_for):
        if folder.is_dir():
            yield None
            return
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as aside:
            result = Path(aside) / "result"
            result.mkdir()
            yield result
            result.rename(folder)


@contextlib.contextmanager
def _lock(path: Path, waiting_for: str) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"another process is building {waiting_for}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_go(arguments: Iterable[str], where: Path, **environment: str) -> None:
    """Run a build with ``-v``, and tell how far it is. Raises GoError with the last that Go said."""
    command = ["go", *arguments]
    began = told = time.monotonic()
    tail: deque[str] = deque(maxlen=20)
    everything = {**os.environ, "GOWORK": "off", **environment}
    with subprocess.Popen(command, cwd=where, env=everything, stderr=subprocess.PIPE, text=True) as build:
        assert build.stderr is not None  # for the type checker: it was asked for above
        for count, line in enumerate(build.stderr, 1):
            tail.append(line)
            if time.monotonic() - told >= TELL_EVERY:
                told = time.monotonic()
                tell(f"  {told - began:.0f} s, {count} packages, now {line.strip()}")
    if build.returncode:
        raise GoError(f"`{' '.join(command)}` failed in {where}:\n{''.join(tail)}")
    tell(f"built in {time.monotonic() - began:.0f} s")


def tell(message: str) -> None:
    """Tell the person who waits how far it is."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr, flush=True)  # noqa: T201  # commands use this
