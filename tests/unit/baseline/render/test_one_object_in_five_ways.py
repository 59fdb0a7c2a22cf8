"""However an object is written, it is the same object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.baseline.render import pulumi_written, terraform_written, written
from tests.unit.baseline.render.charts import CHART, write
from webhook.baseline.documents import read_documents
from webhook.baseline.render import File, Renderer, TreeRenderer
from webhook.baseline.render.helm import Helm
from webhook.baseline.render.kustomize import Kustomize
from webhook.baseline.render.manifests import Manifests
from webhook.baseline.render.pulumi import Pulumi
from webhook.baseline.render.terraform import Terraform
from webhook.config import LoadRestrictor
from webhook.core.kinds import BY_NAME
from webhook.core.objects import ObjectKey

PLAIN = File("all.yaml", written.MANIFESTS.encode())
OBJECTS: list[Any] = [document.value for document in read_documents(PLAIN.content, PLAIN.path)]
DECLARED = written.normal_forms(Manifests("", ()), PLAIN)

PLANNED = [
    terraform_written.planned(kind, values, f"n{index}")
    for index, (kind, values) in enumerate(terraform_written.TERRAFORM)
]
AS_MANIFESTS = [
    terraform_written.planned("kubernetes_manifest", {"manifest": manifest, "object": None}, f"n{index}")
    for index, manifest in enumerate(OBJECTS)
]
EXPORTED = [pulumi_written.pulumi_resource(manifest) for manifest in OBJECTS]
TERRAFORM, PULUMI = Terraform("", ()), Pulumi("", ())


def test_all_six_kinds_are_written() -> None:
    assert {key.kind for key in DECLARED} == set(BY_NAME)
    assert len(DECLARED) == len(OBJECTS) == len(PLANNED)


@pytest.mark.parametrize(
    ("renderer", "file"),
    [
        (TERRAFORM, written.file(terraform_written.plan(*PLANNED))),
        (TERRAFORM, written.file(terraform_written.state(*PLANNED))),
        (
            TERRAFORM,
            written.file(
                terraform_written.raw_state(
                    *(terraform_written.instances(*each) for each in terraform_written.TERRAFORM)
                ),
                "p.tfstate",
            ),
        ),
        (TERRAFORM, written.file(terraform_written.plan(*AS_MANIFESTS))),
        (PULUMI, written.file(pulumi_written.export(*EXPORTED))),
        (
            PULUMI,
            written.file(pulumi_written.preview(*(pulumi_written.step("create", each) for each in EXPORTED))),
        ),
        (PULUMI, PLAIN),
    ],
    ids=["plan", "state", "raw-state", "kubernetes-manifest", "export", "preview", "rendered-yaml"],
)
def test_it_has_one_normal_form(renderer: Renderer, file: File) -> None:
    check(written.normal_forms(renderer, file))


def check(found: dict[ObjectKey, Any]) -> None:
    assert found.keys() == DECLARED.keys()
    for key, form in DECLARED.items():
        assert found[key] == form, key


def built(renderer: TreeRenderer, tree: Path) -> dict[ObjectKey, Any]:
    return written.normal_forms(renderer, *renderer.build(tree))


@pytest.mark.usefixtures("kustomize")
def test_so_it_has_when_kustomize_puts_it_together(tmp_path: Path) -> None:
    patch = '[{"op": "add", "path": "/metadata/labels", "value": {"app": "web"}}]'
    files = {
        "base/all.yaml": written.MANIFESTS.replace("  labels: {app: web}\n", "", 1),
        "base/kustomization.yaml": "resources: [all.yaml]\n",
        "prod/kustomization.yaml": f"""\
resources: [../base]
patches:
- patch: '{patch}'
  target: {{kind: Ingress}}
""",
    }
    renderer = Kustomize("prod", LoadRestrictor.ROOT_ONLY, timeout=60.0, max_output=10**7)
    check(built(renderer, write(tmp_path / "tree", files)))


@pytest.mark.usefixtures("helm")
def test_so_it_has_when_helm_fills_it_in(tmp_path: Path) -> None:
    files = {
        "shop/Chart.yaml": CHART,
        "shop/values.yaml": "host: shop.example.com\n",
        "shop/templates/all.yaml": written.MANIFESTS.replace("shop.example.com", "{{ .Values.host }}"),
    }
    renderer = Helm(path="shop", namespace="default", release="shop", timeout=60.0, max_output=10**7)
    check(built(renderer, write(tmp_path / "tree", files)))
