"""A daemon that a later command knows again: its record holds process id, start time and command line.

A process id alone is no identity (the kernel uses it again), so all three are compared, and signals go
through a pidfd: whatever ends in between, a stranger is never hit. Linux only.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.controlplane.errors import ControlPlaneError

TAIL_LINES = 20
# Kept, because a Popen that is dropped while its process runs warns; a daemon is meant to outlive it.
_STARTED: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Daemon:
    """One program that runs in `folder`, with `<name>.json` as its record and `<name>.log` as its output."""

    folder: Path
    name: str

    def start(self, argv: Sequence[str]) -> None:
        """Start `argv` in a session of its own, so that a Ctrl-C in the terminal does not reach it."""
        with (self.folder / f"{self.name}.log").open("ab") as log:
            process = subprocess.Popen(
                argv,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _STARTED.append(process)
        record = {"pid": process.pid, "started": _start_time(process.pid), "argv": list(argv)}
        _replace(self._record_file, json.dumps(record))

    def argv(self) -> list[str]:
        """Return the command line of the last start; [] if there was none."""
        return list(self._record().get("argv", []))

    def is_running(self) -> bool:
        """Tell whether the process that the record names is alive, and still the one that was started."""
        record = self._record()
        if not record or record["started"] is None:
            return False
        # A program that is still being loaded (110 MB, from a cold disk) has no command line yet.
        command_line = _command_line(record["pid"])
        return _start_time(record["pid"]) == record["started"] and command_line in ([], record["argv"])

    def stop(self, grace: float = 15) -> bool:
        """End the process and wait until it is gone: SIGTERM, after `grace` seconds SIGKILL.

        Returns whether there was one to end. Raises ControlPlaneError if it survives both.
        """
        if not self._record():
            return False
        try:
            pidfd = os.pidfd_open(self._record()["pid"])
        except ProcessLookupError:
            return False
        try:
            # Only now: from here on the pidfd stands for this very process, whatever its id becomes.
            return self.is_running() and self._end(pidfd, grace)
        finally:
            os.close(pidfd)

    def forget(self) -> None:
        """Remove the record of a process that has been stopped."""
        self._record_file.unlink(missing_ok=True)

    def exit_code(self) -> str:
        """Tell how it ended, in words that follow "ended"; "" for one that another command started."""
        codes = [started.poll() for started in _STARTED if started.pid == self._record().get("pid")]
        return "".join(f" with exit code {code}" for code in codes if code is not None)

    def log_tail(self) -> str:
        """Return the end of the log, indented, to be shown under an error."""
        path = self.folder / f"{self.name}.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return "\n".join([f"The end of {path}:", *(f"  {line[:400]}" for line in lines[-TAIL_LINES:])])

    def _end(self, pidfd: int, grace: float) -> bool:
        gone = select.poll()
        gone.register(pidfd, select.POLLIN)
        for number in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(pidfd, number)
            if gone.poll(grace * 1000):
                return True
        raise ControlPlaneError(f"{self.name} ({self._record_file}) does not end, even by SIGKILL")

    @property
    def _record_file(self) -> Path:
        return self.folder / f"{self.name}.json"

    def _record(self) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads(self._record_file.read_text())
        except FileNotFoundError:
            return {}
        return record


def wait_until(ready: Callable[[], bool], what: str, daemons: Sequence[Daemon], deadline: float) -> None:
    """Return when `ready()` is true.

    `deadline` is a time of time.monotonic(). Raises ControlPlaneError, with the end of the log, when a
    daemon dies before that, or when the deadline has passed.
    """
    while not ready():
        for daemon in daemons:
            if not daemon.is_running():
                raise ControlPlaneError(
                    f"{daemon.name} ended{daemon.exit_code()} while waiting for {what}.\n{daemon.log_tail()}"
                )
        if time.monotonic() > deadline:
            raise ControlPlaneError(f"{what}: not in time.\n{daemons[-1].log_tail()}")
        time.sleep(0.05)


def _start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None if there is none (a zombie is none)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): the second field is the name in brackets, which may hold anything; the third is the state,
    # the 22nd the start time.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[18])


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _replace(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.new")
    aside.write_text(text)
    aside.replace(path)
