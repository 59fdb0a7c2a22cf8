"""A server in processes of its own, on a core of its own: `baseward serve`, or the floor."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.client import Client
from benchmarks.cores import SERVER, on_cores
from benchmarks.errors import BenchmarkError
from benchmarks.processes import children_of, cpu_ns, private_memory

PRODUCT = ("-m", "webhook", "serve")
FLOOR = ("-m", "benchmarks.floor")

_PATIENCE = 60.0
_SETTLE = 0.003  # seconds in which a worker that has answered everything comes to rest


class Server:
    """A server with one worker, and a client that is connected to it."""

    def __init__(self, command: tuple[str, ...], config: Path, port: int) -> None:
        self._command = command
        self._config = config
        self._port = port

    def __enter__(self) -> Self:
        # The decision log goes to a file, as a container runtime would have it.
        with (
            self._config.with_suffix(".out").open("wb") as out,
            self._log.open("wb") as log,
            on_cores(SERVER),
        ):
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                env={**os.environ, "BASEWARD_CONFIG": str(self._config), "KUBECONFIG": os.devnull},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.client = self._connect()
            (self._worker,) = children_of(self._process.pid)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self._end()

    @property
    def _log(self) -> Path:
        return self._config.with_suffix(".log")

    def _connect(self) -> Client:
        give_up = time.monotonic() + _PATIENCE
        while True:
            try:
                client = Client(self._port)
                client.wait_until_ready()
                return client
            except OSError:
                if self._process.poll() is not None or time.monotonic() > give_up:
                    raise BenchmarkError(f"the server did not start:\n{self._log.read_text()}") from None
                time.sleep(0.05)

    def _end(self) -> None:
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def cpu_ns(self) -> int:
        """Return the CPU time (ns) of the worker since it started; its client's does not count."""
        time.sleep(_SETTLE)
        return cpu_ns(self._worker)

    def private_memory(self) -> int:
        """Return the bytes that the worker shares with no other process."""
        return private_memory(self._worker)
