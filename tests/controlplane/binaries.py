"""Find etcd, kube-apiserver and kubectl, or build them: main.go is all three in one program.

What is built lies in the cache under a name made from everything that decides its content, so a changed
go.mod builds anew, and an unchanged one never does.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from tests.controlplane.errors import ControlPlaneError, NoGoError

SOURCE = Path(__file__).resolve().parent
PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
TELL_EVERY = 10.0


def find() -> Path:
    """Return the folder with etcd, kube-apiserver and kubectl in it; build them if they are not cached.

    Raises NoGoError where they would have to be built without Go, ControlPlaneError if the build fails.
    """
    if assets := os.environ.get("KUBEBUILDER_ASSETS"):
        return _complete(Path(assets).resolve())
    folder = _cache() / f"controlplane-{_content_key(_go_version())}"
    if not folder.is_dir():
        with _lock(folder.with_suffix(".lock")):
            if not folder.is_dir():
                _build(folder)
    return folder


def _complete(assets: Path) -> Path:
    if missing := [name for name in PROGRAMS if not os.access(assets / name, os.X_OK)]:
        raise ControlPlaneError(
            f"KUBEBUILDER_ASSETS={assets} has no {', '.join(missing)}: "
            "unset it to use a build of our own, or put the programs there."
        )
    return assets


def _cache() -> Path:
    if ours := os.environ.get("BASEWARD_CACHE"):
        return Path(ours).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").resolve() / "baseward"


def _content_key(go_version: str) -> str:
    digest = hashlib.sha256(go_version.encode())
    for name in ("go.mod", "go.sum", "main.go"):
        digest.update((SOURCE / name).read_bytes())
    return digest.hexdigest()[:16]


def _go_version() -> str:
    advice = (
        "install Go (the version in tests/controlplane/go.mod or newer), or set KUBEBUILDER_ASSETS to a "
        f"folder with {', '.join(PROGRAMS)}."
    )
    try:
        answer = subprocess.run(["go", "version"], check=False, cwd=SOURCE, capture_output=True, text=True)
    except FileNotFoundError:
        raise NoGoError(f"There is no `go` to build the control plane with: {advice}") from None
    if answer.returncode:
        raise NoGoError(f"This Go can't build the control plane ({answer.stderr.strip()}): {advice}")
    return answer.stdout


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a file lock, so that of two callers one builds and the other waits for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _tell("another process is building etcd, kube-apiserver and kubectl; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path) -> None:
    """Build aside and rename, so that `folder` is either complete or not there."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as aside:
        result = Path(aside) / "result"
        result.mkdir()
        _go_build(result / "controlplane")
        for name in PROGRAMS:
            (result / name).symlink_to("controlplane")
        result.rename(folder)


def _go_build(output: Path) -> None:
    _tell("building etcd, kube-apiserver and kubectl: once, 6 to 10 minutes on two cores")
    # -v names each package when it is compiled, which is the progress; -buildvcs=false, as the result is
    # cached by content and must not depend on the commit.
    command = ["go", "build", "-v", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(output), "."]
    began = told = time.monotonic()
    tail: deque[str] = deque(maxlen=20)
    with subprocess.Popen(
        command, cwd=SOURCE, env={**os.environ, "GOWORK": "off"}, stderr=subprocess.PIPE, text=True
    ) as build:
        assert build.stderr is not None  # for the type checker: it was asked for above
        for count, line in enumerate(build.stderr, 1):
            tail.append(line)
            if time.monotonic() - told >= TELL_EVERY:
                told = time.monotonic()
                _tell(f"  {told - began:.0f} s, {count} packages, now {line.strip()}")
    if build.returncode:
        raise ControlPlaneError(f"`{' '.join(command)}` failed in {SOURCE}:\n{''.join(tail)}")
    _tell(f"built in {time.monotonic() - began:.0f} s")


def _tell(message: str) -> None:
    print(f"controlplane: {message}", file=sys.stderr, flush=True)  # noqa: T201  # this is a command
