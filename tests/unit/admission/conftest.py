"""Servers for the tests of the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.admission.serving import Server, eventually, issue


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a module that leave it as it is."""
    folder = tmp_path_factory.mktemp("pair")
    issue(folder)
    shared = Server(folder, {})
    try:
        eventually(shared.is_ready)
        yield shared
    finally:
        shared.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    issue(tmp_path)
    return tmp_path


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Server]]:
    """Start servers with settings of the test's own; all end with the test."""
    running: list[Server] = []

    def starting(*, ready: bool = True, **settings: Any) -> Server:
        server = Server(folder, settings)
        running.append(server)
        if ready:
            eventually(server.is_ready)
        return server

    yield starting
    for server in running:
        server.kill()
