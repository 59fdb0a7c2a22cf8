"""The real build takes minutes, and the renderers' tests use its result; here a script `go` stands for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GO = """#!/bin/sh
PATH=/usr/bin:/bin
if [ $1 = version ]; then echo 'go version go1.26.0 linux/amd64'; exit; fi
echo "$@" >>"$HOME/builds"
for package; do :; done
case $package in
    *helm*) name=helm;;
    *) name=kustomize;;
esac
printf '#!/bin/sh\\n' >"$GOBIN/$name"
chmod +x "$GOBIN/$name"
"""


class Machine:
    """A PATH with what is installed on it, and an empty cache."""

    def __init__(self, folder: Path) -> None:
        self.path, self.log = folder / "bin", folder / "builds"
        self.path.mkdir()
        self._environment = {
            "PATH": str(self.path),
            "BASEWARD_CACHE": str(folder / "cache"),
            "HOME": str(folder),
        }

    def install(self, name: str, script: str) -> str:
        """Put a program on the PATH; return its path."""
        program = self.path / name
        program.write_text(script)
        program.chmod(0o755)
        return str(program)

    def build(self, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "tests" / "renderers" / "build")]
        everything = self._environment | environment
        return subprocess.run(
            command, check=False, env=everything, capture_output=True, text=True, timeout=60
        )

    @property
    def builds(self) -> list[str]:
        """The packages that were built."""
        return [line.split()[-1] for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_both_programs_are_built_once_in_the_pinned_versions(machine: Machine) -> None:
    machine.install("go", GO)
    first = machine.build()
    assert [Path(path).name for path in first.stdout.split()] == ["kustomize", "helm"]
    assert all(os.access(path, os.X_OK) for path in first.stdout.split())
    assert machine.builds == _pinned()
    assert machine.build().stdout == first.stdout
    assert len(machine.builds) == 2


def test_what_is_on_the_path_in_the_pinned_version_is_used(machine: Machine) -> None:
    machine.install("go", GO)
    kustomize = machine.install("kustomize", "#!/bin/sh\necho v5.8.1\n")
    machine.install("helm", "#!/bin/sh\necho v3.1.0+gb29d20b\n")
    assert machine.build().stdout.split()[0] == kustomize
    assert machine.builds == [line for line in _pinned() if "helm" in line]


def test_programs_that_are_given_are_used_in_any_version(machine: Machine) -> None:
    given = machine.install("other", "#!/bin/sh\n")
    build = machine.build(BASEWARD_KUSTOMIZE=given, BASEWARD_HELM=given)
    assert build.stdout.split() == [given, given]
    assert machine.builds == []


def test_a_given_program_that_is_missing_is_an_error_and_no_reason_to_skip(machine: Machine) -> None:
    build = machine.build(BASEWARD_KUSTOMIZE="/nowhere/kustomize")
    assert build.returncode == 1
    assert "BASEWARD_KUSTOMIZE=/nowhere/kustomize is no program" in build.stderr


def test_without_go_the_exit_code_says_so(machine: Machine) -> None:
    build = machine.build()
    assert build.returncode == 3
    assert build.stderr == (
        "renderers: kustomize cannot be built, as there is no `go`: install Go, or set BASEWARD_KUSTOMIZE\n"
    )


def test_the_image_has_the_versions_that_are_tested() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "COPY requirements/renderers.txt" in dockerfile
    assert not re.search(r"\b(?:kustomize|helm)\S*@v\d", dockerfile)


def _pinned() -> list[str]:
    return (ROOT / "requirements" / "renderers.txt").read_text().split()
