"""Find kustomize and helm in the versions that the image has, or build them.

These are in requirements/renderers.txt, as ``go install`` wants them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests import go_cache

PROGRAMS = ("kustomize", "helm")

_PINNED = Path(__file__).resolve().parents[2] / "requirements" / "renderers.txt"
_LDFLAGS = _PINNED.with_suffix(".ldflags")
_VERSION_COMMANDS = {"kustomize": ("version",), "helm": ("version", "--template", "{{.Version}}")}


def variable(name: str) -> str:
    """Return the environment variable that names a program."""
    return f"BASEWARD_{name.upper()}"


def pinned(name: str) -> str:
    """Return ``package@version`` of a program."""
    (line,) = (line for line in _PINNED.read_text().split() if f"/{name}" in line.partition("@")[0])
    return line


def find(name: str) -> str:
    """Return the path of a program: what its variable names, else one on PATH in this version, else built.

    Raises GoError.
    """
    if given := os.environ.get(variable(name)):
        if path := shutil.which(given):
            return path
        raise go_cache.GoError(f"{variable(name)}={given} is no program: correct or unset it.")
    path = shutil.which(name)
    if path and _version(path, name) == pinned(name).partition("@")[2]:
        return path
    try:
        return str(_built(name) / name)
    except go_cache.NoGoError as error:
        raise go_cache.NoGoError(
            f"{name} cannot be built, as {error}: install Go, or set {variable(name)}"
        ) from None


def _version(path: str, name: str) -> str:
    answer = subprocess.run([path, *_VERSION_COMMANDS[name]], check=False, capture_output=True, text=True)
    return answer.stdout.strip().partition("+")[0]  # +g and a commit


def _built(name: str) -> Path:
    package = pinned(name)
    where = _PINNED.parent  # in no folder of a Go module
    folder = go_cache.folder(name, go_cache.go_version(where), package, _LDFLAGS.read_text())
    with go_cache.building(folder, name) as result:
        if result is not None:
            go_cache.tell(f"building {package}: once, up to 5 minutes on two cores")
            options = ("-v", "-trimpath", f"-ldflags={_LDFLAGS.read_text().strip()}")
            go_cache.run_go(["install", *options, package], where, CGO_ENABLED="0", GOBIN=str(result))
    return folder
