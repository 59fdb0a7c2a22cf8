"""What a test has in hand: kubectl as anybody, kube-apiserver to restart, and the audit log to read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTROLPLANE = Path(__file__).resolve().parents[1] / "controlplane" / "controlplane"


def target(obj: Mapping[str, Any]) -> list[str]:
    """Return what names an object on kubectl's command line: kind, name and namespace."""
    metadata = obj["metadata"]
    namespace = ["-n", metadata["namespace"]] if "namespace" in metadata else []
    return [obj["kind"].lower(), metadata["name"], *namespace]


class CommandError(Exception):
    """A command that should have succeeded did not; the message shows what it said."""


def controlplane(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run tests/controlplane/controlplane; raises CommandError if it fails and `check` is true."""
    return _run([sys.executable, str(CONTROLPLANE), *map(str, arguments)], check=check, timeout=180)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running control plane; its users are the kubeconfigs in `folder` (see `controlplane --help`)."""

    folder: Path

    def kubeconfig(self, user: str) -> Path:
        """Return the kubeconfig of `user`; raises FileNotFoundError if there is no such user."""
        path = self.folder / user
        if not path.is_file():
            raise FileNotFoundError(
                f"no kubeconfig {path}: is the control plane up, and {user} one of its users?"
            )
        return path

    def kubectl(
        self,
        *arguments: str | Path,
        as_user: str = "alice",
        input: str | Mapping[str, Any] | None = None,  # noqa: A002  # the name that subprocess.run has for it
        env: Mapping[str, str] | None = None,
        check: bool = True,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as `as_user`, with `input` (text, or an object that becomes JSON) as its stdin.

        `env` is added to the environment. Raises CommandError if it fails and `check` is true, TimeoutExpired
        after `timeout` seconds.
        """
        text = input if isinstance(input, str | None) else json.dumps(input)
        command = [
            str(self.folder / "bin" / "kubectl"),
            f"--kubeconfig={self.kubeconfig(as_user)}",
            *map(str, arguments),
        ]
        return _run(
            command, check=check, timeout=timeout, stdin=text, env={**self._environment(), **(env or {})}
        )

    def unwatched(
        self,
        *arguments: str | Path,
        input: Mapping[str, Any] | None = None,  # noqa: A002  # as above
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the API server itself, whom Baseward's matchCondition exempts.

        It stands for what was in the cluster before Baseward. Raises CommandError if it fails.
        """
        api_server = ["--as=system:apiserver", "--as-group=system:masters"]
        return self.kubectl(*arguments, *api_server, as_user="admin", input=input)

    def get(self, obj: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return an object as it is in the cluster now, or None where there is none."""
        text = self.kubectl("get", *target(obj), "--ignore-not-found", "-o", "json", as_user="admin").stdout
        live: dict[str, Any] | None = json.loads(text) if text else None
        return live

    def restart_apiserver(self, timeout: float = 90) -> None:
        """Restart kube-apiserver with the same flags.

        Raises CommandError if it is not ready in `timeout` seconds. After that it is down: restart it again
        when what kept it from starting is gone.
        """
        controlplane("restart-apiserver", self.folder, f"--timeout={timeout}")

    def audit_events(self) -> list[dict[str, Any]]:
        """Return the API server's audit log, oldest first."""
        text = (self.folder / "audit.log").read_text()
        complete = text[: text.rfind("\n") + 1]  # the last line may be in the middle of being written
        return [json.loads(line) for line in complete.splitlines()]

    def _environment(self) -> dict[str, str]:
        """Keep kubectl out of the developer's own discovery cache and preferences."""
        return {**os.environ, "KUBECACHEDIR": str(self.folder / "kubectl-cache"), "KUBERC": "off"}


def _run(
    command: list[str],
    *,
    check: bool,
    timeout: float,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    answer = subprocess.run(
        command, check=False, input=stdin or "", env=env, capture_output=True, text=True, timeout=timeout
    )
    if check and answer.returncode:
        raise CommandError(
            f"{' '.join(command)}\nexit code {answer.returncode}\n{answer.stdout}{answer.stderr}"
        )
    return answer
