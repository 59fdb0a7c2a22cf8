"""The real build takes minutes, and tests/e2e uses its result; here a script named `go` stands for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, str(Path(__file__).resolve().parent / "controlplane"), "build"]
VERSION = "go version go1.26.0 linux/amd64"


class Machine:
    """A PATH with only `go` on it, and an empty cache."""

    def __init__(self, folder: Path) -> None:
        self.path, self.cache, self.log = folder / "bin", folder / "cache", folder / "builds"
        self.path.mkdir()
        self.environment = {"PATH": str(self.path), "BASEWARD_CACHE": str(self.cache), "HOME": str(folder)}

    def install_go(self, build: str, version: str = f"echo '{VERSION}'") -> None:
        """Install a `go` that runs `version` or `build`, in shell; $out is the file that it has to write."""
        go = self.path / "go"
        go.write_text(
            f"#!/bin/sh\nPATH=/usr/bin:/bin\nif [ $1 = version ]; then {version}; exit; fi\n"
            f"echo build >>{self.log}\n"
            'while [ "$1" != -o ]; do shift; done\nout=$2\n' + build + "\n"
        )
        go.chmod(0o755)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        environment = self.environment | environment
        return subprocess.Popen(
            COMMAND, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def build(self, **environment: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr of `controlplane build`."""
        with self.start(**environment) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out.strip(), err

    def builds(self) -> int:
        return self.log.read_text().count("build") if self.log.exists() else 0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_built_has_the_three_programs_and_is_built_once(machine: Machine) -> None:
    machine.install_go("echo '#!/bin/sh' >$out; chmod +x $out")
    code, folder, told = machine.build()
    assert code == 0
    assert "6 to 10 minutes" in told
    assert {path.name for path in Path(folder).iterdir()} == {
        "controlplane",
        "etcd",
        "kube-apiserver",
        "kubectl",
    }
    assert machine.build() == (0, folder, "")
    assert machine.builds() == 1


def test_two_callers_build_once(machine: Machine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    machine.install_go(f"while [ ! -e {gate} ]; do sleep 0.05; done; echo >$out")
    with machine.start() as first, machine.start() as second:
        # Whoever is told to wait says so before the gate opens, so both are there at once.
        assert first.stderr is not None
        assert second.stderr is not None
        told = first.stderr.readline() + second.stderr.readline()
        gate.touch()
        answers = {process.communicate(timeout=60)[0] for process in (first, second)}
    assert "waiting for it" in told
    assert len(answers) == 1
    assert machine.builds() == 1


def test_another_go_builds_anew(machine: Machine) -> None:
    machine.install_go("echo >$out")
    _, first, _ = machine.build()
    machine.install_go("echo >$out", version="echo 'go version go1.27.0 linux/amd64'")
    _, second, _ = machine.build()
    assert first != second


def test_a_failed_build_leaves_nothing_and_shows_what_go_said(machine: Machine) -> None:
    machine.install_go("echo >$out; echo 'main.go:1: no such module' >&2; exit 1")
    code, out, err = machine.build()
    assert (code, out) == (1, "")
    assert "main.go:1: no such module" in err
    assert [path.suffix for path in machine.cache.iterdir()] == [".lock"]


def test_without_go_the_exit_code_says_so(machine: Machine) -> None:
    code, _, err = machine.build()
    assert code == 3
    assert len(err.splitlines()) == 1
    assert "install Go" in err


def test_a_go_that_is_too_old_is_no_go(machine: Machine) -> None:
    machine.install_go("exit 9", version="echo 'go.mod requires go >= 1.26.0' >&2; exit 1")
    code, _, err = machine.build()
    assert code == 3
    assert "go.mod requires go >= 1.26.0" in err


def test_programs_that_are_given_are_used_first(machine: Machine, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    for name in ("etcd", "kube-apiserver", "kubectl"):
        (given / name).touch(mode=0o755)
    assert machine.build(KUBEBUILDER_ASSETS=str(given)) == (0, str(given), "")


def test_given_programs_that_are_incomplete_are_an_error_and_no_reason_to_skip(
    machine: Machine, tmp_path: Path
) -> None:
    code, _, err = machine.build(KUBEBUILDER_ASSETS=str(tmp_path))
    assert code == 1
    assert "has no etcd, kube-apiserver, kubectl" in err
