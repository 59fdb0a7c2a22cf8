from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from webhook.baseline.errors import SnapshotError
from webhook.baseline.status import (
    NO_STATUS,
    STATUS_FILE,
    SourceStatus,
    SyncStatus,
    read_status,
    write_status,
)

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
STATUS = SyncStatus(
    "a" * 32,
    (
        SourceStatus("platform", "3f2c1ab" * 5, NOON, files=97, objects=132, warnings=1),
        SourceStatus("team", None, None, "team: gone", NOON, trouble="unreachable"),
    ),
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_status(tmp_path, STATUS)
    assert read_status(tmp_path) == STATUS
    assert [path.name for path in tmp_path.iterdir()] == [STATUS_FILE]


def test_the_file_is_fit_for_other_programs(tmp_path: Path) -> None:
    write_status(tmp_path, STATUS)
    assert orjson.loads((tmp_path / STATUS_FILE).read_bytes())["sources"][0] == {
        "name": "platform",
        "commit": "3f2c1ab" * 5,
        "syncedAt": "2026-01-31T12:00:00+00:00",
        "error": None,
        "trouble": None,
        "failedAt": None,
        "files": 97,
        "objects": 132,
        "warnings": 1,
    }


def test_there_is_no_status_before_the_first_sync(tmp_path: Path) -> None:
    assert read_status(tmp_path) == NO_STATUS
    assert NO_STATUS.source("platform") == SourceStatus("platform")


def test_the_times_of_the_sources_that_were_synced_are_told() -> None:
    assert STATUS.synced_at == {"platform": NOON}


def test_a_source_is_summed_up_in_a_line() -> None:
    assert [str(source) for source in STATUS.sources] == [
        "platform@3f2c1ab: 132 objects from 97 files",
        "team@none: 0 objects from 0 files",
    ]
    assert str(SourceStatus("one", "0" * 40, files=1, objects=1)).endswith(": 1 object from 1 file")
    assert str(SourceStatus("all", "0" * 40, files=100_000)).endswith(" from 100,000 files")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"snapshot": null, "sources": [{}]}', b"null", b"\xff"]
)
def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STATUS_FILE).write_bytes(content)
    with pytest.raises(SnapshotError, match=STATUS_FILE):
        read_status(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=f"cannot write {tmp_path}/gone/{STATUS_FILE}"):
        write_status(tmp_path / "gone", STATUS)
