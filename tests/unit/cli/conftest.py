from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.calling import Place
from tests.unit.cluster.apiserver import ApiServer


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as serving:
        yield serving
