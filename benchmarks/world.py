"""One baseline of a given size: its repository, its snapshot, and the servers that answer from it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from benchmarks.errors import BenchmarkError
from benchmarks.processes import family_memory
from benchmarks.repository import BRANCH, FOLDER, make_repository
from benchmarks.server import FLOOR, PRODUCT, Server
from certs import issue_authority, issue_serving_certificate, write_certificates

_SAMPLE = 0.2  # seconds
_PATIENCE = 1_800.0


@dataclass(frozen=True, slots=True)
class Build:
    """What building the snapshot took: seconds, and bytes of all its processes at their most."""

    seconds: float
    peak_bytes: int


class World:
    """A baseline of ``objects`` objects in a folder of its own."""

    def __init__(self, folder: Path, objects: int) -> None:
        self.objects = objects
        self._folder = folder / f"{objects}-objects"
        self._servers = 0

    @cached_property
    def build(self) -> Build:
        """Make the repository, and from it the snapshot with `baseward sync --once`. Done once."""
        self._folder.mkdir()
        make_repository(self._folder / "platform.git", self.objects)
        _issue(self._folder / "tls")
        config = self._write_config(_free_port())
        command = [sys.executable, "-m", "webhook", f"--config={config}", "sync", "--once"]
        began = time.monotonic()
        # Its progress goes to standard error; what it prints at the end is no part of our report.
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            peak = _watch(process)
        if process.returncode != 0:
            raise BenchmarkError(f"baseward sync ended with {process.returncode}")
        return Build(time.monotonic() - began, peak)

    def product(self) -> Server:
        """Return `baseward serve`, to be started, that answers from the snapshot."""
        return self._server(PRODUCT)

    def floor(self) -> Server:
        """Return the floor, to be started, with the same settings."""
        return self._server(FLOOR)

    def _server(self, command: tuple[str, ...]) -> Server:
        _ = self.build  # there must be a snapshot
        port = _free_port()
        return Server(command, self._write_config(port), port)

    def _write_config(self, port: int) -> Path:
        self._servers += 1
        path = self._folder / f"config-{self._servers}.yaml"
        path.write_text(yaml.safe_dump(self._config(port), sort_keys=False))
        return path

    def _config(self, port: int) -> dict[str, Any]:
        source = {"name": "platform", "repository": "platform.git", "revision": BRANCH, "path": FOLDER}
        return {
            "apiVersion": "baseward.io/v1alpha1",
            "kind": "Configuration",
            "cluster": "benchmark",
            # Nothing syncs while it is measured: no answer must warn of that.
            "baseline": {"maxAge": "24h", "sources": [source]},
            "approvers": [{"user": "system:serviceaccount:flux-system:kustomize-controller"}],
            "scope": {"excludeNamespaces": ["kube-system", "baseward-system"]},
            "snapshot": "snapshot",
            "serve": {"address": f"127.0.0.1:{port}", "certificates": "tls", "workers": 1},
        }


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process to end; return the bytes that it and those below it had at their most."""
    peak, give_up = 0, time.monotonic() + _PATIENCE
    try:
        while process.poll() is None and time.monotonic() < give_up:
            peak = max(peak, family_memory(process.pid))
            time.sleep(_SAMPLE)
    finally:
        process.terminate()
    return peak


def _issue(folder: Path) -> None:
    now = datetime.now(UTC)
    authority = issue_authority(now=now)
    serving = issue_serving_certificate(authority, ["127.0.0.1"], now=now)
    write_certificates(folder, authority, serving)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
