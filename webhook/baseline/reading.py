"""From the content of a file to the rows of the snapshot. Runs in any process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from webhook.baseline.declaration import Declaring
from webhook.baseline.errors import DeclarationError, ManifestError
from webhook.baseline.render import File, Rendered, Renderer
from webhook.core.canonical import canonical_json, digest
from webhook.core.errors import ReviewError
from webhook.core.kinds import BY_NAME, Kind
from webhook.core.normalize import normalize, unknown_fields
from webhook.core.normalize.left_out import LeftOut
from webhook.core.objects import Manifest, ObjectKey
from webhook.core.pointer import format_pointer
from webhook.core.printing import safe
from webhook.core.references import reference_of

_MAX_PATH = 200
_MAX_FIELDS = 3


class Row(NamedTuple):
    """One declared object as the snapshot stores it; see ``core.objects.Declared``."""

    key: ObjectKey
    digest: bytes
    content_json: bytes
    left_out_json: bytes
    path: str
    line: int
    refers: ObjectKey | None = None


class Advice(NamedTuple):
    """What a person should look at in a file."""

    path: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Outcome:
    """What some files gave: objects, what refuses the commit, and what a person should look at."""

    rows: list[Row] = field(default_factory=list)
    errors: list[ManifestError] = field(default_factory=list)
    warnings: list[Advice] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of one source at one commit are read; can be pickled."""

    renderer: Renderer
    declaring: Declaring
    left_out: LeftOut

    def read(self, files: list[File]) -> Outcome:
        """Read files. A broken one, or a broken object, does not hide what is wrong with the others."""
        outcome = Outcome()
        for file in files:
            try:
                for document in self.renderer.render(file):
                    self._declare(document, outcome)
            except ManifestError as error:
                outcome.errors.append(error)
        return outcome

    def _declare(self, document: Rendered, outcome: Outcome) -> None:
        try:
            manifest = self.declaring.manifest(document)
            if manifest is not None:
                outcome.rows.append(self._row(manifest))
                outcome.warnings += _warnings(manifest)
        except ManifestError as error:
            outcome.errors.append(error)

    def _row(self, manifest: Manifest) -> Row:
        kind, content, place = BY_NAME[manifest.key.kind], manifest.content, manifest.provenance
        try:
            form = normalize(content, kind, self.left_out, as_written=True)
            return Row(
                manifest.key,
                digest(normalize(content, kind, self.left_out)),
                canonical_json(form),
                orjson.dumps(self._left_out(manifest, kind)),
                place.path,
                place.line,
                reference_of(kind, form, manifest.key.namespace),
            )
        except (ReviewError, orjson.JSONEncodeError) as error:
            raise DeclarationError(place.path, place.line, str(error)) from None

    def _left_out(self, manifest: Manifest, kind: Kind) -> dict[str, object]:
        values = self.left_out.values(manifest.content, kind)
        return {format_pointer(pointer): value for pointer, value in values.items()}


def _warnings(manifest: Manifest) -> Iterator[Advice]:
    """Yield one warning about the fields of an object that the API server does not know, if there are any."""
    fields = [safe(name) for name in unknown_fields(manifest.content, BY_NAME[manifest.key.kind])]
    if fields:
        shown = ", ".join(fields[:_MAX_FIELDS]) + (", ..." if len(fields) > _MAX_FIELDS else "")
        place = manifest.provenance
        yield Advice(
            place.path,
            f"{safe(place.path, _MAX_PATH)}:{place.line}: {safe(str(manifest.key), _MAX_PATH)} can never be"
            f" in sync, as the API server drops or refuses {shown}; correct or remove it",
        )
