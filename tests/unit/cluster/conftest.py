from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cluster.apiserver import ApiServer
from webhook.cluster.api import Api
from webhook.cluster.client import api_client


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as serving:
        yield serving


@pytest.fixture
def api(server: ApiServer, tmp_path: Path) -> Api:
    """The API of that server, with the credentials of a kubeconfig."""
    return Api(api_client(kubeconfig=server.kubeconfig(tmp_path))[0])
