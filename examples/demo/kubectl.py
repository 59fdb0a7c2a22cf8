"""Carries steps out on a real control plane, with a real kubectl (DEMO_CLUSTER=1)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from examples.demo.scenes import GITOPS, NETWORK_POLICY, Object, Step

_CONTROLPLANE = Path(__file__).parents[2] / "tests/controlplane/controlplane"

# `kubectl edit` opens an editor on the live object; these are the editors.
_EDITORS = {
    NETWORK_POLICY: r"sed -i '/- from:/a\    - ipBlock: {cidr: 0.0.0.0/0}'",
    "ingress": "sed -i 's/name: cart$/name: cart-debug/'",
}
_NAMES = {NETWORK_POLICY: "web", "ingress": "shop"}


class Kubectl:
    """A control plane of its own, and kubectl as each user of the scenes."""

    gitops_user = "system:serviceaccount:gitops-system:gitops"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        subprocess.run(
            [sys.executable, str(_CONTROLPLANE), "up", str(folder)], check=True, stdout=subprocess.DEVNULL
        )
        self.kubeconfig = folder / "admin"

    def put(self, obj: Object) -> None:
        self._kubectl("admin", "apply", "-f", "-", stdin=json.dumps(obj)).check_returncode()

    def register(self, url: str, ca_file: Path) -> None:
        manifest = subprocess.run(
            [sys.executable, "-m", "webhook", "webhook-config", "--url", url, "--ca-file", str(ca_file)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        self._kubectl("admin", "apply", "-f", "-", stdin=manifest).check_returncode()
        self._wait_until_asked()

    def carry_out(self, step: Step, declared: Object) -> tuple[bool, str]:
        target = f"{step.target}/{_NAMES[step.target]}"
        if step.claim_seconds is not None:
            done = self._break_glass(step, target)
        elif step.edit is not None:
            editor = {"KUBE_EDITOR": _EDITORS[step.target]}
            done = self._kubectl(step.user, "edit", target, "-n", "shop", environment=editor)
        else:
            server_side = ["--server-side"] if step.user == GITOPS else []
            done = self._kubectl(step.user, "apply", *server_side, "-f", "-", stdin=json.dumps(declared))
        return done.returncode == 0, done.stderr + done.stdout

    def close(self) -> None:
        subprocess.run([sys.executable, str(_CONTROLPLANE), "down", str(self._folder)], check=False)

    def _break_glass(self, step: Step, target: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, "-m", "webhook", "break-glass", target, "-n", "shop"),
                *("--for", f"{step.claim_seconds}s", "--reason", "checkout is down, INC-4711"),
                *("--kubeconfig", str(self._folder / step.user)),
            ],
            check=False,
            capture_output=True,
            text=True,
        )

    def _wait_until_asked(self) -> None:
        """Wait until the API server uses the new configuration: it learns of it by a watch."""
        probe = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "probe", "namespace": "shop"},
            "spec": {"podSelector": {}},
        }
        for _ in range(100):
            tried = self._kubectl("admin", "create", "--dry-run=server", "-f", "-", stdin=json.dumps(probe))
            if "namespaced.baseward.io" in tried.stderr:
                return
        raise RuntimeError("the API server does not ask the webhook")

    def _kubectl(
        self, user: str, *arguments: str, stdin: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._folder / "bin/kubectl"), f"--kubeconfig={self._folder / user}", *arguments],
            check=False,
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, **(environment or {})},
        )
