from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from webhook.baseline.errors import SnapshotError
from webhook.baseline.reading import Row
from webhook.baseline.snapshot import Snapshot, open_current
from webhook.baseline.snapshot_files import current_path, locked
from webhook.baseline.snapshot_format import (
    FORMAT,
    SourceRecord,
    UnreadSource,
    left_out_id,
    settings_id,
    snapshot_id,
)
from webhook.baseline.snapshot_writer import Place, SnapshotWriter, Title
from webhook.config import Source, Verify
from webhook.core.kinds import NETWORK_POLICY
from webhook.core.normalize.left_out import Ignore, LeftOut
from webhook.core.objects import ABSENT_DIGEST, Baseline, Declared, ObjectKey, Provenance

COMMITS = itertools.count(1)
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LEFT_OUT = left_out_id(LeftOut())


def key(name: str, namespace: str = "shop") -> ObjectKey:
    return ObjectKey("networking.k8s.io", "NetworkPolicy", namespace, name)


def row(name: str, digest: bytes = b"1", namespace: str = "shop") -> Row:
    content = b'{"metadata":{"name":"%s"}}' % name.encode()
    return Row(key(name, namespace), digest, content, b'{"/rules":[]}', f"apps/{name}.yaml", 12)


def record(
    commit: str = "3f2c1ab", objects: int = 1, name: str = "platform", settings: str = "x"
) -> SourceRecord:
    return SourceRecord(name, commit, settings, "/srv/platform.git", 1, objects, 0)


def write(
    folder: Path,
    objects: dict[str, bytes],
    commit: str | None = None,
    *,
    history: int = 10,
    left_out: LeftOut | None = None,
) -> None:
    """Write a snapshot with these objects, by name, with their digests; make it the current one."""
    previous = open_current(folder)
    with SnapshotWriter(folder, previous) as writer:
        for name, digest in objects.items():
            assert writer.add(0, row(name, digest)) is None
        named = record(commit or f"{next(COMMITS):040x}", len(objects))
        writer.publish(Title(left_out or LeftOut(), NOON, [named]), history)
    if previous is not None:
        previous.close()


@pytest.fixture
def snapshots() -> Iterator[list[Snapshot]]:
    """Snapshots to close in the end."""
    opened: list[Snapshot] = []
    yield opened
    for snapshot in opened:
        snapshot.close()


def opened(folder: Path, snapshots: list[Snapshot]) -> Snapshot:
    snapshot = open_current(folder)
    assert snapshot is not None
    snapshots.append(snapshot)
    return snapshot


