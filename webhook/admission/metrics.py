"""Prometheus metrics, of all workers together.

Each worker counts in memory-mapped files in a folder that they share (prometheus_client's
multiprocess mode); whichever worker is scraped adds them up. What a worker knows of the
baseline is the same in all of them and is written out at the scrape.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from webhook.admission.state import BaselineState
from webhook.baseline.refusal import Trouble
from webhook.core.decision import Decision
from webhook.core.kinds import BY_NAME
from webhook.core.review import CREATE, DELETE, UPDATE, AdmissionRequest

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_OPERATIONS = frozenset({CREATE, UPDATE, DELETE})
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def share_metrics() -> Path:
    """Make the folder that the workers of this process will count in; call before they are forked."""
    folder = Path(tempfile.mkdtemp(prefix="baseward-metrics-"))
    os.environ[_FOLDER_VARIABLE] = str(folder)
    # Where the variable is set before Python starts, the library does this itself.
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]  # untyped there
    return folder


def forget_metrics(folder: Path) -> None:
    """Remove the folder that the workers shared."""
    shutil.rmtree(folder, ignore_errors=True)


def forget_worker(pid: int) -> None:
    """Tell the metrics that a worker ended."""
    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]  # untyped there


class Metrics:
    """What one worker counts."""

    def __init__(self, state: BaselineState) -> None:
        """Begin to count; ``state`` is asked at each scrape."""
        registry = CollectorRegistry()
        self._state = state
        self._requests = Counter(
            "baseward_requests_total",
            "Admission reviews that were decided.",
            ["operation", "kind", "decision", "reason"],
            registry=registry,
        )
        self._duration = Histogram(
            "baseward_request_duration_seconds",
            "Time from the request's last byte to its answer.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._failures = Counter(
            "baseward_request_failures_total",
            "Admission reviews that were not decided, by HTTP status.",
            ["status"],
            registry=registry,
        )
        self._counted: dict[tuple[str, str, str, str], Counter] = {}

    def count(self, request: AdmissionRequest, decision: Decision, seconds: float) -> None:
        """Count one decision."""
        key = (
            request.operation if request.operation in _OPERATIONS else "other",
            request.key.kind if request.key.kind in BY_NAME else "other",
            decision.outcome.value,
            decision.reason.value,
        )
        counter = self._counted.get(key)
        if counter is None:
            counter = self._counted[key] = self._requests.labels(*key)
        counter.inc()
        self._duration.observe(seconds)

    def count_failure(self, status: int) -> None:
        """Count one request that got no decision."""
        self._failures.labels(str(status)).inc()

    def page(self) -> bytes:
        """Write what all workers counted, and what is known of the baseline."""
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped there
        registry.register(_OfBaseline(self._state))
        return generate_latest(registry)


class _OfBaseline:
    """Tells of the baseline as this worker sees it."""

    def __init__(self, state: BaselineState) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state
        info = GaugeMetricFamily(
            "baseward_snapshot_info",
            "The commit of each source in the snapshot.",
            labels=["source", "commit"],
        )
        objects = GaugeMetricFamily("baseward_snapshot_objects", "Objects that the snapshot declares.")
        age = GaugeMetricFamily(
            "baseward_snapshot_age_seconds", "Time since the last successful sync of every source."
        )
        if state.snapshot is not None:
            for source, commit in state.snapshot.commits.items():
                info.add_metric([source, commit], 1)
            objects.add_metric([], state.snapshot.object_count)
        if (seconds := state.age_seconds()) is not None:
            age.add_metric([], seconds)
        yield from (info, objects, age)
        yield from self._of_sources()

    def _of_sources(self) -> Iterator[Metric]:
        failing = GaugeMetricFamily(
            "baseward_source_failing", "Whether the last sync of a source failed.", labels=["source"]
        )
        synced = GaugeMetricFamily(
            "baseward_source_last_sync_timestamp_seconds",
            "When a source was last synced with success.",
            labels=["source"],
        )
        trouble = GaugeMetricFamily(
            "baseward_source_trouble",
            "Whether this kind of trouble keeps a source from being in sync.",
            labels=["source", "trouble"],
        )
        objects = GaugeMetricFamily(
            "baseward_source_objects", "Objects that the snapshot has of a source.", labels=["source"]
        )
        for source in self._state.sources:
            failing.add_metric([source.name], 1 if source.error else 0)
            objects.add_metric([source.name], source.objects)
            for kind in Trouble:
                trouble.add_metric([source.name, kind], 1 if source.trouble == kind else 0)
            if source.synced_at is not None:
                synced.add_metric([source.name], source.synced_at.timestamp())
        yield from (failing, synced, trouble, objects)
