"""Small shell scripts stand for kustomize and helm: what is tested is what surrounds a program."""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from webhook.baseline.errors import RenderError
from webhook.baseline.render import memory, program

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    def write(script: str, name: str = "render") -> str:
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return str(file)

    return write


def run(
    path: str,
    *arguments: str,
    folder: Path,
    timeout: float = 60,
    max_output: int = 1000,
    network: bool = False,
) -> str:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    output = program.run(
        path, arguments, folder=folder, home=home, timeout=timeout, max_output=max_output, network=network
    )
    return output.decode()


def test_a_program_is_found_on_the_path(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = install("", "kustomize")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BASEWARD_KUSTOMIZE", raising=False)
    assert program.find("kustomize", "BASEWARD_KUSTOMIZE") == path


def test_a_variable_names_another_program(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    path = install("", "other")
    monkeypatch.setenv("BASEWARD_KUSTOMIZE", path)
    assert program.find("kustomize", "BASEWARD_KUSTOMIZE") == path


def test_a_missing_program_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BASEWARD_HELM", raising=False)
    with pytest.raises(RenderError, match=r"helm is not on PATH: install it, or name it in .* BASEWARD_HELM"):
        program.find("helm", "BASEWARD_HELM")
    monkeypatch.setenv("BASEWARD_HELM", "/nowhere/helm")
    with pytest.raises(RenderError, match=r"BASEWARD_HELM names no program that can be run: /nowhere/helm"):
        program.find("helm", "BASEWARD_HELM")


def test_what_it_writes_is_returned(install: Install, tmp_path: Path) -> None:
    assert run(install('echo "$@"; pwd'), "a", "b c", folder=tmp_path) == f"a b c\n{tmp_path}\n"


def test_it_knows_nothing_of_ours(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "https_proxy", "KUBECONFIG"):
        monkeypatch.setenv(name, "of-ours")
    told = run(install("/usr/bin/env"), folder=tmp_path)
    assert "of-ours" not in told
    assert f"HOME={tmp_path / 'home'}\n" in told


def test_it_finds_no_other_program(install: Install, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="git: not found"):
        run(install("git --version"), folder=tmp_path)


def test_its_requests_go_nowhere_unless_it_may_use_the_network(install: Install, tmp_path: Path) -> None:
    script = install("/usr/bin/env")
    assert "https_proxy=http://127.0.0.1:9\n" in run(script, folder=tmp_path)
    assert "proxy" not in run(script, folder=tmp_path, network=True)


def test_its_own_words_tell_why_it_failed(install: Install, tmp_path: Path) -> None:
    script = install('echo "# Warning: old" >&2; echo "Error: no $PWD/base/x.yaml in $PWD" >&2; exit 1')
    with pytest.raises(RenderError) as caught:
        run(script, folder=tmp_path)
    assert str(caught.value) == "render failed: no base/x.yaml in ."


def test_what_it_says_no_to_is_told_from_its_own_crash(install: Install, tmp_path: Path) -> None:
    with pytest.raises(program.RefusedError) as refused:
        run(install('echo "Error: no such field" >&2; exit 1'), folder=tmp_path)
    assert pickle.loads(pickle.dumps(refused.value)).reason == "no such field"  # noqa: S301  # our own
    with pytest.raises(RenderError, match="render failed: fatal error: out of memory") as crashed:
        run(install('echo "fatal error: out of memory" >&2; exit 2'), folder=tmp_path)
    assert not isinstance(crashed.value, program.RefusedError)


def test_its_words_are_safe_to_print_and_short(install: Install, tmp_path: Path) -> None:
    words = r"printf 'Error: \033[31m%02000d' 7 >&2; exit 1"
    with pytest.raises(RenderError) as caught:
        run(install(words), folder=tmp_path)
    assert r"\x1b[31m" in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_program_without_words_leaves_its_exit_code(install: Install, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="render failed: exit code 7"):
        run(install("exit 7"), folder=tmp_path)
    with pytest.raises(RenderError, match="ended by SIGKILL, perhaps for want of memory"):
        run(install("kill -KILL $$"), folder=tmp_path)


def test_a_program_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="/nowhere/render cannot be started: No such file"):
        run("/nowhere/render", folder=tmp_path)


def test_one_that_takes_too_long_is_ended_with_what_it_started(install: Install, tmp_path: Path) -> None:
    script = install("/bin/sleep 1000 & echo $! >child; wait")
    with pytest.raises(RenderError, match=r"had not ended after 1 s; .* raise its `timeout`"):
        run(script, folder=tmp_path, timeout=1)
    assert has_ended(int((tmp_path / "child").read_text()))


def test_one_that_leaves_something_running_does_not_leave_it_so(install: Install, tmp_path: Path) -> None:
    run(install("/bin/sleep 1000 >/dev/null 2>&1 & echo $! >child"), folder=tmp_path)
    assert has_ended(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize("descriptor", [1, 2])
def test_one_that_never_stops_writing_is_ended(install: Install, tmp_path: Path, descriptor: int) -> None:
    with pytest.raises(RenderError, match=r"wrote more than 1,000 bytes|had not ended after 1 s"):
        run(install(f"exec /usr/bin/yes >&{descriptor}"), folder=tmp_path, timeout=1)


def test_output_up_to_the_bound_is_returned(install: Install, tmp_path: Path) -> None:
    script = install("printf '%01000d' 7")
    assert len(run(script, folder=tmp_path)) == 1000
    with pytest.raises(RenderError, match=r"wrote more than 999 bytes; .* raise its `maxSize`"):
        run(script, folder=tmp_path, max_output=999)


def test_output_is_bounded_too_where_max_size_is_not(install: Install, tmp_path: Path) -> None:
    script = install(f"exec /usr/bin/head -c {program.MAX_OUTPUT + 1} /dev/zero")
    with pytest.raises(RenderError, match=r"wrote more than 67,108,864 bytes; .* make several sources of it"):
        run(script, folder=tmp_path, max_output=2 * program.MAX_OUTPUT)


def test_output_is_in_memory_once(install: Install, tmp_path: Path) -> None:
    size = 20_000_000
    script = install(f"exec /usr/bin/head -c {size} /dev/zero")
    tracemalloc.start()
    try:
        output = program.run(script, (), folder=tmp_path, home=tmp_path, timeout=60, max_output=size)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(output) == size
    assert peak < 1.5 * size


def test_its_memory_is_at_most_half_of_the_containers(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(f"{1024**3}\n")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    told = run(install('ulimit -d; echo "$GOMEMLIMIT"'), folder=tmp_path)
    assert told.split() == [str(512 * 1024), str(256 * 1024**2)]


def test_it_writes_no_file_that_is_larger_than_its_output_may_be(install: Install, tmp_path: Path) -> None:
    with pytest.raises(RenderError):
        run(install("exec /usr/bin/head -c 1001 /dev/zero >file"), folder=tmp_path)
    assert (tmp_path / "file").stat().st_size == 1000


def test_it_ends_when_the_process_that_waits_for_it_is_killed(install: Install, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    path = install("echo $$ >started; exec /bin/sleep 1000")
    code = (
        "from pathlib import Path; from webhook.baseline.render import program;"
        f"here = Path({str(tmp_path)!r});"
        f"program.run({path!r}, (), folder=here, home=here, timeout=60, max_output=1)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as waiting:
        child = int((tmp_path / "started").read_text())
        waiting.kill()
    assert has_ended(child)


def has_ended(process: int) -> bool:
    """Tell whether a process that was told to end does so."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    ended, _, _ = select.select([descriptor], [], [], 30)
    os.close(descriptor)
    return bool(ended)
