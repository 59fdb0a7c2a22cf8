"""Read the part of one source into a snapshot in the making."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from webhook.baseline.errors import (
    DeclarationError,
    GitError,
    ManifestError,
    RenderError,
    SnapshotError,
)
from webhook.baseline.findings import Findings
from webhook.baseline.git.entry import Entry
from webhook.baseline.plan import Plan
from webhook.baseline.reading import Outcome, Reading
from webhook.baseline.render import File
from webhook.baseline.snapshot import Snapshot
from webhook.baseline.snapshot_format import SourceRecord, settings_id
from webhook.baseline.snapshot_writer import Place, SnapshotWriter
from webhook.baseline.workers import read_all
from webhook.core.normalize.left_out import LeftOut
from webhook.core.objects import ObjectKey
from webhook.core.printing import safe

_log = logging.getLogger(__name__)

MAX_ERRORS = 20
MAX_WARNINGS = 100

Progress = Callable[[str, int, int], None]
"""Is told a source's name, how many of its files are read, and of how many."""

_MAX_PATH = 200


@dataclass(slots=True)
class Part:
    """What came of one source. With errors its commit is refused.

    ``is_unfinished`` tells that our copy of the repository could not be read to its end.
    """

    plan: Plan
    files: int = 0
    objects: int = 0
    is_unfinished: bool = False
    kept_warnings: int = 0
    errors: Findings = field(default_factory=lambda: Findings(MAX_ERRORS))
    warnings: Findings = field(default_factory=lambda: Findings(MAX_WARNINGS))

    def record(self) -> SourceRecord:
        """Return what the snapshot says of the source."""
        source = self.plan.source
        counts = (self.files, self.objects, self.warnings.count + self.kept_warnings)
        return SourceRecord(
            source.name, self.plan.commit, settings_id(source), self.plan.repository.url, *counts
        )


@dataclass(frozen=True, slots=True)
class PartReader:
    """Reads parts into one snapshot in the making.

    Files that are read on their own, and that ``previous`` has of the same source with the same
    settings, are taken over as they are there.
    """

    writer: SnapshotWriter
    previous: Snapshot | None
    left_out: LeftOut
    folder: Path
    progress: Progress

    def read(self, plan: Plan, number: int) -> Part:
        """Read a source, add its objects under a number, find out all that is wrong. Raises SnapshotError."""
        part = Part(plan)
        reading = plan.reading(self.left_out)
        try:
            _Reading(self, part, number, reading).run()
        except ManifestError as error:  # of all files together
            part.errors.add([f"{plan} {error}"])
        except SnapshotError:
            raise
        except Exception as error:  # noqa: BLE001  # a fault of ours in one source must not take the others down
            if not isinstance(error, GitError | RenderError):
                _log.exception("reading %s failed", plan)
            part.is_unfinished = True
            part.errors.add([f"{plan}: {error}"])
        return part

    def before(self, plan: Plan) -> tuple[int, Mapping[str, str]]:
        """Return the earlier number of a source, and its files there that need not be read again."""
        name = plan.source.name
        record = self.previous.record(name) if self.previous is not None else None
        if self.previous is None or record is None or record.settings != settings_id(plan.source):
            return 0, {}
        number = self.previous.numbers[name]
        return number, self.previous.files(number)


class _Reading:
    """The reading of one part."""

    def __init__(self, reader: PartReader, part: Part, number: int, reading: Reading) -> None:
        self._reader = reader
        self._part = part
        self._number = number
        self._reading = reading
        self._warned: Counter[str] = Counter()

    def run(self) -> None:
        part, plan = self._part, self._part.plan
        prepared = plan.prepared or plan.prepare(self._reader.folder)
        selection = prepared.selection
        part.errors.add(f"{plan} {error}" for error in selection.errors)
        part.warnings.add(f"{plan} {warning}" for warning in selection.warnings)
        part.files = len(selection.entries)
        if prepared.printed is not None:
            self._read(prepared.printed.files(), prepared.printed.count)
        else:
            self._read_each(selection.entries)

    def _read_each(self, entries: Sequence[Entry]) -> None:
        reader, part = self._reader, self._part
        earlier, before = reader.before(part.plan)
        if before:
            kept = {entry.path for entry in entries if before.get(entry.path) == entry.oid}
            changed = before.keys() - kept
            part.objects, part.kept_warnings = reader.writer.keep_files(self._number, earlier, changed)
            entries = [entry for entry in entries if entry.path not in kept]
        with closing(part.plan.repository.read(entries)) as contents:
            files = map(File, (entry.path for entry in entries), contents)
            self._read(files, len(entries))
        rows = ((entry.path, entry.oid, self._warned[entry.path]) for entry in entries)
        reader.writer.add_files(self._number, rows)

    def _read(self, files: Iterator[File], total: int) -> None:
        done, name = 0, self._part.plan.source.name
        self._reader.progress(name, 0, total)
        with closing(read_all(self._reading, files, total)) as outcomes:
            for count, outcome in outcomes:
                self._add(outcome)
                done += count
                self._reader.progress(name, done, total)

    def _add(self, outcome: Outcome) -> None:
        part = self._part
        part.errors.add(f"{part.plan} {error}" for error in outcome.errors)
        part.warnings.add(f"{part.plan} {warning}" for warning in outcome.warnings)
        self._warned.update(warning.path for warning in outcome.warnings)
        for row in outcome.rows:
            place = self._reader.writer.add(self._number, row)
            if place is None:
                part.objects += 1
            else:
                here = Place(row.path, row.line)
                part.errors.add([f"{part.plan} {declared_twice(row.key, here, str(part.plan), place)}"])


def declared_twice(key: ObjectKey, here: Place, first: str, there: Place) -> DeclarationError:
    """Return the error of an object that is declared twice; ``first`` is the other's ``name@commit``."""
    where = f"{first} {safe(there.path, _MAX_PATH)}:{there.line}"
    what = safe(str(key), _MAX_PATH)
    return DeclarationError(*here, f"{what} is already declared at {where}; keep one of them")
