"""What a chart's own files say: its dependencies, and where the templates stand that helm names.

helm's YAML decoder is Go's for JSON, which takes a key in any case: ``Repository`` is ``repository``.
So it is here, as what is fetched depends on it.
"""

from __future__ import annotations

import contextlib
import glob
import os
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webhook.baseline.composer import Composer
from webhook.baseline.errors import ManifestError

CHART_FILE = "Chart.yaml"
LOCK_FILE = "Chart.lock"

_LOCAL = "file://"
_SUBCHART = re.compile(r"charts/([^/]+)/(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A chart that another one needs, and where that is written: path in the repository, line from 1."""

    name: str
    alias: str
    repository: str
    path: str
    line: int

    def folder(self) -> str | None:
        """Return the folder in the repository that ``file://`` names, perhaps one above its root, or None."""
        if not self.repository.startswith(_LOCAL):
            return None
        return posixpath.normpath(
            posixpath.join(posixpath.dirname(self.path), self.repository.removeprefix(_LOCAL))
        )


def read_dependencies(tree: Path, path: str) -> list[Dependency]:
    """Return the dependencies that a Chart.yaml or Chart.lock lists. Raises ManifestError."""
    lines: dict[int, int] = {}
    chart = _read(tree, path, lines)
    if not isinstance(chart, dict):
        raise ManifestError(path, 1, "no mapping; write `key: value` lines")
    listed = _field(chart, "dependencies", path, 1) or []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise ManifestError(path, 1, "dependencies is no list of mappings; correct it")
    return [_dependency(item, path, lines[id(item)]) for item in listed]


def _read(tree: Path, path: str, lines: dict[int, int]) -> Any:
    try:
        text = (tree / path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ManifestError(path, 1, f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ManifestError(path, 1, "a byte that belongs to no text; save the file as UTF-8") from None
    return Composer(path, lines).compose(text.replace("\r\n", "\n"), 1)


def _dependency(item: dict[str, Any], path: str, line: int) -> Dependency:
    fields = {name: _field(item, name, path, line) or "" for name in ("name", "alias", "repository")}
    for name, value in fields.items():
        if not isinstance(value, str):
            raise ManifestError(path, line, f"the {name} of this dependency is no string; put it in quotes")
    return Dependency(path=path, line=line, **fields)


def _field(mapping: dict[str, Any], name: str, path: str, line: int) -> Any:
    keys = [key for key in mapping if key.casefold() == name]
    if len(keys) > 1:
        raise ManifestError(path, line, f"{name} is given twice, in different letters; remove one of them")
    return mapping[keys[0]] if keys else None


class Templates:
    """Finds the files behind the names that helm gives its templates, made of the names of charts.

    ``chart`` is the chart's folder. ``fetched`` tells that its dependencies are not from the repository.
    Strangers choose the names. So those that lead anywhere but down are not looked for; the others are, with
    os.path, as pathlib raises where a name is too long.
    """

    def __init__(self, tree: Path, chart: str, *, fetched: bool = False) -> None:
        self._tree = tree
        self._chart = chart
        self._fetched = fetched
        self._known: dict[str, dict[str, Dependency]] = {}

    def path(self, source: str) -> str:
        """Return a template's path in the repository, whatever strangers call their templates.

        Of a packed chart it is the package; of a fetched one, or in doubt, the Chart.yaml that asks for it.
        """
        folder, rest = self._chart, source.partition("/")[2]
        while subchart := _SUBCHART.fullmatch(rest):
            name, rest = subchart.groups()
            place = self._subchart(folder, name)
            if not os.path.isdir(self._tree / place):  # noqa: PTH112
                return place
            folder = place
        asked = posixpath.join(folder, CHART_FILE)
        found = posixpath.join(folder, rest)
        return found if _is_plain(rest) and os.path.isfile(self._tree / found) else asked  # noqa: PTH113

    def _subchart(self, folder: str, name: str) -> str:
        asked = posixpath.join(folder, CHART_FILE)
        dependency = self._dependencies(folder).get(name)
        called = dependency.name if dependency else name
        if not _is_plain(called):
            return asked
        here = posixpath.join(folder, "charts", called)
        if os.path.isdir(self._tree / here):  # noqa: PTH112
            return here
        if self._fetched and folder == self._chart:
            place = dependency.folder() if dependency else None
            return place if place and _is_plain(place) else asked
        packages = glob.glob(f"{glob.escape(here)}-[0-9]*.tgz", root_dir=self._tree)  # noqa: PTH207
        return packages[0] if len(packages) == 1 else asked

    def _dependencies(self, folder: str) -> dict[str, Dependency]:
        if folder not in self._known:
            found: list[Dependency] = []
            with contextlib.suppress(
                ManifestError
            ):  # helm reads it; it is no more than a place that is missed
                found = read_dependencies(self._tree, posixpath.join(folder, CHART_FILE))
            self._known[folder] = {dependency.alias or dependency.name: dependency for dependency in found}
        return self._known[folder]


def _is_plain(path: str) -> bool:
    """Tell whether a path leads only down from where it starts."""
    return not {"", ".", ".."}.intersection(path.split("/"))
