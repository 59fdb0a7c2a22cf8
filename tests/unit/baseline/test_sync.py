from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.baseline.origin import HttpServer, Origin
from tests.unit.baseline.world import NOON, PATIENCE, Log, key, names, opened, role, synchronizer
from webhook.baseline.errors import SnapshotError
from webhook.baseline.snapshot import open_current
from webhook.baseline.snapshot_files import current_path, locked
from webhook.baseline.status import STATUS_FILE, SourceStatus, read_status
from webhook.baseline.sync import Synchronizer
from webhook.config import Allow, Source
from webhook.core.objects import ABSENT_DIGEST


@pytest.fixture
def sync(folder: Path, source: Source) -> Synchronizer:
    return synchronizer(folder, source)


def only_error(sync: Synchronizer) -> str:
    result = sync.sync_once()
    (error,) = result.errors
    return error


# From Git to the snapshot


def test_the_first_sync_makes_a_snapshot(origin: Origin, folder: Path, sync: Synchronizer) -> None:
    commit = origin.commit({"a.yaml": role("a"), "deep/b.json": '{"kind": "ConfigMap"}', "README.md": "x"})
    result = sync.sync_once()
    assert result.changed
    assert (result.errors, result.warnings, result.objects) == ((), (), 1)
    with opened(folder) as snapshot:
        declared = snapshot.declared(key("a"))
        assert declared is not None
        assert str(declared.provenance) == f"platform@{commit[:7]} a.yaml:1"
        assert snapshot.id == result.id
    status = SourceStatus("platform", commit, NOON + timedelta(minutes=1), files=2, objects=1)
    assert result.sources == (status,)
    assert read_status(folder).sources == (status,)
    assert read_status(folder).snapshot == result.id


