"""The Git repository of a test: commits, and a stock of objects that it declares from the first one on."""

from __future__ import annotations

import copy
import itertools
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from tests.builders import aggregated_role, cluster_role, cluster_role_binding, person, rule

Object = dict[str, Any]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "gitops" / "clusters" / "prod"
PATH = "clusters/prod"
# How many objects of a kind there are for tests to take; what a test needs more than that, it commits.
STOCK = {
    "NetworkPolicy": 180,
    "Ingress": 20,
    "Role": 20,
    "RoleBinding": 20,
    "ClusterRole": 20,
    "ClusterRoleBinding": 20,
    "aggregated": 10,
}


class Repository:
    """A Git repository with one branch, main, that declares objects under `clusters/prod`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, files: Mapping[str, Object | str | None], message: str = "Change") -> str:
        """Write files (objects as YAML, text as it is), remove those that are None, and commit.

        Their paths are relative to `clusters/prod`. Returns the commit.
        """
        for name, content in files.items():
            path = self.folder / PATH / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
        self._git("add", "--all")
        self._git("commit", "--quiet", f"--message={message}")
        return self.head

    def declare(self, *objects: Object) -> str:
        """Commit objects, each in the file that `file_of` names. Returns the commit."""
        return self.commit({file_of(obj): obj for obj in objects})

    @property
    def head(self) -> str:
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def file_of(obj: Object) -> str:
    """Return the path of an object's file, relative to `clusters/prod`."""
    metadata = obj["metadata"]
    return f"{metadata.get('namespace', 'cluster')}/{obj['kind'].lower()}-{metadata['name']}.yaml"


class Stock:
    """Objects that are in Git and in the cluster from the start, each for one test: nobody waits for a sync.

    Names are of one run alone, as a developer's control plane goes on with what the last run left.
    """

    def __init__(self) -> None:
        self._run = uuid4().hex[:6]
        self._objects = {kind: [self._make(kind, number) for number in range(STOCK[kind])] for kind in STOCK}
        self._taken = {kind: iter(objects) for kind, objects in self._objects.items()}

    @property
    def manifest(self) -> Object:
        """All objects as one manifest."""
        items = list(itertools.chain.from_iterable(self._objects.values()))
        return {"apiVersion": "v1", "kind": "List", "items": items}

    def take(self, kind: str) -> Object:
        """Return an object of a kind, or an "aggregated" ClusterRole, that no other test has."""
        return copy.deepcopy(next(self._taken[kind]))

    def name(self, stem: str) -> str:
        """Return a name of this run that Git does not declare."""
        return f"{stem}-{self._run}-{uuid4().hex[:4]}"

    def _make(self, kind: str, number: int) -> Object:
        obj = _example(kind)
        name = f"{obj['metadata']['name']}-{self._run}-{number}"
        obj["metadata"]["name"] = name
        if kind == "RoleBinding":
            obj["roleRef"]["name"] = name  # the Role of the same number
        return obj


def _example(kind: str) -> Object:
    match kind:
        case "ClusterRole":
            return cluster_role("auditor", rules=[rule("get list", "pods")])
        case "ClusterRoleBinding":
            return cluster_role_binding(person("bob"), to="view", name="viewers")
        case "aggregated":
            return aggregated_role(name="monitoring")
        case _:
            files = sorted((EXAMPLES / "shop").glob("*.yaml"))
            objects = [obj for file in files for obj in yaml.safe_load_all(file.read_text())]
            return next(obj for obj in objects if obj["kind"] == kind)
