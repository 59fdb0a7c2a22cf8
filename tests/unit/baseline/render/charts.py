"""Small charts, written by the tests that render them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webhook.baseline.render import Rendered
from webhook.baseline.render.helm import Helm
from webhook.baseline.render.helm_command import HelmCommand

CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: NAME}\n"


def role(name: str, *lines: str) -> str:
    """Write a role, with more lines."""
    return ROLE.replace("NAME", name) + "".join(f"{line}\n" for line in lines)


def write(tree: Path, files: Mapping[str, str]) -> Path:
    """Write files into a tree, which is returned."""
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    return tree


def shop(tree: Path, templates: Mapping[str, str], **files: str) -> Path:
    """Write the chart ``shop`` with templates, and perhaps another Chart.yaml or values.yaml."""
    chart = {"shop/Chart.yaml": files.get("chart", CHART), "shop/values.yaml": files.get("values", "")}
    return write(tree, {**chart, **{f"shop/templates/{name}": text for name, text in templates.items()}})


def renderer(**options: Any) -> Helm:
    """Return a renderer of the chart ``shop``."""
    usual = {"path": "shop", "namespace": "web", "release": "prod", "timeout": 60.0, "max_output": 10**7}
    return Helm(**{**usual, **options})


def rendered(tree: Path, **options: Any) -> list[Rendered]:
    """Render a tree, to the objects in it."""
    helm = renderer(**options)
    return [found for file in helm.build(tree) for found in helm.render(file)]


def names(tree: Path, **options: Any) -> list[str]:
    """Render a tree, to the names of the objects in it."""
    return [found.value["metadata"]["name"] for found in rendered(tree, **options)]


def run_helm(tree: Path, *arguments: str) -> None:
    """Run helm in a tree as a developer would."""
    home = tree.parent / "developer"
    home.mkdir(exist_ok=True)
    HelmCommand(tree, home, 60.0, 10**7).run(arguments)