def test_nothing_is_read_again_until_the_revision_moves(
    origin: Origin, folder: Path, sync: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a")})
    first = sync.sync_once()
    path = current_path(folder)
    reports: list[str] = []
    again = sync.sync_once(lambda name, _done, _total: reports.append(name))
    assert not again.changed
    assert (again.id, again.objects, again.errors, reports) == (first.id, 1, (), [])
    assert current_path(folder) == path
    assert read_status(folder).synced_at["platform"] > (first.sources[0].synced_at or NOON)
    origin.commit({"a.yaml": role("b")})
    moved = sync.sync_once(lambda name, _done, _total: reports.append(name))
    assert moved.changed
    assert set(reports) == {"platform"}
    assert names(folder) == ["b"]


def test_a_sync_takes_up_where_another_process_left_off(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({"a.yaml": role("a")})
    assert synchronizer(folder, source).sync_once().changed
    assert not synchronizer(folder, source).sync_once().changed


def test_a_snapshot_remembers_what_earlier_revisions_declared(
    origin: Origin, folder: Path, sync: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a"), "b.yaml": role("b")})
    sync.sync_once()
    with opened(folder) as snapshot:
        before = snapshot.declared(key("a"))
    origin.commit({"a.yaml": role("a", "list"), "b.yaml": None, "c.yaml": role("c")})
    sync.sync_once()
    with opened(folder) as snapshot:
        assert before is not None
        assert snapshot.declared(key("b")) is None
        assert list(snapshot.earlier_digests(key("a"))) == [before.digest]
        assert list(snapshot.earlier_digests(key("c"))) == [ABSENT_DIGEST]


def test_a_rewritten_branch_is_followed_back_to_an_earlier_commit(
    origin: Origin, folder: Path, sync: Synchronizer
) -> None:
    first = origin.commit({"a.yaml": role("a")})
    before = sync.sync_once()
    origin.commit({"b.yaml": role("b")})
    sync.sync_once()
    path = current_path(folder)
    origin.git("reset", "--quiet", "--hard", first)
    back = sync.sync_once()
    assert back.changed
    assert back.id == before.id
    assert current_path(folder) != path  # so that who looks for a new one finds it
    assert names(folder) == ["a"]


@pytest.mark.parametrize(
    "settings",
    [
        {"path": "apps"},
        {"exclude": ("b.yaml",)},
        {"namespace": "team"},
        {"allow": Allow(namespaces=("shop", "*"))},
        {"name": "other"},
    ],
)
def test_other_settings_make_another_snapshot_of_the_same_commit(
    origin: Origin, folder: Path, source: Source, settings: dict[str, object]
) -> None:
    origin.commit({"apps/a.yaml": role("a"), "apps/b.yaml": role("b")})
    first = synchronizer(folder, source).sync_once()
    second = synchronizer(folder, replace(source, **settings)).sync_once()  # type: ignore[arg-type]  # a table of any
    assert second.changed
    assert second.errors == ()
    assert second.id != first.id


def test_another_way_to_the_same_commit_makes_no_other_snapshot(
    origin: Origin, folder: Path, source: Source, http: HttpServer, tmp_path: Path
) -> None:
    origin.commit({"a.yaml": role("a")})
    origin.git("tag", "v1")
    synchronizer(folder, source).sync_once()
    moved = replace(source, repository=http.url("v2", origin.bare(tmp_path / "bare.git")), revision="v1")
    result = synchronizer(folder, moved).sync_once()
    assert (result.changed, result.errors) == (False, ())


def test_a_path_bounds_what_is_declared(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({"prod/a.yaml": role("a"), "production/b.yaml": role("b"), "broken.yaml": "a: b: c\n"})
    assert synchronizer(folder, replace(source, path="prod")).sync_once().errors == ()
    assert names(folder) == ["a"]


def test_many_files_are_read(origin: Origin, folder: Path, sync: Synchronizer) -> None:
    origin.commit({f"{number:04}.yaml": role(f"r{number:04}") for number in range(700)})
    reports: list[tuple[str, int, int]] = []
    assert sync.sync_once(lambda *report: reports.append(report)).objects == 700
    assert reports[0] == ("platform", 0, 700)
    assert reports[-1] == ("platform", 700, 700)
    assert [done for _, done, _ in reports] == sorted(done for _, done, _ in reports)
    assert names(folder) == [f"r{number:04}" for number in range(700)]


def test_a_field_that_the_api_does_not_know_is_a_warning(origin: Origin, sync: Synchronizer) -> None:
    commit = origin.commit({"a.yaml": "---\n" + role("a") + "spec: {}\n"})
    result = sync.sync_once()
    assert result.changed
    (warning,) = result.warnings
    assert warning.startswith(f"platform@{commit[:7]} a.yaml:2: Role shop/a can never be in sync")
    assert result.sources[0].warnings == 1
    assert sync.sync_once().sources[0].warnings == 1


# A commit with an error is refused whole


BROKEN = {
    "no YAML": ("a: [\n", "b.yaml:2: "),
    "a key twice": ("a: 1\na: 2\n", "b.yaml:2: key `a` is given twice"),
    "twice": (role("a"), "b.yaml:1: Role shop/a is already declared at platform@"),
    "no name": (role("''"), "b.yaml:1: Role has no name"),
    "an old version": (
        "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\n",
        "b.yaml:1: extensions/v1beta1 Ingress is no longer served by the API; write it in networking",
    ),
}


@pytest.mark.parametrize(("content", "error"), BROKEN.values(), ids=BROKEN)
def test_a_broken_commit_is_refused_whole_and_the_snapshot_before_it_stays(
    origin: Origin, folder: Path, sync: Synchronizer, content: str, error: str
) -> None:
    good = origin.commit({"a.yaml": role("a")})
    first = sync.sync_once()
    bad = origin.commit({"a.yaml": role("a", "list"), "b.yaml": content, "c.yaml": role("c")})
    result = sync.sync_once()
    assert not result.changed
    assert result.id == first.id
    assert f"platform@{bad[:7]} {error}" in result.errors[0]
    assert names(folder) == ["a"]
    (status,) = read_status(folder).sources
    assert (status.commit, status.synced_at, status.objects) == (good, first.sources[0].synced_at, 1)
    assert status.error == result.errors[0]
    assert status.failed_at is not None

    origin.commit({"b.yaml": role("b")})
    mended = sync.sync_once()
    assert (mended.changed, mended.errors) == (True, ())
    assert names(folder) == ["a", "b", "c"]
    (status,) = read_status(folder).sources
    assert (status.error, status.failed_at) == (None, None)


def test_a_broken_first_commit_leaves_no_snapshot(origin: Origin, folder: Path, sync: Synchronizer) -> None:
    origin.commit({"a.yaml": "a: b: c\n"})
    assert "a.yaml:1: " in only_error(sync)
    assert open_current(folder) is None
    (status,) = read_status(folder).sources
    assert (status.commit, status.synced_at) == (None, None)
    assert read_status(folder).snapshot is None


def test_a_refused_commit_is_not_read_again_and_again(origin: Origin, sync: Synchronizer) -> None:
    origin.commit({"a.yaml": "a: b: c\n"})
    error = only_error(sync)
    reports: list[str] = []
    again = sync.sync_once(lambda name, _done, _total: reports.append(name))
    assert (again.errors, reports) == ((error,), [])


def test_all_errors_of_a_commit_are_told_up_to_a_bound(origin: Origin, sync: Synchronizer) -> None:
    origin.commit({f"{number:02}.yaml": "a: b: c\n" for number in range(23)} | {"z.yaml": role("''")})
    errors = sync.sync_once().errors
    assert len(errors) == 21
    assert [f"{number:02}.yaml:1" in errors[number] for number in range(20)] == [True] * 20
    assert errors[20] == "and 4 more errors"


def test_an_object_declared_twice_names_both_places(origin: Origin, sync: Synchronizer) -> None:
    commit = origin.commit({"a.yaml": role("a"), "z/b.yaml": f"{role('b')}---\n{role('a', 'list')}"})[:7]
    assert only_error(sync) == (
        f"platform@{commit} z/b.yaml:6: Role shop/a is already declared at platform@{commit} a.yaml:1;"
        " keep one of them"
    )


def test_an_excluded_file_may_be_broken(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({"a.yaml": role("a"), "charts/x/templates/b.yaml": "{{ if }}\n"})
    assert synchronizer(folder, source).sync_once().errors != ()
    assert synchronizer(folder, replace(source, exclude=("charts/**",))).sync_once().errors == ()


def test_a_source_declares_only_what_it_may(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({"a.yaml": role("a")})
    bounded = replace(source, allow=Allow(namespaces=("team-*",)))
    assert "a.yaml:1: source platform may not declare Role shop/a" in only_error(
        synchronizer(folder, bounded)
    )


# What else can go wrong


def test_a_repository_that_is_gone_leaves_the_snapshot(
    origin: Origin, folder: Path, sync: Synchronizer
) -> None:
    commit = origin.commit({"a.yaml": role("a")})
    first = sync.sync_once()
    moved = origin.folder.rename(origin.folder.with_name("elsewhere"))
    assert f"platform: git ls-remote of {origin.folder} failed" in only_error(sync)
    (status,) = read_status(folder).sources
    assert (status.commit, status.synced_at) == (commit, first.sources[0].synced_at)
    assert names(folder) == ["a"]
    moved.rename(origin.folder)
    assert sync.sync_once().errors == ()


def test_a_deleted_branch_leaves_the_snapshot(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({"a.yaml": role("a")})
    origin.git("branch", "prod")
    sync = synchronizer(folder, replace(source, revision="prod"))
    sync.sync_once()
    origin.git("branch", "--delete", "prod")
    assert "revision prod in" in only_error(sync)
    assert names(folder) == ["a"]


def test_an_empty_repository_makes_no_snapshot(folder: Path, sync: Synchronizer) -> None:
    assert "revision main in" in only_error(sync)
    assert open_current(folder) is None


def test_a_path_that_is_gone_does_not_empty_the_baseline(
    origin: Origin, folder: Path, source: Source
) -> None:
    origin.commit({"apps/a.yaml": role("a"), "b.yaml": role("b")})
    sync = synchronizer(folder, replace(source, path="apps"))
    sync.sync_once()
    origin.commit({"apps/a.yaml": None})
    assert "there is no folder apps at" in only_error(sync)
    assert names(folder) == ["a"]


def test_a_pinned_commit_needs_no_remote(origin: Origin, folder: Path, source: Source) -> None:
    commit = origin.commit({"a.yaml": role("a")})
    origin.commit({"b.yaml": role("b")})
    sync = synchronizer(folder, replace(source, revision=commit))
    assert sync.sync_once().changed
    origin.folder.rename(origin.folder.with_name("elsewhere"))
    assert sync.sync_once().errors == ()
    assert names(folder) == ["a"]


def test_a_pinned_commit_that_is_not_there_leaves_the_snapshot(
    origin: Origin, folder: Path, source: Source
) -> None:
    origin.commit({"a.yaml": role("a")})
    synchronizer(folder, source).sync_once()
    error = only_error(synchronizer(folder, replace(source, revision="0123" * 10)))
    assert error.startswith("platform@0123012: commit 0123012 could not be fetched: ")
    assert names(folder) == ["a"]


def test_a_damaged_copy_mends_itself_by_the_next_sync(
    origin: Origin, folder: Path, sync: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a")})
    sync.sync_once()
    origin.commit({"a.yaml": role("b")})
    for path in (folder / "git/platform/repository.git/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"not what git wrote")
    results = [sync.sync_once() for _ in range(2)]
    assert results[-1].errors == ()
    assert names(folder) == ["b"]


def test_a_snapshot_that_cannot_be_read_is_made_again_under_another_path(
    origin: Origin, folder: Path, sync: Synchronizer, caplog: pytest.LogCaptureFixture
) -> None:
    origin.commit({"a.yaml": role("a")})
    sync.sync_once()
    path = current_path(folder)
    assert path is not None
    path.write_bytes(b"x" * 4096)
    assert sync.sync_once().changed
    assert "cannot be read" in caplog.text
    assert current_path(folder) != path
    assert names(folder) == ["a"]


def test_a_status_that_cannot_be_read_is_written_anew(
    origin: Origin, folder: Path, sync: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a")})
    sync.sync_once()
    for revision_is_there in (True, False):
        (folder / STATUS_FILE).write_text("{")
        if not revision_is_there:
            origin.git("branch", "--move", "main", "other")
        sync.sync_once()
        assert (read_status(folder).sources[0].error is None) == revision_is_there


def test_a_folder_that_cannot_be_written_to_is_an_error_that_names_it(source: Source, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SnapshotError, match=f"cannot write to {tmp_path}/file/snapshot"):
        synchronizer(tmp_path / "file/snapshot", source).sync_once()


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from webhook.baseline.sync import Synchronizer
from webhook.config import Source
from webhook.core.normalize.left_out import LeftOut
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
result = Synchronizer([Source("platform", sys.argv[1], "main")], Path(sys.argv[2]), LeftOut()).sync_once()
print(result.changed, *result.errors)
"""


def _in_another_process(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_disk_that_is_full_leaves_the_snapshot(origin: Origin, folder: Path, sync: Synchronizer) -> None:
    origin.commit({"a.yaml": role("a")})
    sync.sync_once()
    origin.commit({f"{number:03}.yaml": role(f"r{number}") for number in range(300)} | {"a.yaml": None})
    # No file may grow beyond 64 KiB: what git fetches fits, the snapshot does not.
    done = _in_another_process(FULL_DISK, origin.folder, folder, "65536")
    assert done.stdout.startswith("False cannot write a snapshot to"), done
    assert "and free space" in done.stdout
    assert names(folder) == ["a"]
    assert read_status(folder).sources[0].error is not None
    assert sync.sync_once().objects == 300
    assert list(folder.glob("*.tmp")) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from webhook.baseline.sync import Synchronizer
from webhook.config import Source
from webhook.core.normalize.left_out import LeftOut
def die(name, done, total):
    if done == total > 0:
        os.kill(os.getpid(), signal.SIGKILL)
Synchronizer([Source("platform", sys.argv[1], "main")], Path(sys.argv[2]), LeftOut()).sync_once(die)
"""


def test_a_sync_that_is_killed_leaves_the_snapshot_before_it_whole(
    origin: Origin, folder: Path, sync: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a")})
    sync.sync_once()
    origin.commit({f"{number:03}.yaml": role(f"r{number}") for number in range(500)})
    assert _in_another_process(KILLED, origin.folder, folder).returncode == -signal.SIGKILL
    assert list(folder.glob("*.tmp")) != []
    assert names(folder) == ["a"]
    assert sync.sync_once().objects == 501
    assert list(folder.glob("*.tmp")) == []


# Several sources


@pytest.fixture
def both(folder: Path, source: Source, team: Origin) -> Synchronizer:
    return synchronizer(folder, source, Source("team", str(team.folder), "main"))


def test_several_sources_make_one_baseline(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    commits = {"platform": origin.commit({"a.yaml": role("a")}), "team": team.commit({"b.yaml": role("b")})}
    assert both.sync_once().objects == 2
    with opened(folder) as snapshot:
        assert snapshot.commits == commits
        places = [snapshot.declared(key(name)) for name in ("a", "b")]
    assert [place.provenance.source for place in places if place] == ["platform", "team"]


def test_an_object_that_two_sources_declare_is_the_fault_of_the_later(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    first, second = origin.commit({"a.yaml": role("a")}), team.commit({"x/b.yaml": role("a", "list")})
    assert only_error(both) == (
        f"team@{second[:7]} x/b.yaml:1: Role shop/a is already declared at platform@{first[:7]} a.yaml:1;"
        " keep one of them"
    )
    platform, other = read_status(folder).sources
    assert (platform.error, other.trouble) == (None, "broken")
    assert names(folder) == ["a"]


def test_a_source_that_cannot_be_read_keeps_its_part_and_does_not_hold_up_the_others(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a")})
    team.commit({"b.yaml": role("b")})
    first = both.sync_once()
    team.folder.rename(team.folder.with_name("elsewhere"))
    second = both.sync_once()
    assert [source.error is None for source in second.sources] == [True, False]
    assert second.sources[0].synced_at > first.sources[0].synced_at  # type: ignore[operator]  # both are there
    assert second.sources[1].synced_at == first.sources[1].synced_at
    origin.commit({"a.yaml": role("c")})
    third = both.sync_once()
    assert third.changed
    assert [source.trouble for source in third.sources] == [None, "unreachable"]
    assert names(folder) == ["b", "c"]


def test_the_errors_of_all_sources_are_told(origin: Origin, team: Origin, both: Synchronizer) -> None:
    origin.commit({"a.yaml": "a: b: c\n"})
    team.commit({"b.yaml": "b: c: d\n"})
    assert [error.partition("@")[0] for error in both.sync_once().errors] == ["platform", "team"]


# Again and again


def test_two_syncs_do_not_write_to_one_folder_at_once(
    origin: Origin, folder: Path, sync: Synchronizer, log: Log
) -> None:
    origin.commit({"a.yaml": role("a")})
    thread = threading.Thread(target=sync.sync_once)
    with locked(folder):
        thread.start()
        log.wait_for(f"another sync is at work in {folder}: waiting for it")
        assert open_current(folder) is None
    thread.join(PATIENCE)
    assert names(folder) == ["a"]


def test_no_password_is_written_anywhere(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    sync = synchronizer(folder, Source("platform", "http://someone:s3cr3t@127.0.0.1:1/x.git", "main"))
    assert "s3cr3t" not in only_error(sync)
    for path in folder.rglob("*"):
        assert not path.is_file() or b"s3cr3t" not in path.read_bytes()
    assert "s3cr3t" not in caplog.text
