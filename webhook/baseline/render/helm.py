"""The renderer ``helm``: the chart in the source's path, rendered by the program helm.

helm renders as in `helm template`, which knows no cluster. It gets no plugins, no settings of a user, and
the network only to fetch dependencies that the repository lacks, where the source names chart repositories.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from webhook.baseline.documents import read_documents
from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import File, Rendered, Selection
from webhook.baseline.render.chart import CHART_FILE, Templates
from webhook.baseline.render.chart_repositories import fetch, places_to_fetch_from
from webhook.baseline.render.helm_command import HelmCommand, HelmError
from webhook.baseline.render.schemas import are_self_contained
from webhook.baseline.render.tree import private_folder
from webhook.core.kinds import BY_NAME, GOVERNED
from webhook.core.printing import safe

_MAX_PATH = 200
_API_VERSIONS = [f"{kind.api_version}/{kind.name}" for kind in GOVERNED]  # every cluster has them
_SOURCE = re.compile(rb"^---\n# Source: (.*)\n", re.MULTILINE)
# A document with none of these is of no governed kind, however it is written: a kind can be spelt otherwise
# only with a backslash, a tag (`!!binary`), or in an encoding that has null bytes.
_PERHAPS_GOVERNED = re.compile(rf"\b(?:{'|'.join(BY_NAME)})(?:List)?\b|[\\!\0]".encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Helm:
    """Renders the chart in the folder ``path`` of the repository, "" for the root.

    ``values`` are files in the repository, and ``repositories`` the URLs of chart repositories that
    dependencies may be fetched from. ``timeout`` is in seconds for each run of helm, ``max_output`` in
    bytes. The others are options of `helm template`.
    """

    path: str
    namespace: str
    release: str
    values: tuple[str, ...] = ()
    hooks: bool = False
    kube_version: str | None = None
    api_versions: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    timeout: float
    max_output: int

    @property
    def folder(self) -> str:
        """Return the root: values, and charts that this one needs, may be anywhere."""
        return ""

    def select(self, entries: Sequence[Entry]) -> Selection:
        """Choose the charts of the repository, as one may need another, and the files with values.

        Everything is chosen where there is a symbolic link among them: it may lead anywhere.
        """
        paths = {entry.path for entry in entries}
        errors = list(self._faults(paths))
        charts = {posixpath.dirname(path) for path in paths if posixpath.basename(path) == CHART_FILE}
        chosen = [entry for entry in entries if entry.path in self.values or _is_in(entry.path, charts)]
        warnings = [_passed_over(entry) for entry in chosen if _is_submodule(entry)]
        if any(entry.is_link for entry in chosen):
            chosen = list(entries)
        files = [entry for entry in chosen if not _is_submodule(entry)]
        return Selection([] if errors else files, errors, warnings)

    def _faults(self, paths: Collection[str]) -> Iterator[ManifestError]:
        if self._chart_file not in paths:
            advice = "make the source's path the folder of a chart"
            yield ManifestError(self._chart_file, 1, f"there is no such file; {advice}")
        for values in self.values:
            if values not in paths:
                yield ManifestError(values, 1, "there is no such file; correct helm.values")

    def build(self, tree: Path) -> Iterator[File]:
        """Render the chart, and yield what may be of a governed kind: each document, as a file.

        Its path is that of its template. Raises RenderError, and ManifestError.
        """
        with private_folder(tree.parent) as home:
            output, templates = self._rendered(HelmCommand(tree, home, self.timeout, self.max_output))
        for source, document in _documents(output):
            if _PERHAPS_GOVERNED.search(document):
                yield File(templates.path(source), document)

    def render(self, file: File) -> Iterator[Rendered]:
        """Yield the objects of a document. Raises ManifestError.

        They stand on line 1: which line of a template made them, helm does not tell.
        """
        try:
            documents = read_documents(file.content, file.path)
        except ManifestError as error:
            problem = f"line {error.line} of what helm makes of it: {error.problem}"
            raise ManifestError(file.path, 1, problem) from None
        for document in documents:
            yield Rendered(document.value, file.path, 1)

    def _rendered(self, helm: HelmCommand) -> tuple[bytes, Templates]:
        templates = Templates(helm.tree, self.path)
        try:
            try:
                return helm.run(self._arguments(helm.tree)), templates
            except HelmError as error:
                if not error.missing:
                    raise
                self._fetch(helm, error.missing)
            templates = Templates(helm.tree, self.path, fetched=True)
            return helm.run(self._arguments(helm.tree)), templates
        except HelmError as error:
            raise self._refused(error, templates) from None
        except RenderError as error:
            raise RenderError(f"{self._shown}: {error}") from None

    def _fetch(self, helm: HelmCommand, missing: Sequence[str]) -> None:
        places = places_to_fetch_from(helm.tree, self.path, missing, self.repositories)
        try:
            fetch(helm, self.path, places)
        except HelmError as error:
            raise RenderError(f"helm cannot fetch {', '.join(map(safe, missing))}: {error}") from None

    def _arguments(self, tree: Path) -> list[str]:
        chart = tree / self.path
        arguments = ["template", self.release, str(chart), "--namespace", self.namespace, "--include-crds"]
        arguments.append("--skip-tests" if self.hooks else "--no-hooks")
        for values in self.values:
            arguments += ["--values", _one_item(str(tree / values))]
        if self.kube_version is not None:
            arguments += ["--kube-version", self.kube_version]
        for version in (*_API_VERSIONS, *self.api_versions):
            arguments += ["--api-versions", version]
        if not are_self_contained(chart):
            arguments.append("--skip-schema-validation")
        return arguments

    def _refused(self, error: HelmError, templates: Templates) -> ManifestError:
        path, line = self._chart_file, 1
        if error.place is not None:
            path = templates.path(error.place.source)
            if posixpath.basename(path) == posixpath.basename(error.place.source):
                line = error.place.line
        return ManifestError(path, line, f"helm cannot render {self._shown}: {error}")

    @property
    def _chart_file(self) -> str:
        return posixpath.join(self.path, CHART_FILE)

    @property
    def _shown(self) -> str:
        return f"the chart {safe(self.path or '.', _MAX_PATH)}"


def _is_in(path: str, folders: Collection[str]) -> bool:
    """Tell whether a file is at or below one of some folders."""
    return "" in folders or any(path[: slash.start()] in folders for slash in re.finditer("/", path))


def _is_submodule(entry: Entry) -> bool:
    return not entry.is_file and not entry.is_link


def _passed_over(entry: Entry) -> str:
    return f"{safe(entry.path, _MAX_PATH)}: a submodule in a chart, passed over; vendor what is in it"


def _one_item(text: str) -> str:
    """Write an item as helm reads a list, which is as CSV: a comma alone would make two of it."""
    quoted = text.replace('"', '""')
    return f'"{quoted}"'


def _documents(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the documents that helm wrote, each with the name of its template. Raises RenderError."""
    source, start = "", 0
    for found in _SOURCE.finditer(output):
        yield from _named(source, output[start : found.start()])
        source, start = found[1].decode(errors="backslashreplace"), found.end()
    yield from _named(source, output[start:])


def _named(source: str, document: bytes) -> Iterator[tuple[str, bytes]]:
    if source:
        yield source, document
    elif document.strip():
        raise RenderError("helm wrote manifests without their templates; use the version that Baseward ships")
