"""Repositories for sources to read, made by the real git."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.baseline.origin import HttpServer, Origin
from tests.unit.baseline.trust.signing import (  # noqa: F401  # fixtures
    alice,
    mallory,
    pgp,
    pgp_alice,
    pgp_mallory,
    signed,
    ssh_alice,
    ssh_folder,
    ssh_mallory,
)
from tests.unit.baseline.world import Log
from webhook.baseline.git.repository import Repository
from webhook.config import Source


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Name the folder of snapshots."""
    return tmp_path / "snapshot"


@pytest.fixture
def source(origin: Origin) -> Source:
    return Source("platform", str(origin.folder), "main")


@pytest.fixture
def team(tmp_path: Path) -> Origin:
    """Provide a second repository."""
    return Origin(tmp_path / "team")


@pytest.fixture
def log() -> Iterator[Log]:
    logger, handler = logging.getLogger("webhook.baseline"), Log()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(level)
    logger.removeHandler(handler)
