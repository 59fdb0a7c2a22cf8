"""The real kustomize and helm, for the tests that ask for the fixtures of these names."""

from __future__ import annotations

import functools
import os

import pytest

from tests.go_cache import GoError, NoGoError
from tests.missing import missing
from tests.renderers import binaries


@pytest.fixture(scope="session")
def kustomize() -> str:
    """Provide the path of the real kustomize, which Baseward finds, too."""
    return _provide("kustomize")


@pytest.fixture(scope="session")
def helm() -> str:
    """Provide the path of the real helm, which Baseward finds, too."""
    return _provide("helm")


def _provide(name: str) -> str:
    path = _find(name)
    if isinstance(path, NoGoError):
        missing(str(path))
    if isinstance(path, GoError):
        pytest.fail(str(path), pytrace=False)
    os.environ[binaries.variable(name)] = path
    return path


@functools.cache
def _find(name: str) -> str | GoError:
    try:
        return binaries.find(name)
    except GoError as error:
        return error


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build what the tests will ask for now: it takes minutes, and a test is ended after some."""
    asked = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        for name in asked.intersection(binaries.PROGRAMS):
            _find(name)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail what can't be had; from here pytest reports all that is skipped in one line."""
    for name in binaries.PROGRAMS:
        if name in getattr(item, "fixturenames", ()):
            _provide(name)
