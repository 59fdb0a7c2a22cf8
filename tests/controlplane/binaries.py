"""Find etcd, kube-apiserver and kubectl, or build them: main.go is all three in one program.

A changed go.mod builds anew, and an unchanged one never does.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests import go_cache
from tests.controlplane.errors import ControlPlaneError, NoGoError

SOURCE = Path(__file__).resolve().parent
PROGRAMS = ("etcd", "kube-apiserver", "kubectl")


def find() -> Path:
    """Return the folder with etcd, kube-apiserver and kubectl in it; build them if they are not cached.

    Raises NoGoError where they would have to be built without Go, ControlPlaneError if the build fails.
    """
    if assets := os.environ.get("KUBEBUILDER_ASSETS"):
        return _complete(Path(assets).resolve())
    try:
        return _built()
    except go_cache.NoGoError as error:
        raise NoGoError(
            f"etcd, kube-apiserver and kubectl cannot be built, as {error}: install Go (the version in"
            " tests/controlplane/go.mod or newer), or set KUBEBUILDER_ASSETS to a folder with"
            f" {', '.join(PROGRAMS)}."
        ) from None
    except go_cache.GoError as error:
        raise ControlPlaneError(str(error)) from None


def _complete(assets: Path) -> Path:
    if missing := [name for name in PROGRAMS if not os.access(assets / name, os.X_OK)]:
        raise ControlPlaneError(
            f"KUBEBUILDER_ASSETS={assets} has no {', '.join(missing)}: "
            "unset it to use a build of our own, or put the programs there."
        )
    return assets


def _built() -> Path:
    contents = [(SOURCE / name).read_bytes() for name in ("go.mod", "go.sum", "main.go")]
    folder = go_cache.folder("controlplane", go_cache.go_version(SOURCE), *contents)
    with go_cache.building(folder, "etcd, kube-apiserver and kubectl") as result:
        if result is not None:
            _build(result)
    return folder


def _build(result: Path) -> None:
    go_cache.tell("building etcd, kube-apiserver and kubectl: once, 6 to 10 minutes on two cores")
    # -v names each package when it is compiled, which is the progress; -buildvcs=false, as the result is
    # cached by content and must not depend on the commit.
    options = ["-v", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(result / "controlplane")]
    go_cache.run_go(["build", *options, "."], SOURCE)
    for name in PROGRAMS:
        (result / name).symlink_to("controlplane")
