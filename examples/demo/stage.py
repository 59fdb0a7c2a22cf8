"""Sets the demo up: a Git repository, certificates, a configuration, `baseward run`."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import yaml

from examples.demo.kubectl import Kubectl
from examples.demo.narrator import Narrator
from examples.demo.reviews import Reviews
from examples.demo.scenes import Object, Scene, Step, repoint

GITOPS_FOLDER = Path(__file__).parents[1] / "gitops"
SHOP = Path("clusters/prod/shop")
_PATIENCE = 60.0


class StageError(Exception):
    """The demo could not be set up."""


class Kube(Protocol):
    """Carries the steps out: as reviews over HTTPS, or with kubectl on a cluster."""

    kubeconfig: Path
    gitops_user: str

    def put(self, obj: Object) -> None:
        """Have an object be there before Baseward is."""

    def register(self, url: str, ca_file: Path) -> None:
        """Have the webhook asked from now on."""

    def carry_out(self, step: Step, declared: Object) -> tuple[bool, str]:
        """Do a step. Returns whether it was allowed, and what the user reads."""

    def close(self) -> None:
        """End what was started."""


class Stage:
    """Everything the scenes need, in one temporary folder."""

    def __init__(self, folder: Path, narrator: Narrator, *, on_cluster: bool) -> None:
        self._folder = folder
        self._narrator = narrator
        self._port = _free_port()
        self._on_cluster = on_cluster
        self._process: subprocess.Popen[bytes] | None = None
        self._kube: Kube | None = None

    def __enter__(self) -> Self:
        self._narrator.say("Setting up: a Git repository, a CA, and `baseward run` ...")
        try:
            self._set_up()
        except BaseException:
            self._tear_down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tear_down()

    def play(self, scene: Scene) -> bool:
        """Play a scene. Returns whether each step ended as told."""
        assert self._kube is not None
        self._narrator.title(scene.number, scene.title)
        self._narrator.say(scene.text)
        as_told = True
        for step in scene.steps:
            time.sleep(step.wait_seconds)
            self._narrator.command(step.user, step.shown)
            allowed, text = self._kube.carry_out(step, self._declared(step.target))
            self._narrator.answer(text, allowed=allowed)
            as_told = as_told and allowed is step.allowed
        return as_told

    def _set_up(self) -> None:
        repository = self._make_repository()
        if self._on_cluster:
            self._narrator.say("Starting etcd and kube-apiserver (built from source the first time) ...")
            self._kube = Kubectl(self._folder / "cluster")
        else:
            self._kube = Reviews(self._folder, f"https://localhost:{self._port}")
        hot_fixed = self._declared("ingress")
        repoint(hot_fixed)
        self._kube.put(hot_fixed)
        _baseward("certs", "issue", "--out", str(self._folder / "tls"), "--name", "localhost")
        config = self._write_config(repository)
        self._start(config)
        self._kube.register(f"https://localhost:{self._port}", self._folder / "tls/ca.crt")

    def _declared(self, target: str) -> Object:
        file = {"networkpolicy": "networkpolicy.yaml", "ingress": "ingress.yaml"}[target]
        declared: Object = yaml.safe_load((GITOPS_FOLDER / SHOP / file).read_text())
        return declared

    def _make_repository(self) -> Path:
        repository = self._folder / "platform"
        subprocess.run(["cp", "-r", str(GITOPS_FOLDER), str(repository)], check=True)
        author = ["-c", "user.name=Demo", "-c", "user.email=demo@example.com", "-c", "commit.gpgsign=false"]
        for command in (
            ["init", "--quiet", "--initial-branch=main"],
            ["add", "--all"],
            [*author, "commit", "--quiet", "--message=The shop"],
        ):
            subprocess.run(["git", "-C", str(repository), *command], check=True)
        return repository

    def _write_config(self, repository: Path) -> Path:
        assert self._kube is not None
        config = {
            "apiVersion": "baseward.io/v1alpha1",
            "kind": "Configuration",
            "cluster": "demo",
            "mode": "enforce",
            "baseline": {
                "interval": "2s",
                "sources": [
                    {
                        "name": "platform",
                        "repository": str(repository),
                        "revision": "main",
                        "path": "clusters/prod",
                    }
                ],
            },
            "approvers": [{"user": self._kube.gitops_user}],
            "scope": {"excludeNamespaces": ["kube-system"]},
            "ingressClass": "nginx",
            "snapshot": str(self._folder / "state"),
            "serve": {
                "address": f"127.0.0.1:{self._port}",
                "certificates": str(self._folder / "tls"),
                "workers": 1,
            },
        }
        file = self._folder / "config.yaml"
        file.write_text(yaml.safe_dump(config, sort_keys=False))
        return file

    def _start(self, config: Path) -> None:
        assert self._kube is not None
        with (self._folder / "baseward.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "webhook", "--config", str(config), "run"],
                stdout=log,
                stderr=log,
                env={"PATH": "/usr/bin:/bin", "KUBECONFIG": str(self._kube.kubeconfig)},
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise StageError((self._folder / "baseward.log").read_text()[-2000:])
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        context = ssl.create_default_context(cafile=str(self._folder / "tls/ca.crt"))
        try:
            url = f"https://localhost:{self._port}/readyz"
            with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except (urllib.error.URLError, OSError):
            return False

    def _tear_down(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE)
        if self._kube is not None:
            self._kube.close()


def _baseward(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "webhook", *arguments], check=True, stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
