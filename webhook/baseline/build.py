"""Put the objects of all sources into a snapshot in the making."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from webhook.baseline.declaration import Declaring
from webhook.baseline.errors import DeclarationError, GitError, RenderError
from webhook.baseline.git import Repository
from webhook.baseline.reading import Outcome, Reading, Row
from webhook.baseline.render import File, Renderer
from webhook.baseline.render.manifests import Manifests
from webhook.baseline.snapshot_format import SourceRecord
from webhook.baseline.snapshot_writer import Place, SnapshotWriter
from webhook.baseline.workers import read_all
from webhook.config import Source
from webhook.core.normalize.left_out import LeftOut
from webhook.core.printing import safe

MAX_ERRORS = 20
MAX_WARNINGS = 100

Progress = Callable[[str, int, int], None]
"""Is told a source's name, how many of its files are read, and of how many."""

_MAX_PATH = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """A source, where its files are, and the commit (already fetched) to read them from."""

    source: Source
    repository: Repository
    commit: str

    @property
    def path(self) -> str:
        """Return the source's path as Git has it, "" for the root."""
        return "" if self.source.path == "." else self.source.path

    def __str__(self) -> str:
        """Return ``name@commit``, as messages write it."""
        return f"{self.source.name}@{self.commit[:7]}"


@dataclass(slots=True)
class Findings:
    """Lines for people: the first ones, and how many there are in all."""

    limit: int
    lines: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, lines: Iterable[str]) -> None:
        """Add lines."""
        for line in lines:
            self.count += 1
            if self.count <= self.limit:
                self.lines.append(line)

    def shown(self, what: str) -> tuple[str, ...]:
        """Return the lines, with one more that says how many are not shown; ``what`` names them."""
        hidden = self.count - len(self.lines)
        return (*self.lines, *([f"and {hidden} more {what}"] if hidden else []))


@dataclass(slots=True)
class Built:
    """What came of one source. With errors its commit is refused.

    ``unfinished`` tells that it could not be read to its end, for a reason that may pass.
    """

    plan: Plan
    files: int = 0
    objects: int = 0
    unfinished: bool = False
    errors: Findings = field(default_factory=lambda: Findings(MAX_ERRORS))
    warnings: Findings = field(default_factory=lambda: Findings(MAX_WARNINGS))

    def record(self) -> SourceRecord:
        """Return what the snapshot says of the source."""
        plan = self.plan
        counts = (self.files, self.objects, self.warnings.count)
        return SourceRecord(plan.source.name, plan.commit, plan.path, plan.repository.url, *counts)


def build(plans: list[Plan], writer: SnapshotWriter, left_out: LeftOut, progress: Progress) -> list[Built]:
    """Read the sources, one after another, and add their objects.

    What is wrong is found out for all of them. An object that is declared twice is the fault of the
    later place. Raises SnapshotError.
    """
    built: list[Built] = []
    for plan in plans:
        this = Built(plan)
        built.append(this)
        try:
            _Building(built, writer).add_source(_reading(plan, left_out), progress)
        except (GitError, RenderError) as error:
            this.unfinished = True
            this.errors.add([f"{plan}: {error}"])
    return built


def _reading(plan: Plan, left_out: LeftOut) -> Reading:
    source = plan.source
    declaring = Declaring(
        source=source.name,
        commit=plan.commit,
        namespace=source.namespace,
        allowed_namespaces=source.allow.namespaces,
        allowed_kinds=source.allow.kinds,
    )
    return Reading(_RENDERERS[source.renderer](plan), declaring, left_out)


_RENDERERS: Mapping[str, Callable[[Plan], Renderer]] = {
    "manifests": lambda plan: Manifests(plan.path, plan.source.exclude),
}


class _Building:
    """Adds the last of some sources."""

    def __init__(self, built: list[Built], writer: SnapshotWriter) -> None:
        self._all = built
        self._number = len(built) - 1
        self._this = built[-1]
        self._writer = writer

    def add_source(self, reading: Reading, progress: Progress) -> None:
        plan = self._this.plan
        selection = reading.renderer.select(plan.repository.entries(plan.commit, plan.path))
        self._this.errors.add(f"{plan} {error}" for error in selection.errors)
        self._this.warnings.add(f"{plan} {warning}" for warning in selection.warnings)
        total = len(selection.entries)
        progress(plan.source.name, 0, total)
        with closing(plan.repository.read(selection.entries)) as contents:
            files = map(File, (entry.path for entry in selection.entries), contents)
            with closing(read_all(reading, files, total)) as outcomes:
                for count, outcome in outcomes:
                    self._add(outcome)
                    self._this.files += count
                    progress(plan.source.name, self._this.files, total)

    def _add(self, outcome: Outcome) -> None:
        plan = self._this.plan
        self._this.errors.add(f"{plan} {error}" for error in outcome.errors)
        self._this.warnings.add(f"{plan} {warning}" for warning in outcome.warnings)
        for row in outcome.rows:
            place = self._writer.add(self._number, row)
            if place is None:
                self._this.objects += 1
            else:
                self._this.errors.add([f"{plan} {self._twice(row, place)}"])

    def _twice(self, row: Row, first: Place) -> DeclarationError:
        where = f"{self._all[first.source].plan} {safe(first.path, _MAX_PATH)}:{first.line}"
        what = safe(str(row.key), _MAX_PATH)
        return DeclarationError(
            row.path, row.line, f"{what} is already declared at {where}; keep one of them"
        )
