"""One real control plane for all tests of a session, or the developer's own (BASEWARD_CONTROLPLANE=DIR).

And one `baseward run` beside it, that the API server asks while the tests of a module that wants it run.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import network_policy
from tests.e2e.baseward import Baseward
from tests.e2e.cluster import CONTROLPLANE, Cluster, controlplane, target
from tests.e2e.repository import Object, Repository, Stock
from tests.missing import missing
from webhook.core.normalize.metadata import LAST_APPLIED

RUNNING = os.environ.get("BASEWARD_CONTROLPLANE")
NO_GO = 3  # the exit code of `controlplane build`: nothing is cached, and there is no Go to build with


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Provide a real kube-apiserver and etcd, shared by the session: clean up what you make in it."""
    if RUNNING:
        yield Cluster(Path(RUNNING).resolve())
        return
    folder = tmp_path_factory.mktemp("controlplane")
    try:
        controlplane("up", folder)
        yield Cluster(folder)
    finally:
        controlplane("down", folder)
        shutil.rmtree(folder / "etcd", ignore_errors=True)  # 120 MB; the logs stay to be read


@pytest.fixture(scope="session")
def stock(cluster: Cluster) -> Iterator[Stock]:
    """Provide objects that Git declares from the first commit on, in the cluster as Git has them."""
    stock = Stock()
    cluster.kubectl("create", "--save-config", "-f", "-", as_user="admin", input=stock.manifest)
    yield stock
    delete = ["delete", "--ignore-not-found", "--wait=false", "-f", "-"]
    cluster.kubectl(*delete, as_user="admin", input=stock.manifest)


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory, stock: Stock) -> Repository:
    repository = Repository(tmp_path_factory.mktemp("git") / "platform")
    repository.declare(*stock.manifest["items"])
    return repository


@pytest.fixture(scope="session")
def running(
    tmp_path_factory: pytest.TempPathFactory, cluster: Cluster, repository: Repository
) -> Iterator[Baseward]:
    """Provide one `baseward run` for the session, which nobody asks yet."""
    baseward = Baseward(tmp_path_factory.mktemp("baseward"), cluster, repository)
    baseward.start()
    yield baseward
    baseward.kill()


@pytest.fixture(scope="module")
def baseward(running: Baseward) -> Iterator[Baseward]:
    """Provide the session's Baseward, asked by the API server until the module's last test has run."""
    with running.registered():
        yield running


@pytest.fixture
def undeclared(cluster: Cluster, stock: Stock) -> Iterator[Object]:
    """A NetworkPolicy in the namespace shop that is in the cluster and not in Git."""
    policy = network_policy(stock.name("leftover"))
    cluster.unwatched("apply", "-f", "-", input=policy)
    yield policy
    cluster.unwatched("delete", *target(policy), "--ignore-not-found")


@pytest.fixture
def policy(stock: Stock) -> Object:
    """A NetworkPolicy in the namespace shop, in the cluster as Git declares it."""
    return stock.take("NetworkPolicy")


@pytest.fixture
def ingress(stock: Stock) -> Object:
    """An Ingress in the namespace shop, in the cluster as Git declares it."""
    return stock.take("Ingress")


@pytest.fixture
def role(stock: Stock) -> Object:
    """A Role in the namespace shop, in the cluster as Git declares it."""
    return stock.take("Role")


@pytest.fixture
def cluster_role(stock: Stock) -> Object:
    """A ClusterRole, in the cluster as Git declares it."""
    return stock.take("ClusterRole")


@pytest.fixture
def aggregated(cluster: Cluster, stock: Stock) -> Object:
    """An aggregated ClusterRole, in the cluster as Git declares it: nobody gathered its rules yet."""
    role = stock.take("aggregated")
    # Else kubectl would have this annotation follow when it applies server-side, which controllers don't.
    cluster.unwatched("annotate", *target(role), f"{LAST_APPLIED}-")
    return role


@pytest.fixture
def cluster_role_binding(stock: Stock) -> Object:
    """A ClusterRoleBinding, in the cluster as Git declares it."""
    return stock.take("ClusterRoleBinding")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the control plane where it can't be had; fail it where CI is set.

    Not in the fixture: from here pytest reports all that is skipped in one line.
    """
    if RUNNING or "cluster" not in getattr(item, "fixturenames", ()):
        return
    code = _build(item.config)
    if code == NO_GO:
        missing("no real kube-apiserver: install Go to build it, or set KUBEBUILDER_ASSETS")
    if code:
        pytest.fail("tests/controlplane/controlplane build failed: see above", pytrace=False)


@functools.cache
def _build(config: pytest.Config) -> int:
    """Build what is not cached, where the progress can be seen (it takes minutes); return the exit code."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        return subprocess.call([sys.executable, CONTROLPLANE, "build"], stdout=subprocess.DEVNULL)
