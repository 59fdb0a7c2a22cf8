"""`baseward sync`, as a person types it."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.unit.baseline.origin import Origin
from webhook.baseline.snapshot import open_current
from webhook.cli.context import Context
from webhook.cli.group import TeachingGroup
from webhook.cli.sync import sync

PATIENCE = 60.0
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: view, namespace: shop}
"""


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def config(origin: Origin, tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(f"""\
apiVersion: baseward.io/v1alpha1
kind: Configuration
snapshot: snapshot
baseline:
  interval: 1s
  sources:
  - name: platform
    repository: {origin.folder}
    revision: main
""")
    return file


def run_sync(config: Path, *arguments: str) -> Result:
    group = TeachingGroup(places={"sync": "webhook.cli.sync:sync"})
    return CliRunner().invoke(group, ["sync", *arguments], obj=Context(config))


def sync_once(config: Path) -> Result:
    return run_sync(config, "--once")


def snapshot_is_there(config: Path) -> bool:
    snapshot = open_current(config.parent / "snapshot")
    if snapshot is not None:
        snapshot.close()
    return snapshot is not None


def test_once_says_what_came_of_each_source(origin: Origin, config: Path) -> None:
    commit = origin.commit({"a.yaml": ROLE, "README.md": "x"})
    for _ in range(2):  # the second time nothing is new, and it says the same
        result = sync_once(config)
        assert (result.exit_code, result.stdout) == (0, f"platform@{commit[:7]}: 1 object from 1 file\n")
        assert result.stderr == ""
    assert snapshot_is_there(config)


def test_once_warns_on_standard_error(origin: Origin, config: Path) -> None:
    commit = origin.commit({"a.yaml": f"{ROLE}spec: {{}}\n"})
    result = sync_once(config)
    assert result.exit_code == 0
    assert result.stderr.startswith(
        f"Warning: platform@{commit[:7]} a.yaml:1: Role shop/view can never be in sync"
    )


def test_once_reports_all_errors_and_fails(origin: Origin, config: Path) -> None:
    origin.commit({"a.yaml": ROLE})
    sync_once(config)
    commit = origin.commit({"b.yaml": ROLE, "c.yaml": "a: b: c\n"})[:7]
    result = sync_once(config)
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"Error: platform@{commit} c.yaml:1: no valid YAML")
    assert lines[1].startswith(f"Error: platform@{commit} b.yaml:1: Role shop/view is already declared at")
    assert lines[2].startswith("Not all sources are in sync; served is platform@")


def test_once_says_that_there_is_no_snapshot_yet(config: Path) -> None:
    result = sync_once(config)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: platform: revision main in")
    assert result.stderr.endswith("Not all sources are in sync; there is no snapshot yet.\n")


def test_once_fails_where_the_folder_cannot_be_written_to(config: Path) -> None:
    (config.parent / "snapshot").touch()
    result = sync_once(config)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: cannot write to {config.parent}/snapshot: ")


def test_what_is_held_is_accepted_by_name(origin: Origin, config: Path) -> None:
    origin.commit({"a.yaml": ROLE})
    sync_once(config)
    commit = origin.commit({"a.yaml": None, "README.md": "empty"})
    held = sync_once(config)
    command = f"baseward sync --accept platform@{commit}"
    assert (held.exit_code, held.stderr.splitlines()[0].endswith(command)) == (2, True)
    accepted = run_sync(config, "--accept", f"platform@{commit}")
    assert (accepted.exit_code, accepted.stdout) == (
        0,
        f"platform@{commit[:7]} is accepted, and served from the next sync on.\n",
    )
    assert sync_once(config).stdout == f"platform@{commit[:7]}: 0 objects from 0 files\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("platfrom@" + "a" * 40, "no source is named 'platfrom'; one of platform"),
        ("platform@3f2c1ab", "name the commit by all of its digits"),
        ("platform", "name the commit by all of its digits"),
    ],
)
def test_what_cannot_be_accepted_is_refused(config: Path, text: str, problem: str) -> None:
    result = run_sync(config, "--accept", text)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert not (config.parent / "snapshot").exists()


def test_progress_is_told_in_lines_now_and_then(
    origin: Origin, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["webhook.cli.sync"], "_SECONDS_BETWEEN_LINES", 0)
    origin.commit({f"{number}.yaml": ROLE.replace("view", f"r{number}") for number in range(200)})
    assert sync_once(config).stderr == "platform: 128 of 200 files read\nplatform: 200 of 200 files read\n"


SYNC = """
import sys
from pathlib import Path
from webhook.cli.context import Context
from webhook.cli.sync import sync
sync(sys.argv[2:], obj=Context(Path(sys.argv[1])))
"""


def _command(config: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", SYNC, str(config), *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"}


def test_a_terminal_shows_a_bar(origin: Origin, config: Path) -> None:
    origin.commit({f"{number}.yaml": ROLE.replace("view", f"r{number}") for number in range(200)})
    terminal, other_end = pty.openpty()
    with subprocess.Popen(
        _command(config, "--once"), stdout=subprocess.PIPE, stderr=other_end, env=_environment()
    ) as process:
        os.close(other_end)
        shown = b""
        while select.select([terminal], [], [], PATIENCE)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
        os.close(terminal)
        assert process.stdout is not None
        assert b"200 objects from 200 files" in process.stdout.read()
    assert process.returncode == 0
    assert b"platform" in shown
    assert b"\x1b[" in shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_logs_what_it_does_and_ends_when_told(origin: Origin, config: Path, number: int) -> None:
    first = origin.commit({"a.yaml": ROLE})[:7]
    with subprocess.Popen(_command(config), stderr=subprocess.PIPE, text=True, env=_environment()) as process:
        assert process.stderr is not None
        assert f"INFO platform@{first}: 1 object from 1 file" in process.stderr.readline()
        second = origin.commit({"a.yaml": "a: b: c\n"})[:7]
        assert f"ERROR platform@{second} a.yaml:1: no valid YAML" in process.stderr.readline()
        process.send_signal(number)
        rest = process.stderr.read()
    assert (process.returncode, rest) == (0, "")
    assert snapshot_is_there(config)


def test_help_tells_what_it_does() -> None:
    result = CliRunner().invoke(sync, ["--help"])
    assert result.exit_code == 0
    assert "--once" in result.stdout
    assert isinstance(sync, click.Command)
