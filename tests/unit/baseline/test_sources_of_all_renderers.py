"""Sources of all five renderers make one baseline, read from a real repository by the real programs."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import Object
from tests.builders import role as role_object
from tests.corpus import corpus_tree, needs_corpus
from tests.unit.baseline.origin import Origin
from tests.unit.baseline.render.charts import CHART
from tests.unit.baseline.render.pulumi_written import export, pulumi_resource
from tests.unit.baseline.render.terraform_written import planned, state
from tests.unit.baseline.world import key, names, opened, role
from webhook.baseline.sync import Synchronizer
from webhook.config import KustomizeConfig, LoadRestrictor, Source, parse_configuration
from webhook.core.normalize.left_out import LeftOut
from webhook.core.objects import Declared, ObjectKey

pytestmark = pytest.mark.usefixtures("kustomize", "helm")

CONFIGURATION = """\
apiVersion: baseward.io/v1alpha1
kind: Configuration
baseline:
  sources:
  - {name: plain, repository: ./origin, path: plain}
  - {name: overlay, repository: ./origin, path: overlay/prod, renderer: kustomize}
  - name: chart
    repository: ./origin
    path: chart
    renderer: helm
    namespace: shop
    helm: {values: [prod.yaml]}
  - {name: terraform, repository: ./origin, path: terraform, renderer: terraform}
  - {name: pulumi, repository: ./origin, path: pulumi, renderer: pulumi}
