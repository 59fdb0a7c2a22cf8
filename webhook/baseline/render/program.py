"""Run a renderer's program on files that strangers wrote: with nothing of ours, and within bounds.

The program gets an environment made anew, a folder of its own for whatever it wants to keep, no
terminal and no other program on its PATH. It is ended, with all that it started, when it takes too long,
when it writes too much, and when the process that waits for it ends, however that ends.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from webhook.baseline.errors import RenderError
from webhook.baseline.render import launcher, memory
from webhook.core.printing import safe

MAX_OUTPUT = 64 * 1024**2  # bytes; all of it is held in memory

_NOWHERE = "http://127.0.0.1:9"  # discard: nobody listens there
_NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE)
_CHUNK = 64 * 1024
_MAX_COMPLAINT = 64 * 1024  # bytes that are kept of what it says on its standard error
_MAX_LINES = 6
_REFUSED = 1  # the exit code for all that helm and kustomize say no to; 2 is a crash of Go
_MAX_ERROR = 500  # columns
_TELLING = re.compile(r"(?:Error|panic|fatal error)\b", re.IGNORECASE)


class RefusedError(RenderError):
    """Says, in a program's own words (``reason``), why it refuses its files. It will do so each time."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.args[0]} failed: {self.reason}"


def find(name: str, variable: str) -> str:
    """Return the absolute path of a program: what an environment variable names, else it is on PATH.

    Raises RenderError where there is none.
    """
    given = os.environ.get(variable)
    path = shutil.which(given or name)
    if path is not None:
        return str(Path(path).absolute())
    if given:
        raise RenderError(f"{variable} names no program that can be run: {safe(given)}; correct or unset it")
    raise RenderError(
        f"the program {name} is not on PATH: install it, or name it in the environment variable {variable}"
    )


def run(  # noqa: PLR0913  # each is a bound of its own, given by name
    program: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    home: Path,
    timeout: float,
    max_output: int,
    environment: Mapping[str, str] = {},
    network: bool = False,
) -> bytes:
    """Run a program in a folder and return what it wrote to its standard output.

    ``home`` is a folder, already there, that it may write to. ``environment`` adds to what is always
    set. Without ``network`` the proxies lead nowhere. Raises RefusedError with what the program said
    (paths below ``folder`` are relative in it), and RenderError where it crashed, took longer than
    ``timeout`` seconds or wrote more than ``max_output`` bytes, or MAX_OUTPUT.
    """
    name = Path(program).name
    everything = {**_environment(home, network=network), **environment}
    with _started([program, *arguments], folder, max_output, everything) as process:
        try:
            said = _listen(_chunks(process, time.monotonic() + timeout), name, max_output)
        except TimeoutError:
            raise RenderError(
                f"{name} had not ended after {timeout:.0f} s; if this is no mistake of the source, raise its"
                " `timeout`"
            ) from None
    if process.returncode == 0:
        return said.output
    reason = _reason(said.complaint, process.returncode, folder)
    if process.returncode == _REFUSED:
        raise RefusedError(name, reason)
    raise RenderError(f"{name} failed: {reason}")


class _Said(NamedTuple):
    """What a program wrote: all of its output, and the beginning of what it complained about."""

    output: bytes
    complaint: bytes


def _listen(chunks: Iterator[tuple[bool, bytes]], name: str, max_output: int) -> _Said:
    """Gather what a program writes. Raises RenderError where that is too much, and TimeoutError."""
    output, complaint = io.BytesIO(), bytearray()  # a BytesIO gives its bytes away without a copy
    for is_output, chunk in chunks:
        if is_output:
            output.write(chunk)
        elif len(complaint) < _MAX_COMPLAINT:
            complaint += chunk
        if output.tell() > min(max_output, MAX_OUTPUT):
            raise _excess(name, max_output)
    return _Said(output.getvalue(), bytes(complaint))


def _excess(name: str, max_output: int) -> RenderError:
    remedy = "raise its `maxSize`" if max_output < MAX_OUTPUT else "make several sources of it"
    return RenderError(
        f"{name} wrote more than {min(max_output, MAX_OUTPUT):,} bytes;"
        f" if this is no mistake of the source, {remedy}"
    )


def _environment(home: Path, *, network: bool) -> dict[str, str]:
    return {
        "PATH": os.devnull,  # nothing is there to be run
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "GOMEMLIMIT": str(memory.for_a_program() // 2),  # from here on Go rather works more than takes more
        **({} if network else _NO_NETWORK),
    }


@contextlib.contextmanager
def _started(
    command: list[str], folder: Path, max_file: int, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command; when the context is left, it has ended, with all that it started."""
    # -S: no site-packages, and so a start in 15 ms.
    bounds = map(str, (os.getpid(), max_file, memory.for_a_program()))
    launch = [sys.executable, "-I", "-S", launcher.__file__, *bounds]
    try:
        process = subprocess.Popen(
            [*launch, *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise RenderError(f"{Path(command[0]).name} cannot be started: {error.strerror}") from None
    with process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _chunks(process: subprocess.Popen[bytes], deadline: float) -> Iterator[tuple[bool, bytes]]:
    """Yield what the process writes, and whether to its standard output, until it has ended.

    Raises TimeoutError at the deadline.
    """
    with selectors.DefaultSelector() as selector:
        for pipe in filter(None, (process.stdout, process.stderr)):
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0 or not (ready := selector.select(left)):
                raise TimeoutError
            for key, _ in ready:
                if chunk := os.read(key.fd, _CHUNK):
                    yield key.fileobj is process.stdout, chunk
                else:
                    selector.unregister(key.fileobj)
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None


def _reason(complaint: bytes, code: int, folder: Path) -> str:
    """Return what the program said from its first error on, in one line."""
    text = complaint.decode(errors="replace")
    for place in {str(folder), str(folder.resolve())}:
        text = text.replace(f"{place}/", "").replace(place, ".")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if _TELLING.match(line)), len(lines) - 1)
    told = " ".join(lines[max(first, 0) :][:_MAX_LINES])
    if code < 0:
        told = f"ended by {signal.Signals(-code).name}, perhaps for want of memory. {told}"
    return safe(told.removeprefix("Error: ") or f"exit code {code}", _MAX_ERROR).strip()
