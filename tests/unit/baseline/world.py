"""What tests of syncing share: manifests, a clock, a log to wait for, a look at the snapshot."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from webhook.baseline.snapshot import Snapshot, open_current
from webhook.baseline.sync import Synchronizer
from webhook.config import Source
from webhook.core.normalize.left_out import LeftOut
from webhook.core.objects import ObjectKey

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
PATIENCE = 60.0


def role(name: str, verb: str = "get", namespace: str = "shop") -> str:
    return f"""\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {name}, namespace: {namespace}}}
rules: [{{apiGroups: [""], resources: [pods], verbs: [{verb}]}}]
"""


def key(name: str, namespace: str = "shop") -> ObjectKey:
    return ObjectKey("rbac.authorization.k8s.io", "Role", namespace, name)


class Clock:
    """A minute later at each look."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def synchronizer(
    folder: Path,
    *sources: Source,
    history: int = 10,
    max_shrink: float = 0.5,
    left_out: LeftOut | None = None,
) -> Synchronizer:
    return Synchronizer(
        sources, folder, left_out or LeftOut(), history=history, max_shrink=max_shrink, clock=Clock()
    )


def opened(folder: Path) -> closing[Snapshot]:
    snapshot = open_current(folder)
    assert snapshot is not None
    return closing(snapshot)


def names(folder: Path) -> list[str]:
    return [key.name for key in _all_keys(folder)]


def _all_keys(folder: Path) -> Iterator[ObjectKey]:
    with opened(folder) as snapshot:
        yield from snapshot.keys()


class Log(logging.Handler):
    """What is logged, to wait for."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: list[str] = []
        self._more = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        with self._more:
            self._lines.append(record.getMessage())
            self._more.notify_all()

    def count(self, text: str) -> int:
        return sum(text in line for line in self._lines)

    def wait_for(self, text: str) -> None:
        with self._more:
            assert self._more.wait_for(lambda: self.count(text) > 0, PATIENCE), self._lines
