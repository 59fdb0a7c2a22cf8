"""`baseward` as a person types it, and a folder with what it needs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from tests.builders import Object
from tests.unit.admission.snapshots import publish
from webhook.cli import main

ANSI = re.compile(r"\x1b\[")


def baseward(
    *arguments: str | Path,
    stdin: str | bytes | None = None,
    environment: Mapping[str, str | None] | None = None,
) -> Result:
    """Run a command in this process. What it does not catch fails the test."""
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(
        main, words, input=stdin, env=environment, prog_name="baseward", catch_exceptions=False
    )


def process(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, **more: Any
) -> subprocess.Popen[str]:
    """Start a command in a process of its own, with pipes for what it writes."""
    command = [sys.executable, "-m", "webhook", *map(str, arguments)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        command, text=True, env={**os.environ, **(environment or {})}, **{**pipes, **more}
    )


class Place:
    """A folder with a configuration; its snapshot is in `state`, its certificates would be in `tls`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.config = folder / "config.yaml"
        self.configure(**settings)

    def configure(self, **settings: Any) -> None:
        """Write the configuration anew: the smallest one, and settings of the test's own."""
        source = {"name": "platform", "repository": str(self.folder / "platform"), "path": "clusters/prod"}
        usual = {
            "apiVersion": "baseward.io/v1alpha1",
            "kind": "Configuration",
            "baseline": {"interval": "1s", "sources": [source]},
            "snapshot": "state",
            "serve": {"address": f"127.0.0.1:{free_port()}", "certificates": "tls", "workers": 1},
        }
        self.config.write_text(yaml.safe_dump(usual | settings, sort_keys=False))

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = yaml.safe_load(self.config.read_text())["serve"]["address"].rpartition(":")
        return host, int(port)

    def declare(self, *objects: Object) -> None:
        """Write a snapshot that declares objects, as `baseward sync` would."""
        publish(self.state, *objects)

    def write(self, name: str, *documents: Object | str) -> Path:
        """Write a file of manifests, below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = [text if isinstance(text, str) else yaml.safe_dump(text) for text in documents]
        path.write_text("---\n".join(texts))
        return path

    def baseward(self, *arguments: str | Path, **more: Any) -> Result:
        """Run a command with this configuration."""
        return baseward("--config", self.config, *arguments, **more)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
