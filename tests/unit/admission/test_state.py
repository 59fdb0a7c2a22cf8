from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import COMMIT, NOW, cluster_role, key_of, network_policy
from tests.unit.admission.judging import until
from tests.unit.admission.snapshots import current_file, damage, publish
from webhook.admission.state import BaselineState
from webhook.baseline.errors import SnapshotError
from webhook.baseline.status import STATUS_FILE, SourceStatus, SyncStatus, write_status
from webhook.core.normalize import DEFAULT_LEFT_OUT
from webhook.core.normalize.left_out import BOOKKEEPING, Ignore, LeftOut

WEB, API = network_policy("web"), network_policy("api")
NEXT_COMMIT = "9" * 40


@pytest.fixture
def state(tmp_path: Path) -> Iterator[BaselineState]:
    watching = BaselineState(tmp_path, DEFAULT_LEFT_OUT, clock=lambda: NOW)
    yield watching
    if watching.snapshot is not None:
        watching.snapshot.close()


def serves(state: BaselineState, name: str) -> bool:
    assert state.snapshot is not None
    return state.snapshot.declared(key_of(network_policy(name))) is not None


# The snapshot


def test_before_the_first_sync_there_is_nothing_and_nothing_wrong(state: BaselineState) -> None:
    state.look()
    assert (state.snapshot, state.fault, state.age_seconds()) == (None, None, None)
    assert state.why_not_ready() == "no snapshot has been loaded yet"


def test_the_first_snapshot_is_taken_up(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB)
    state.look()
    assert serves(state, "web")


def test_a_newer_snapshot_takes_the_place_of_the_one_before(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB)
    state.look()
    publish(tmp_path, API, commit=NEXT_COMMIT)
    state.look()
    assert serves(state, "api")
    assert not serves(state, "web")


def test_what_an_earlier_revision_declared_is_still_known(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB)
    publish(tmp_path, API)
    state.look()
    assert state.snapshot is not None
    assert len(state.snapshot.earlier_digests(key_of(WEB))) == 1


def test_a_request_keeps_the_snapshot_that_it_began_with(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB)
    state.look()
    begun_with = state.snapshot
    assert begun_with is not None
    for number in range(5):  # so many that its file is removed
        publish(tmp_path, network_policy(f"other-{number}"))
        state.look()
    assert not begun_with.path.exists()
    assert begun_with.declared(key_of(WEB)) is not None
    begun_with.close()


def test_looking_again_does_not_open_the_same_snapshot_again(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB)
    state.look()
    served = state.snapshot
    state.look()
    assert state.snapshot is served


def test_a_snapshot_that_is_served_no_more_is_closed(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB)
    state.look()
    assert state.snapshot is not None
    database = state.snapshot._database  # noqa: SLF001 (whether it is open cannot be seen from outside)
    publish(tmp_path, API)
    state.look()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.execute("SELECT 1")


# What is broken