def test_what_was_written_is_read(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    write(tmp_path, {"web": b"one", "db": b"two"}, "3f2c1ab")
    snapshot: Baseline = opened(tmp_path, snapshots)
    assert snapshot.declared(key("web")) == Declared(
        key=key("web"),
        digest=b"one",
        content_json=b'{"metadata":{"name":"web"}}',
        left_out_json=b'{"/rules":[]}',
        provenance=Provenance("platform", "3f2c1ab", "apps/web.yaml", 12),
    )
    assert snapshot.declared(key("web", "other")) is None
    assert snapshot.declared(ObjectKey("", "NetworkPolicy", "shop", "web")) is None
    assert snapshot.commits == {"platform": "3f2c1ab"}
    assert snapshot.synced_at == {"platform": NOON}
    assert snapshot.earlier_digests(key("web")) == []


def test_a_snapshot_says_what_it_is(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    write(tmp_path, {"web": b"one", "db": b"two"}, "3f2c1ab")
    snapshot = opened(tmp_path, snapshots)
    assert snapshot.id == snapshot_id([record()], [], LeftOut())
    assert (snapshot.object_count, snapshot.left_out_id) == (2, LEFT_OUT)
    assert list(snapshot.keys()) == [key("db"), key("web")]
    assert snapshot.made_at == NOON


def test_a_sync_that_finds_nothing_new_makes_a_snapshot_younger(
    tmp_path: Path, snapshots: list[Snapshot]
) -> None:
    write(tmp_path, {})
    snapshot = opened(tmp_path, snapshots)
    snapshot.synced_at = {"platform": NOON + timedelta(minutes=1)}
    baseline: Baseline = snapshot
    assert baseline.synced_at["platform"] > NOON


def test_names_of_any_kind_are_kept_apart(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    names = ['a"b', "a\\b", "a\0b", "a\nb", "a/b", "\u202e", "", "a" * 20_000, "[1]", "\U0001f600"]
    places = [(namespace, name) for namespace in ("", "a", "a/a") for name in names]
    with SnapshotWriter(tmp_path) as writer:
        for number, (namespace, name) in enumerate(places):
            assert writer.add(0, row(name, bytes([number]), namespace)) is None
        writer.publish(Title(LeftOut(), NOON, [record(objects=len(places))]), 10)
    snapshot = opened(tmp_path, snapshots)
    for number, (namespace, name) in enumerate(places):
        found = snapshot.declared(key(name, namespace))
        assert found is not None
        assert found.digest == bytes([number])
    assert set(snapshot.keys()) == {key(name, namespace) for namespace, name in places}


def test_the_objects_of_a_namespace_are_found_and_those_of_no_other(
    tmp_path: Path, snapshots: list[Snapshot]
) -> None:
    places = [
        ("shop", "web"),
        ("shop", "db"),
        ("shop-2", "web"),
        ("sho", "web"),
        ('shop","x', "web"),
        ("", "a"),
    ]
    with SnapshotWriter(tmp_path) as writer:
        for namespace, name in places:
            writer.add(0, row(name, namespace=namespace))
        writer.add(0, row("web")._replace(key=ObjectKey("networking.k8s.io", "Ingress", "shop", "web")))
        writer.publish(Title(LeftOut(), NOON, [record(objects=7)]), 10)
    snapshot = opened(tmp_path, snapshots)

    def names(namespace: str) -> list[str]:
        return [found.key.name for found in snapshot.within(NETWORK_POLICY, namespace)]

    assert (names("shop"), names(""), names("other")) == (["db", "web"], ["a"], [])
    assert next(snapshot.within(NETWORK_POLICY, "shop")) == snapshot.declared(key("db"))
    assert len(list(snapshot.within(NETWORK_POLICY, None))) == len(places)


def test_what_refers_to_an_object_is_found_also_when_it_was_taken_over(
    tmp_path: Path, snapshots: list[Snapshot]
) -> None:
    def binding(name: str, role: str) -> Row:
        refers = ObjectKey("rbac.authorization.k8s.io", "Role", "shop", role)
        place = ObjectKey("rbac.authorization.k8s.io", "RoleBinding", "shop", name)
        return row(name)._replace(key=place, refers=refers)

    with SnapshotWriter(tmp_path) as writer:
        for one in (
            binding("readers", "reader"),
            binding("more", "reader"),
            binding("admins", "admin"),
            row("web"),
        ):
            writer.add(0, one)
        writer.publish(Title(LeftOut(), NOON, [record()]), 10)
    with SnapshotWriter(tmp_path, opened(tmp_path, snapshots)) as writer:
        writer.keep(0, 0)
        writer.publish(Title(LeftOut(), NOON, [record("another")]), 10)
    snapshot = opened(tmp_path, snapshots)
    reader = ObjectKey("rbac.authorization.k8s.io", "Role", "shop", "reader")
    assert [found.key.name for found in snapshot.referring(reader)] == ["more", "readers"]
    assert list(snapshot.referring(reader._replace(namespace="other"))) == []


def test_the_place_of_the_first_declaration_is_told_at_the_second(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        assert writer.add(0, row("web")) is None
        assert writer.add(0, row("web", b"another")) == Place("apps/web.yaml", 12)


def test_all_claims_on_an_object_are_told_and_who_holds_it(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    write(tmp_path, {"web": b"1"})
    with SnapshotWriter(tmp_path, opened(tmp_path, snapshots)) as writer:
        for source, name in ((0, "web"), (0, "mine"), (1, "web"), (2, "new"), (1, "new")):
            writer.add(source, row(name))
        claims = [[(claim.source, claim.holder) for claim in claims] for claims in writer.contested()]
    assert claims == [[(1, None), (2, None)], [(0, "platform"), (1, "platform")]]


# History


def earlier(folder: Path, name: str, snapshots: list[Snapshot]) -> set[bytes]:
    return set(opened(folder, snapshots).earlier_digests(key(name)))


def test_earlier_revisions_are_remembered(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    write(tmp_path, {"same": b"1", "changed": b"1", "gone": b"1"})
    write(tmp_path, {"same": b"1", "changed": b"2", "new": b"1"})
    assert earlier(tmp_path, "same", snapshots) == set()
    assert earlier(tmp_path, "changed", snapshots) == {b"1"}
    assert earlier(tmp_path, "gone", snapshots) == {b"1"}
    assert earlier(tmp_path, "new", snapshots) == {ABSENT_DIGEST}
    write(tmp_path, {"same": b"1", "changed": b"3", "gone": b"1", "new": b"1"})
    assert earlier(tmp_path, "changed", snapshots) == {b"1", b"2"}
    assert earlier(tmp_path, "gone", snapshots) == {b"1", ABSENT_DIGEST}
    assert earlier(tmp_path, "new", snapshots) == {ABSENT_DIGEST}


def test_only_so_many_revisions_are_remembered(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    for number in range(1, 6):
        write(tmp_path, {"web": b"%d" % number}, history=2)
    assert earlier(tmp_path, "web", snapshots) == {b"3", b"4"}
    write(tmp_path, {"web": b"5", "other": b"1"}, history=2)  # a revision, too
    assert earlier(tmp_path, "web", snapshots) == {b"4"}
    write(tmp_path, {"web": b"5"}, history=2)
    assert earlier(tmp_path, "web", snapshots) == set()
    database = sqlite3.connect(current_path(tmp_path) or "")
    assert database.execute("SELECT sequence FROM revisions").fetchall() == [(5,), (6,), (7,)]
    database.close()


def test_what_was_declared_once_more_is_remembered_longer(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    for digest in (b"1", b"2", b"1", b"3", b"3"):
        write(tmp_path, {"web": digest}, history=2)
    assert earlier(tmp_path, "web", snapshots) == {b"1"}


def test_the_revisions_of_a_source_are_counted_apart_from_those_of_others(
    tmp_path: Path, snapshots: list[Snapshot]
) -> None:
    def publish(platform: int, team: int) -> None:
        previous = open_current(tmp_path)
        with SnapshotWriter(tmp_path, previous) as writer:
            writer.add(0, row("web", b"%d" % platform))
            writer.add(1, row("api", b"%d" % team))
            records = [record(f"{platform:040x}"), record(f"{team:040x}", name="team")]
            writer.publish(Title(LeftOut(), NOON, records), 2)
        if previous is not None:
            previous.close()

    publish(1, 1)
    publish(1, 2)
    for number in range(2, 12):
        publish(number, 2)
    assert earlier(tmp_path, "api", snapshots) == {b"1"}
    assert earlier(tmp_path, "web", snapshots) == {b"9", b"10"}


def test_what_a_source_declares_when_it_is_first_read_was_not_undeclared_before(
    tmp_path: Path, snapshots: list[Snapshot]
) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.add(0, row("web"))
        unread = [UnreadSource("team", ("*",), ("*",))]
        writer.publish(Title(LeftOut(), NOON, [record(), None], unread), 10)
    with SnapshotWriter(tmp_path, opened(tmp_path, snapshots)) as writer:
        writer.add(0, row("web"))
        writer.add(1, row("api"))
        writer.publish(Title(LeftOut(), NOON, [record(), record(name="team")]), 10)
    assert earlier(tmp_path, "api", snapshots) == set()


def test_no_history_is_kept_when_none_is_wanted(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    for digest in (b"1", b"2"):
        write(tmp_path, {"web": digest}, history=0)
    assert earlier(tmp_path, "web", snapshots) == set()


def test_digests_under_other_rules_are_not_remembered(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    write(tmp_path, {"web": b"1"})
    write(tmp_path, {"web": b"2"}, left_out=LeftOut(bookkeeping=frozenset({"other"})))
    assert earlier(tmp_path, "web", snapshots) == set()


# Ids


def test_the_id_stands_for_commits_settings_and_what_is_left_out() -> None:
    ignore = LeftOut(ignore=(Ignore(("Ingress",), (("metadata", "labels", "a"),)),))
    ids = {
        snapshot_id([record()], [], LeftOut()),
        snapshot_id([record("3f2c1ac")], [], LeftOut()),
        snapshot_id([record(settings="y")], [], LeftOut()),
        snapshot_id([record(name="team")], [], LeftOut()),
        snapshot_id([record()], [UnreadSource("team", ("*",), ("*",))], LeftOut()),
        snapshot_id([record()], [], ignore),
        snapshot_id([record()], [], LeftOut(bookkeeping=frozenset({"a"}))),
    }
    assert len(ids) == 7
    assert all(len(identity) == 32 and int(identity, 16) for identity in ids)
    assert snapshot_id([record()], [], LeftOut()) in ids


def test_the_settings_that_bear_on_the_content_have_a_part_in_the_id_and_no_others() -> None:
    source = Source("platform", "https://git.example.com/platform.git")
    same = (
        replace(source, repository="ssh://git.example.com/platform.git", revision="main"),
        replace(source, interval=timedelta(hours=1), credentials=Path("/x"), max_size=1),
    )
    others = (
        replace(source, path="apps"),
        replace(source, namespace="other"),
        replace(source, exclude=("x",)),
        replace(source, renderer="helm"),
        replace(source, verify=Verify(keys=Path("/keys"))),
    )
    assert {settings_id(each) for each in same} == {settings_id(source)}
    assert len({settings_id(each) for each in (source, *others)}) == 6


def test_who_may_write_what_is_left_out_has_no_part_in_the_id() -> None:
    fields = (("metadata", "labels", "a"),)
    one = LeftOut(ignore=(Ignore(("Ingress", "Role"), fields, ("rancher",)),))
    other = LeftOut(ignore=(Ignore(("Role", "Ingress"), fields),))
    assert left_out_id(one) == left_out_id(other) != left_out_id(LeftOut())


# Files


def test_there_is_no_snapshot_before_the_first(tmp_path: Path) -> None:
    assert open_current(tmp_path) is None
    assert open_current(tmp_path / "nowhere") is None
    assert current_path(tmp_path) is None


def test_each_snapshot_has_a_path_of_its_own(tmp_path: Path) -> None:
    paths = []
    for _ in range(3):
        write(tmp_path, {"web": b"1"})
        paths.append(current_path(tmp_path))
    assert len(set(paths)) == 3


def test_old_snapshots_are_removed_and_stay_readable_to_who_has_them_open(
    tmp_path: Path, snapshots: list[Snapshot]
) -> None:
    write(tmp_path, {f"web-{number}": b"1" for number in range(2_000)})
    first = opened(tmp_path, snapshots)
    for number in range(12):
        write(tmp_path, {"web": b"%d" % number})
    files = sorted(path.name for path in tmp_path.glob("*.sqlite"))
    assert [name.partition("-")[0] for name in files] == ["000011", "000012", "000013"]
    assert not first.path.exists()
    assert len(list(first.keys())) == 2_000
    assert first.declared(key("web-1999")) is not None


def test_an_unfinished_snapshot_is_thrown_away(tmp_path: Path) -> None:
    write(tmp_path, {"web": b"1"})
    before = current_path(tmp_path)
    with SnapshotWriter(tmp_path) as writer:
        writer.add(0, row("web", b"2"))
    assert current_path(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["current", before.name if before else ""]
    )


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.unit.baseline import test_snapshot as here
from webhook.baseline import snapshot_files, snapshot_writer

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

step = sys.argv[2]
if step == "flush":
    snapshot_files.flush = die
elif step == "symlink":
    Path.symlink_to = die
elif step == "swap":
    real = Path.replace
    Path.replace = lambda path, to: die() if Path(to).name == "current" else real(path, to)
elif step == "history":
    snapshot_writer.SnapshotWriter._take_over = die
here.write(Path(sys.argv[1]), {f"other-{number}": b"2" for number in range(3_000)}, "b" * 40)
"""


@pytest.mark.parametrize("step", ["history", "flush", "symlink", "swap"])
def test_a_writer_that_is_killed_leaves_the_snapshot_before_it_whole(
    tmp_path: Path, snapshots: list[Snapshot], step: str
) -> None:
    write(tmp_path, {"web": b"1"})
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", KILLED, str(tmp_path), step]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    snapshot = opened(tmp_path, snapshots)
    assert list(snapshot.keys()) == [key("web")]
    with locked(tmp_path):
        assert list(tmp_path.glob("*.tmp")) == []
        write(tmp_path, {"web": b"3"}, "c" * 40)
    assert opened(tmp_path, snapshots).commits == {"platform": "c" * 40}
    assert earlier(tmp_path, "web", snapshots) == {b"1"}


def test_a_snapshot_is_used_in_any_thread(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    write(tmp_path, {"web": b"1"})
    snapshot = opened(tmp_path, snapshots)
    found: list[Declared | None] = []
    thread = threading.Thread(target=lambda: found.append(snapshot.declared(key("web"))))
    thread.start()
    thread.join()
    assert found == [snapshot.declared(key("web"))]


def test_reading_writes_nothing(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    write(tmp_path, {"web": b"1"})
    before = sorted(path.name for path in tmp_path.iterdir())
    snapshot = opened(tmp_path, snapshots)
    snapshot.declared(key("web"))
    snapshot.earlier_digests(key("web"))
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    with pytest.raises(SnapshotError, match="readonly"):
        snapshot._select("DELETE FROM objects")  # noqa: SLF001


def test_a_folder_with_a_strange_name_is_fine(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    folder = tmp_path / "a?b #c%20d"
    folder.mkdir()
    write(folder, {"web": b"1"})
    write(folder, {"web": b"2"})
    assert earlier(folder, "web", snapshots) == {b"1"}


# Broken files


def damaged(folder: Path, statement: str) -> None:
    database = sqlite3.connect(current_path(folder) or "")
    database.execute(statement)
    database.commit()
    database.close()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {})
    damaged(tmp_path, f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(
        SnapshotError, match=rf"has format {FORMAT + 1}, and this version reads format {FORMAT}"
    ):
        open_current(tmp_path)


def test_another_database_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {})
    damaged(tmp_path, "PRAGMA application_id = 0")
    with pytest.raises(SnapshotError, match="is no snapshot of Baseward"):
        open_current(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"SQLite format 3\0" + b"\0" * 500])
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, {})
    (current_path(tmp_path) or tmp_path).write_bytes(content)
    with pytest.raises(SnapshotError):
        open_current(tmp_path)


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {f"web-{number}": b"1" for number in range(2_000)})
    path = current_path(tmp_path)
    assert path is not None
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(SnapshotError, match=r"cannot be read: .*malformed; `baseward sync` makes a new one"):
        open_current(tmp_path)


def test_a_file_that_breaks_while_it_is_read_is_an_error_and_not_a_crash(
    tmp_path: Path, snapshots: list[Snapshot]
) -> None:
    write(tmp_path, {f"web-{number:04}": b"1" for number in range(4_000)})
    snapshot = opened(tmp_path, snapshots)
    os.truncate(snapshot.path, 8192)
    with pytest.raises(SnapshotError):
        [snapshot.declared(key(f"web-{number:04}")) for number in range(4_000)]


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {})
    (current_path(tmp_path) or tmp_path).unlink()
    with pytest.raises(SnapshotError, match="unable to open"):
        open_current(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SnapshotError, match=f"cannot write to {tmp_path}/file"), locked(tmp_path / "file"):
        pass
    with pytest.raises(SnapshotError, match=f"cannot write a snapshot to {tmp_path}/gone"):
        SnapshotWriter(tmp_path / "gone")
