"""The examples are what people begin with: they are as good as what is built."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.unit.baseline.origin import Origin
from tests.unit.cli.calling import Place, baseward
from webhook.config import load_configuration
from webhook.core.kinds import GOVERNED
from webhook.core.policy import Mode

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MANIFESTS = EXAMPLES / "gitops" / "clusters" / "prod"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place that has the example's policy, and the example's manifests in Git."""
    place = Place(tmp_path_factory.mktemp("example"))
    settings = yaml.safe_load((EXAMPLES / "config.yaml").read_text())
    for of_a_machine in ("baseline", "snapshot", "serve"):
        del settings[of_a_machine]
    place.configure(**settings)
    origin = Origin(place.folder / "platform")
    shutil.copytree(MANIFESTS, origin.folder / "clusters" / "prod")
    origin.commit()
    return place


def test_the_configuration_is_fine_and_denies_nothing_at_first() -> None:
    checked = baseward("config", "check", EXAMPLES / "config.yaml")
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert load_configuration(EXAMPLES / "config.yaml").mode is Mode.AUDIT


def test_the_configuration_reads_the_manifests_beside_it() -> None:
    (source,) = load_configuration(EXAMPLES / "config.yaml").baseline.sources
    assert (Path(source.repository) / source.path).resolve() == MANIFESTS


def test_the_manifests_are_a_clean_baseline(place: Place) -> None:
    synced = place.baseward("sync", "--once")
    assert (synced.exit_code, synced.stderr) == (0, "")
    assert synced.stdout.endswith(": 4 objects from 3 files\n")

    checked = place.baseward("check", MANIFESTS)
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.endswith("4 same, 0 drift, 0 undeclared\n")


def test_every_manifest_is_of_a_kind_that_is_governed() -> None:
    kinds = {kind.name for kind in GOVERNED}
    files = sorted(MANIFESTS.rglob("*.yaml"))
    found = [document["kind"] for file in files for document in yaml.safe_load_all(file.read_text())]
    assert found != []
    assert set(found) <= kinds
