"""Repositories for sources to read, made by the real git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.baseline.origin import HttpServer, Origin
from webhook.baseline.git import Repository


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def http() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def repository(origin: Origin, tmp_path: Path) -> Repository:
    return Repository(str(origin.folder), tmp_path / "state")
