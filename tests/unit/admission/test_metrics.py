from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families

from tests.builders import COMMIT, NOW, Object, baseline, decision, network_policy, request, review
from tests.unit.admission.judging import Worker
from tests.unit.admission.snapshots import publish
from webhook.admission.metrics import Metrics, forget_metrics, forget_worker, share_metrics
from webhook.admission.state import BaselineState
from webhook.baseline.status import SourceStatus, SyncStatus, write_status
from webhook.core.normalize import DEFAULT_LEFT_OUT

WEB = network_policy()


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which workers count, and everything as it was when the test is over."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    folder = share_metrics()
    yield folder
    forget_metrics(folder)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[BaselineState]:
    looking = BaselineState(tmp_path, DEFAULT_LEFT_OUT, clock=lambda: NOW)
    yield looking
    if looking.snapshot is not None:
        looking.snapshot.close()


def samples(page: bytes) -> dict[str, float]:
    """Read a page as Prometheus does: ``name{label="value"}`` -> value."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def count(metrics: Metrics, operation: str = "CREATE", obj: Object = WEB, **more: Any) -> None:
    old, new = (obj, None) if operation == "DELETE" else (None, obj)
    reviewed = review(operation, old, new, **more)
    metrics.count(request(operation, old, new, **more), decision(reviewed, baseline(WEB)), 0.0007)


def test_decisions_are_counted_by_operation_kind_decision_and_reason(
    shared: Path, state: BaselineState
) -> None:
    assert shared.is_dir()
    metrics = Metrics(state)
    count(metrics)
    count(metrics)
    count(metrics, "DELETE")
    page = samples(metrics.page())
    name = "baseward_requests_total"
    created = 'decision="allowed",kind="NetworkPolicy",operation="CREATE",reason="restores-git"'
    deleted = 'decision="denied",kind="NetworkPolicy",operation="DELETE",reason="deletion"'
    assert page[f"{name}{{{created}}}"] == 2
    assert page[f"{name}{{{deleted}}}"] == 1


@pytest.mark.usefixtures("shared")
def test_durations_are_seconds_in_buckets_below_and_above_a_millisecond(state: BaselineState) -> None:
    metrics = Metrics(state)
    count(metrics)
    page = samples(metrics.page())
    assert page["baseward_request_duration_seconds_count"] == 1
    assert page["baseward_request_duration_seconds_sum"] == pytest.approx(0.0007)
    assert page['baseward_request_duration_seconds_bucket{le="0.0005"}'] == 0
    assert page['baseward_request_duration_seconds_bucket{le="0.001"}'] == 1


@pytest.mark.usefixtures("shared")
def test_what_strangers_choose_makes_no_new_series(state: BaselineState) -> None:
    metrics = Metrics(state)
    for number in range(20):
        kind = {"group": "example.com", "version": "v1", "kind": f"Widget{number}"}
        count(metrics, f"VERB{number}", kind=kind)
    series = [name for name in samples(metrics.page()) if name.startswith("baseward_requests_total")]
    assert series == [
        'baseward_requests_total{decision="allowed",kind="other",operation="other",reason="out-of-scope"}'
    ]


@pytest.mark.usefixtures("shared")
def test_what_was_not_decided_is_counted_by_status(state: BaselineState) -> None:
    metrics = Metrics(state)
    for status in (400, 503, 400):
        metrics.count_failure(status)
    page = samples(metrics.page())
    assert page['baseward_request_failures_total{status="400"}'] == 2
    assert page['baseward_request_failures_total{status="503"}'] == 1


@pytest.mark.usefixtures("shared")
def test_before_the_first_snapshot_there_is_no_age_rather_than_a_good_one(state: BaselineState) -> None:
    state.look()
    page = samples(Metrics(state).page())
    assert [name for name in page if name.startswith("baseward_snapshot")] == []


@pytest.mark.usefixtures("shared")
def test_the_snapshot_is_told_with_its_age_objects_and_commits(state: BaselineState, tmp_path: Path) -> None:
    publish(tmp_path, WEB, network_policy("api"), made_at=NOW - timedelta(seconds=14))
    state.look()
    page = samples(Metrics(state).page())
    assert page["baseward_snapshot_age_seconds"] == 14
    assert page["baseward_snapshot_objects"] == 2
    assert page[f'baseward_snapshot_info{{commit="{COMMIT}",source="platform"}}'] == 1


@pytest.mark.usefixtures("shared")
def test_a_source_that_fails_can_be_alerted_on(state: BaselineState, tmp_path: Path) -> None:
    fine = SourceStatus("platform", COMMIT, NOW)
    failing = SourceStatus("team", error="main: no such branch", failed_at=NOW)
    write_status(tmp_path, SyncStatus(None, (fine, failing)))
    state.look()
    page = samples(Metrics(state).page())
    assert page['baseward_source_failing{source="platform"}'] == 0
    assert page['baseward_source_failing{source="team"}'] == 1
    time = page['baseward_source_last_sync_timestamp_seconds{source="platform"}']
    assert time == NOW.timestamp()
    assert 'baseward_source_last_sync_timestamp_seconds{source="team"}' not in page


@pytest.mark.usefixtures("shared")
def test_the_page_is_served_in_the_text_format_of_prometheus(tmp_path: Path) -> None:
    with contextlib.closing(Worker(tmp_path)) as worker:
        worker.review(b"{")
        worker.request("GET", "/nowhere")
        answer = worker.request("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers[b"content-type"] == b"text/plain; version=0.0.4; charset=utf-8"
    assert samples(answer.body)['baseward_request_failures_total{status="400"}'] == 1
    assert 'baseward_request_failures_total{status="404"}' not in samples(answer.body)  # is no review


SEVERAL_PROCESSES = """
import os, sys
from pathlib import Path
from webhook.admission import metrics
from webhook.admission.state import BaselineState
from webhook.core.normalize import DEFAULT_LEFT_OUT

folder = metrics.share_metrics()
state = BaselineState(Path(sys.argv[1]), DEFAULT_LEFT_OUT)
for worker in range(3):
    pid = os.fork()
    if pid == 0:
        own = metrics.Metrics(state)
        for _ in range(worker + 1):
            own.count_failure(400)
        os._exit(0)
    os.waitpid(pid, 0)
    metrics.forget_worker(pid)  # what it counted stays counted
sys.stdout.buffer.write(metrics.Metrics(state).page())
metrics.forget_metrics(folder)
sys.exit(folder.exists())
"""


def test_all_workers_count_together_those_that_ended_included(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SEVERAL_PROCESSES, str(tmp_path)]
    page = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    assert samples(page)['baseward_request_failures_total{status="400"}'] == 1 + 2 + 3


def test_the_folder_of_the_counts_is_for_this_user_alone_and_goes_with_the_server(shared: Path) -> None:
    assert shared.stat().st_mode & 0o077 == 0
    forget_worker(os.getpid())
    forget_metrics(shared)
    assert not shared.exists()
    forget_metrics(shared)