def break_header(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


def remove(path: Path) -> None:
    path.unlink()


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def forget_title(path: Path) -> None:
    run_sql(path, "DELETE FROM meta")


def forget_revisions(path: Path) -> None:
    run_sql(path, "DELETE FROM revisions")


def write_time_wrong(path: Path) -> None:
    run_sql(path, "UPDATE revisions SET synced_at = 'yesterday'")


def forget_zone(path: Path) -> None:
    run_sql(path, "UPDATE revisions SET synced_at = '2030-01-31T12:00:00'")


def raise_format(path: Path) -> None:
    run_sql(path, "PRAGMA user_version = 99")


def run_sql(path: Path, statement: str) -> None:
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()


BREAKING = [
    break_header,
    empty,
    cut,
    damage,
    remove,
    replace_by_folder,
    forget_title,
    forget_revisions,
    write_time_wrong,
    forget_zone,
    raise_format,
]


@pytest.mark.parametrize("breaking", BREAKING)
def test_a_broken_snapshot_is_passed_over_and_reported(
    state: BaselineState, tmp_path: Path, caplog: pytest.LogCaptureFixture, breaking: Callable[[Path], None]
) -> None:
    publish(tmp_path, WEB)
    state.look()
    broken = publish(tmp_path, API)
    breaking(broken)
    state.look()
    assert serves(state, "web")
    assert state.fault is not None
    assert broken.name in state.fault
    assert state.report()["fault"] == state.fault
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert state.fault in caplog.text


def test_a_broken_snapshot_is_reported_once_not_twice_a_second(
    state: BaselineState, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(publish(tmp_path, WEB))
    for _ in range(5):
        state.look()
    assert len(caplog.records) == 1


def test_where_the_first_snapshot_is_broken_readiness_says_so(state: BaselineState, tmp_path: Path) -> None:
    damage(publish(tmp_path, WEB))
    state.look()
    assert state.snapshot is None
    assert "no snapshot has been loaded yet" in state.why_not_ready()
    assert current_file(tmp_path).name in state.why_not_ready()


def test_a_whole_snapshot_after_a_broken_one_is_taken_up_and_the_fault_forgotten(
    state: BaselineState, tmp_path: Path
) -> None:
    damage(publish(tmp_path, WEB))
    state.look()
    publish(tmp_path, WEB)  # a sync makes the same one anew
    state.look()
    assert serves(state, "web")
    assert state.fault is None


def test_a_damaged_snapshot_that_was_removed_is_replaced_by_the_same_one(
    state: BaselineState, tmp_path: Path
) -> None:
    publish(tmp_path, API)
    damaged = publish(tmp_path, WEB)
    state.look()
    state.found_damaged(SnapshotError("it is damaged"))
    damaged.unlink()
    renewed = publish(tmp_path, WEB)
    state.look()
    assert renewed != damaged  # what has the same name is taken for what is served already
    assert state.snapshot is not None
    assert state.snapshot.path == renewed
    assert state.fault is None


def test_a_file_that_comes_after_its_link_is_taken_up(state: BaselineState, tmp_path: Path) -> None:
    # As where a folder is copied or restored by a tool that knows nothing of its order.
    path = publish(tmp_path, WEB)
    content = path.read_bytes()
    path.unlink()
    state.look()
    path.write_bytes(content)
    state.look()
    assert serves(state, "web")


# Other settings


OTHER_SETTINGS = [
    LeftOut(bookkeeping=BOOKKEEPING | {"example.com/owner"}),
    LeftOut(ignore=(Ignore(("Ingress",), (("metadata", "annotations", "example.com/x"),)),)),
]


@pytest.mark.parametrize("left_out", OTHER_SETTINGS)
def test_a_snapshot_of_other_settings_is_refused(
    state: BaselineState, tmp_path: Path, left_out: LeftOut
) -> None:
    publish(tmp_path, WEB)
    state.look()
    publish(tmp_path, API, left_out=left_out)
    state.look()
    assert serves(state, "web")
    assert state.fault is not None
    for setting in ("`ignore`", "`presets`", "`bookkeeping`"):
        assert setting in state.fault
    assert "restart" in state.fault


def test_who_may_write_what_is_left_out_may_differ(tmp_path: Path) -> None:
    field = ("metadata", "annotations", "example.com/x")
    publish(tmp_path, WEB, left_out=LeftOut(ignore=(Ignore(("Ingress",), (field,), ("alice",)),)))
    state = BaselineState(tmp_path, LeftOut(ignore=(Ignore(("Ingress",), (field,), ("bob",)),)))
    state.look()
    assert serves(state, "web")
    assert state.snapshot is not None
    state.snapshot.close()


# Age, and how the syncs went


def synced(folder: Path, *sources: SourceStatus) -> None:
    write_status(folder, SyncStatus(None, sources))


def test_a_sync_that_finds_nothing_new_makes_the_snapshot_younger(
    state: BaselineState, tmp_path: Path
) -> None:
    publish(tmp_path, WEB, made_at=NOW - timedelta(hours=1))
    state.look()
    assert state.age_seconds() == 3_600
    synced(tmp_path, SourceStatus("platform", COMMIT, NOW - timedelta(seconds=7)))
    state.look()
    assert state.age_seconds() == 7


def test_a_sync_of_a_commit_that_is_not_served_does_not(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB, made_at=NOW - timedelta(hours=1))
    synced(tmp_path, SourceStatus("platform", NEXT_COMMIT, NOW))
    state.look()
    assert state.age_seconds() == 3_600


def test_a_failing_source_is_told_with_its_error(state: BaselineState, tmp_path: Path) -> None:
    synced(tmp_path, SourceStatus("platform", error="main: no such branch", failed_at=NOW))
    state.look()
    assert state.why_not_ready() == "no snapshot has been loaded yet; platform: main: no such branch"
    assert state.report()["sources"] == [
        {
            "name": "platform",
            "commit": None,
            "syncedAt": None,
            "error": "main: no such branch",
            "trouble": None,
        }
    ]


def test_the_report_tells_times_with_their_zone(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB, cluster_role(), made_at=NOW)
    synced(tmp_path, SourceStatus("platform", COMMIT, NOW))
    state.look()
    report = state.report()
    assert report["snapshot"]["objects"] == 2
    assert report["snapshot"]["ageSeconds"] == 0
    assert datetime.fromisoformat(report["sources"][0]["syncedAt"]) == NOW
    assert report["sources"][0]["syncedAt"].endswith(("Z", "+00:00"))


def test_a_broken_status_file_keeps_what_was_known_and_is_reported_once(
    state: BaselineState, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    synced(tmp_path, SourceStatus("platform", COMMIT, NOW))
    state.look()
    (tmp_path / STATUS_FILE).write_text("{")
    for _ in range(5):
        state.look()
    assert [source.name for source in state.sources] == ["platform"]
    assert STATUS_FILE in caplog.text
    assert len(caplog.records) == 1  # not two lines a second, of each worker, until somebody comes


# The watch


def test_a_new_snapshot_is_found_while_watching(state: BaselineState, tmp_path: Path) -> None:
    async def watch() -> None:
        state.start_watching()
        publish(tmp_path, WEB)
        await until(lambda: state.snapshot is not None)
        await state.stop_watching()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(watch())
    assert serves(state, "web")


def test_the_watch_outlives_whatever_goes_wrong_in_a_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    times = iter([OSError("a-secret-value")])

    class Unsteady(BaselineState):
        def look(self) -> None:
            if self._task is not None:
                for fault in times:
                    raise fault
            super().look()

    state = Unsteady(tmp_path, DEFAULT_LEFT_OUT, clock=lambda: datetime.now(UTC))

    async def watch() -> None:
        state.start_watching()
        publish(tmp_path, WEB)
        await until(lambda: state.snapshot is not None)
        await state.stop_watching()

    asyncio.run(watch())
    assert "OSError" in caplog.text
    assert "secret" not in caplog.text
    assert state.snapshot is not None
    state.snapshot.close()
