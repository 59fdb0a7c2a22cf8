"""A real `baseward run`, made from nothing by its own commands, that a real API server asks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from tests.builders import network_policy
from tests.e2e.cluster import Cluster
from tests.e2e.repository import PATH, Repository

GITOPS = "system:serviceaccount:gitops-system:gitops"
WEBHOOK = "validatingwebhookconfiguration/baseward"
_PATIENCE = 60.0


def eventually(done: Callable[[], bool], what: str) -> None:
    """Return when `done()` is true; fail, saying what was waited for, when that takes a minute."""
    deadline = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.05)


class Baseward:
    """One configuration of Baseward, in a folder of its own, and the processes that run it.

    ``settings`` are added to the configuration; ``kubeconfig`` is what the access reviews use.
    """

    def __init__(
        self,
        folder: Path,
        cluster: Cluster,
        repository: Repository,
        *,
        kubeconfig: Path | None = None,
        **settings: Any,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.cluster = cluster
        self.repository = repository
        self._kubeconfig = kubeconfig or cluster.kubeconfig("admin")
        self._process: subprocess.Popen[bytes] | None = None
        self._host = f"127.0.0.1:{_free_port()}"
        self.cli("certs", "issue", "--out", folder / "tls", "--name", "127.0.0.1").check_returncode()
        self._trust = ssl.create_default_context(cafile=str(folder / "tls" / "ca.crt"))
        self._config = folder / "config.yaml"
        self._config.write_text(yaml.safe_dump(self._configuration() | settings, sort_keys=False))

    def _configuration(self) -> dict[str, Any]:
        source = {"name": "platform", "repository": str(self.repository.folder), "path": PATH}
        return {
            "apiVersion": "baseward.io/v1alpha1",
            "kind": "Configuration",
            "baseline": {"interval": "1s", "sources": [{**source, "revision": "main"}]},
            "approvers": [{"user": GITOPS}],
            "scope": {"excludeNamespaces": ["kube-system"]},
            "snapshot": str(self.folder / "snapshot"),
            # One worker, so that what one answer says of the snapshot holds for the next one, too.
            "serve": {"address": self._host, "certificates": str(self.folder / "tls"), "workers": 1},
        }

    # The processes

    def start(self, command: str = "run") -> None:
        """Start `baseward run`, or another of its commands, and wait until it is ready."""
        self.start_unready(command)
        eventually(lambda: self._has_ended() or self.get("/readyz")[0] == 200, "ready")
        assert not self._has_ended(), self.errors

    def start_unready(self, command: str) -> None:
        """Start a command, and wait no longer than until it answers."""
        with (self.folder / "stdout").open("ab") as log, (self.folder / "stderr").open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "webhook", f"--config={self._config}", command],
                stdout=log,
                stderr=errors,
                # TMPDIR: what a killed process could not tidy up stays in its folder.
                env={**os.environ, "KUBECONFIG": str(self._kubeconfig), "TMPDIR": str(self.folder)},
                start_new_session=True,  # so that a kill reaches the workers of `serve`, too
            )
        eventually(lambda: self._has_ended() or self.get("/livez")[0] == 200, "alive")

    def stop(self) -> int:
        """End it as an operator does, by SIGTERM. Returns its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(_PATIENCE)

    def kill(self) -> None:
        """End it without a chance to tidy up, and wait until nobody answers any more."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_PATIENCE)
        eventually(lambda: self.get("/livez")[0] == 0, "nobody answers")

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def cli(self, *arguments: str | Path, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of `baseward` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "webhook", *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "KUBECONFIG": str(kubeconfig or os.devnull)},
            timeout=_PATIENCE,
        )

    def break_glass(self, *arguments: str, as_user: str = "oncall") -> subprocess.CompletedProcess[str]:
        """Run `baseward break-glass` as a user of the cluster."""
        return self.cli("break-glass", *arguments, kubeconfig=self.cluster.kubeconfig(as_user))

    # What it says of itself

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of one of its pages; status 0 while nobody answers."""
        try:
            with urllib.request.urlopen(
                f"https://{self._host}{path}", context=self._trust, timeout=5
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.get("/status")[1])
        return status

    @property
    def errors(self) -> str:
        """Everything that was written to standard error."""
        return (self.folder / "stderr").read_text()

    def decisions(self, obj: Mapping[str, Any] | None = None, **facts: Any) -> list[dict[str, Any]]:
        """Return the lines of the decision log, oldest first; those on an object, or with some facts."""
        if obj is not None:
            metadata = obj["metadata"]
            facts |= {
                "kind": obj["kind"],
                "namespace": metadata.get("namespace", ""),
                "name": metadata["name"],
            }
        text = (self.folder / "stdout").read_text()
        lines = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
        return [line for line in lines if facts.items() <= line.items()]

    def last_decision(self, obj: Mapping[str, Any]) -> tuple[str, str]:
        """Return decision and reason of the newest decision on an object."""
        line = self.decisions(obj)[-1]
        return line["decision"], line["reason"]

    def serves(self, commit: str) -> bool:
        snapshot = self.status()["snapshot"]
        return snapshot is not None and snapshot["commits"]["platform"] == commit

    def wait_until_served(self, commit: str) -> None:
        eventually(lambda: self.serves(commit), f"{commit} is served:\n{self.errors}")

    # The API server

    @contextlib.contextmanager
    def registered(self) -> Iterator[None]:
        """Have the API server ask this Baseward, and when it is over nobody, as it was before."""
        self.cluster.kubectl("apply", "-f", "-", as_user="admin", input=self.webhook_config())
        try:
            eventually(self.is_asked, f"the API server asks the webhook:\n{self.errors}")
            yield
        finally:
            self.cluster.kubectl("delete", WEBHOOK, as_user="admin")
            eventually(lambda: not self.is_asked(), "the API server asks the webhook no more")

    def webhook_config(self) -> dict[str, Any]:
        """Return the ValidatingWebhookConfiguration that `baseward webhook-config` prints."""
        options = ["--url", f"https://{self._host}", "--ca-file", str(self.folder / "tls" / "ca.crt")]
        answer = self.cli(f"--config={self._config}", "webhook-config", *options)
        assert answer.returncode == 0, answer.stderr
        manifest: dict[str, Any] = yaml.safe_load(answer.stdout)
        return manifest

    def is_asked(self) -> bool:
        """Tell whether the API server asks about a change (or tries to), by one that comes to nothing."""
        probe = network_policy(f"probe-{uuid4().hex[:8]}")
        create = ["create", "--dry-run=server", "-f", "-"]
        answer = self.cluster.kubectl(*create, as_user="admin", input=probe, check=False)
        return bool(self.decisions(probe)) or "failed calling webhook" in answer.stderr


@contextlib.contextmanager
def serving(running: Baseward, folder: Path, **settings: Any) -> Iterator[Baseward]:
    """Serve the snapshot of a running Baseward with other settings, and have the API server ask that one."""
    settings["snapshot"] = str(running.folder / "snapshot")
    baseward = Baseward(folder, running.cluster, running.repository, **settings)
    baseward.start("serve")
    try:
        with baseward.registered():
            yield baseward
    finally:
        baseward.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
