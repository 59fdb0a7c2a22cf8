"""A configuration in a folder of its own, and real processes of Baseward that work by it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.builders import Object, review
from tests.unit.admission.serving import issue
from tests.unit.cli.calling import free_port

PATIENCE = 60.0  # seconds until a test gives up waiting; never how long it takes

Sources: TypeAlias = dict[str, dict[str, Any]]
"""What `/status` says of each source, by its name."""


def eventually(done: Callable[[], object], what: Callable[[], str]) -> None:
    """Return when something has come about; fail, with what is seen instead, when it does not."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"in vain: {what()}"
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started, which are in its session, or end with it by themselves."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)


class Baseward:
    """One configuration, looked at every second, and the processes that were started with it.

    ``state`` is the folder of snapshots. All that processes write to standard error is in ``log``.
    """

    def __init__(self, folder: Path, sources: Sequence[Mapping[str, Any]]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._host = f"127.0.0.1:{free_port()}"
        self._config = folder / "config.yaml"
        self._log = folder / "stderr"
        self._log.touch()
        self._started: list[subprocess.Popen[bytes]] = []
        issue(folder / "tls")
        self._trust = ssl.create_default_context(cafile=str(folder / "tls" / "ca.crt"))
        configuration = {
            "apiVersion": "baseward.io/v1alpha1",
            "kind": "Configuration",
            "baseline": {"interval": "1s", "sources": list(sources)},
            "snapshot": str(self.state),
            "serve": {"address": self._host, "certificates": str(folder / "tls"), "workers": 1},
        }
        self._config.write_text(yaml.safe_dump(configuration, sort_keys=False))

    # Processes

    def start(self, *command: str, within: Sequence[str | Path] = ()) -> subprocess.Popen[bytes]:
        """Start a command, perhaps as the last arguments of a program that it is to run within."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*within, *self.line(*command)],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, "TMPDIR": str(self.folder)},
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def line(self, *command: str) -> list[str]:
        return [sys.executable, "-m", "webhook", f"--config={self._config}", *command]

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.line(*command), check=False, capture_output=True, text=True, timeout=PATIENCE
        )

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """End, when the block does, all that was started in it."""
        try:
            yield
        finally:
            for process in self._started:
                end(process)

    @property
    def log(self) -> str:
        return self._log.read_text()

    # Its pages

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, str]:
        """Return status and text of a page; status 0 while nobody answers."""
        question = urllib.request.Request(  # https, to what was started here
            f"https://{self._host}{path}", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(question, context=self._trust, timeout=PATIENCE) as answer:  # noqa: S310  # https, to loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def is_ready(self) -> bool:
        return self.ask("/readyz")[0] == 200

    def sources(self) -> Sources:
        """Ask for the status; it is empty while nobody answers."""
        status, text = self.ask("/status")
        return {source["name"]: source for source in json.loads(text)["sources"]} if status == 200 else {}

    def metrics(self) -> dict[tuple[str, ...], float]:
        """Return the value of each metric, by its name and the values of its labels."""
        families = text_string_to_metric_families(self.ask("/metrics")[1])
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }

    def review(self, obj: Object) -> tuple[int, str]:
        """Return status and text of the answer to somebody who creates an object."""
        return self.ask("/validate", json.dumps(review("CREATE", new=obj)).encode())

    def verdict_on(self, obj: Object) -> tuple[bool, str]:
        """Return whether somebody may create an object, and the message if not."""
        status, text = self.review(obj)
        assert status == 200, text
        response = json.loads(text)["response"]
        return response["allowed"], response.get("status", {}).get("message", "")