"""


def terraform(*manifests: Object) -> str:
    resources = [
        planned("kubernetes_manifest", {"manifest": manifest, "object": None}) for manifest in manifests
    ]
    return json.dumps(state(*resources), indent=2)


def pulumi(*manifests: Object) -> str:
    return json.dumps(export(*map(pulumi_resource, manifests)), indent=2)


# Each source declares one Role, which has the source's name.
FILES = {
    "plain/roles.yaml": f"# Who may look.\n---\n{role('plain')}",
    "overlay/prod/kustomization.yaml": "resources: [../base]\nnamespace: shop\n",
    "overlay/base/kustomization.yaml": "resources: [role.yaml]\n",
    "overlay/base/role.yaml": f"# Who may look.\n{role('overlay', namespace='base')}",
    "chart/Chart.yaml": CHART,
    "chart/templates/role.yaml": role("{{ .Values.name }}", namespace="{{ .Release.Namespace }}"),
    "prod.yaml": "name: chart\n",
    "terraform/state.json": terraform(role_object("terraform")),
    "pulumi/stack.json": pulumi(role_object("pulumi")),
}
SOURCES = ("plain", "overlay", "chart", "terraform", "pulumi")


def line(path: str, text: str) -> int:
    """Return the number of the line before the first one of a file that holds a text: its brace in JSON."""
    return FILES[path].partition(text)[0].count("\n")


PLACES = {
    "plain": "plain/roles.yaml:3",
    "overlay": "overlay/base/role.yaml:2",
    "chart": "chart/templates/role.yaml:1",
    "terraform": f"terraform/state.json:{line('terraform/state.json', 'address')}",
    "pulumi": f"pulumi/stack.json:{line('pulumi/stack.json', 'Role::pulumi')}",
}


@pytest.fixture
def all_five(tmp_path: Path, folder: Path) -> Iterator[Synchronizer]:
    sources = parse_configuration(CONFIGURATION, tmp_path / "config.yaml").baseline.sources
    with closing(Synchronizer(sources, folder, LeftOut())) as synchronizer:
        yield synchronizer


def declared(folder: Path) -> dict[ObjectKey, Declared]:
    """Return what the snapshot holds."""
    with opened(folder) as snapshot:
        found = [snapshot.declared(key) for key in list(snapshot.keys())]
    return {one.key: one for one in found if one}


def test_each_declares_its_objects_with_the_file_that_they_come_from(
    origin: Origin, folder: Path, all_five: Synchronizer
) -> None:
    commit = origin.commit(FILES)[:7]
    result = all_five.sync_once()
    assert (result.errors, result.warnings) == ((), ())
    places = {found: str(one.provenance) for found, one in declared(folder).items()}
    assert places == {key(name): f"{name}@{commit} {place}" for name, place in PLACES.items()}


# Each has a field that the API server does not know.
ODD = {
    **{
        path: f"{FILES[path]}spec: {{}}\n"
        for path in ("plain/roles.yaml", "overlay/base/role.yaml", "chart/templates/role.yaml")
    },
    "terraform/state.json": terraform({**role_object("terraform"), "spec": {}}),
    "pulumi/stack.json": pulumi({**role_object("pulumi"), "spec": {}}),
}


def test_each_warns_with_the_place(origin: Origin, all_five: Synchronizer) -> None:
    commit = origin.commit(FILES | ODD)[:7]
    result = all_five.sync_once()
    told = "can never be in sync, as the API server drops or refuses spec; correct or remove it"
    assert result.warnings == tuple(
        f"{name}@{commit} {place}: Role shop/{name} {told}" for name, place in PLACES.items()
    )


BROKEN = {
    "overlay/prod/kustomization.yaml": "resources:\n- ../base\n- https://git.example.com/role.yaml\n",
    "chart/templates/role.yaml": role("{{ .Values.missing.name }}"),
    "terraform/state.json": terraform().replace('"1.0"', '"2.0"'),
    "pulumi/stack.json": pulumi(role_object("04da6b54-80e4-46f7-96ec-b56ff0331ba9")),
}
FAULTS = {
    "overlay": "overlay/prod/kustomization.yaml:3: https://git.example.com/role.yaml is remote",
    "chart": "chart/templates/role.yaml:3: helm cannot render the chart chart: ",
    "terraform": "terraform/state.json:1: a format_version of Terraform's that is not known",
    "pulumi": f"{PLACES['pulumi']}: urn:pulumi:prod::shop::kubernetes:rbac",
}


def test_each_that_is_broken_says_where_and_keeps_what_is_served_of_it(
    origin: Origin, folder: Path, all_five: Synchronizer
) -> None:
    good = origin.commit(FILES)
    all_five.sync_once()
    bad = origin.commit({**BROKEN, "plain/more.yaml": role("more")})
    result = all_five.sync_once()
    for error, (name, fault) in zip(result.errors, FAULTS.items(), strict=True):
        assert error.startswith(f"{name}@{bad[:7]} {fault}")
    assert {source.name: source.commit for source in result.sources} == {
        **dict.fromkeys(FAULTS, good),
        "plain": bad,
    }
    assert names(folder) == sorted([*SOURCES, "more"])
    origin.commit(FILES)
    assert all_five.sync_once().errors == ()


def test_an_object_that_two_renderers_make_is_refused_with_both_files(
    origin: Origin, all_five: Synchronizer
) -> None:
    commit = origin.commit({**FILES, "prod.yaml": "name: overlay\n"})[:7]
    (error,) = all_five.sync_once().errors
    assert error == (
        f"chart@{commit} chart/templates/role.yaml:1: Role shop/overlay is already declared at"
        f" overlay@{commit} overlay/base/role.yaml:2; keep one of them"
    )


# Real repositories

ANTHOS = "GoogleCloudPlatform+anthos-config-management-samples/namespace-specific-policy"
MICROSERVICES = "GoogleCloudPlatform+microservices-demo"


def synced(folder: Path, source: Source) -> tuple[tuple[str, ...], Mapping[ObjectKey, Declared]]:
    """Sync one source into a folder; return its errors, and what it declares."""
    with closing(Synchronizer([source], folder, LeftOut())) as synchronizer:
        errors = synchronizer.sync_once().errors
    return errors, {} if errors else declared(folder)


def digests(baseline: Mapping[ObjectKey, Declared]) -> dict[ObjectKey, bytes]:
    return {found: one.digest for found, one in baseline.items()}


@pytest.fixture
def anthos(origin: Origin) -> Origin:
    files = corpus_tree(ANTHOS)
    # The corpus has links as text, and leaves files out that are no YAML.
    target = files.pop("automated-rendering/configsync-src").decode()
    origin.write({**files, "configsync-src/external-data.txt": "FOO=Bar"})
    (origin.folder / "automated-rendering/configsync-src").symlink_to(target)
    origin.commit()
    return origin


@needs_corpus
def test_what_was_rendered_by_hand_and_what_kustomize_makes_are_the_same_baseline(
    anthos: Origin, tmp_path: Path
) -> None:
    unrestricted = KustomizeConfig(LoadRestrictor.NONE)
    automated = Source(
        "automated",
        str(anthos.folder),
        path="automated-rendering",
        renderer="kustomize",
        kustomize=unrestricted,
    )
    manual = Source("manual", str(anthos.folder), path="manual-rendering")
    _, made = synced(tmp_path / "automated", automated)
    _, written = synced(tmp_path / "manual", manual)
    assert {key: one.digest for key, one in made.items()} == {key: one.digest for key, one in written.items()}
    assert len(written) == 12


@needs_corpus
def test_what_is_outside_of_its_folder_is_read_only_where_that_is_allowed(
    anthos: Origin, tmp_path: Path
) -> None:
    restricted = Source("automated", str(anthos.folder), path="automated-rendering", renderer="kustomize")
    (error,), _ = synced(tmp_path / "automated", restricted)
    assert " automated-rendering/kustomization.yaml:1: " in error
    assert "external-data.txt' is not in or below" in error


@needs_corpus
def test_every_policy_of_the_microservices_is_declared_with_its_file(origin: Origin, tmp_path: Path) -> None:
    files = corpus_tree(MICROSERVICES)
    origin.commit(files)
    path = "kustomize/tests/spanner-with-all-components"
    errors, found = synced(
        tmp_path / "shop", Source("shop", str(origin.folder), path=path, renderer="kustomize")
    )
    assert errors == ()
    places = {one.key.name: one.provenance for one in found.values()}
    assert {one.key.kind for one in found.values()} == {"NetworkPolicy"}
    assert len(places) == 13
    for name, place in places.items():
        lines = files[place.path].decode().splitlines()
        assert posixpath.dirname(place.path) == "kustomize/components/network-policies"
        assert lines[place.line - 1].startswith("apiVersion: networking.k8s.io/")
        assert f"  name: {name}" in lines[place.line :]
