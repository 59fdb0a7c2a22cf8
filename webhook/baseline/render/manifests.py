"""The renderer ``manifests``: plain YAML and JSON, in all folders of a source.

Read are the files that ``kubectl apply --recursive`` reads, those ending in .yaml, .yml or .json.
A symbolic link is not followed: it may lead out of the source or to a file that is read anyway.
That it is passed over is said, and so is a submodule, as manifests may stand behind both; ``exclude``
silences it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webhook.baseline.documents import read_documents
from webhook.baseline.errors import ManifestError
from webhook.baseline.git.entry import Entry
from webhook.baseline.globs import matcher
from webhook.baseline.render import File, Rendered, Selection
from webhook.core.printing import safe

SUFFIXES = (".yaml", ".yml", ".json")
MAX_SIZE = 16 * 1024 * 1024  # bytes; a larger file is hardly written by people, and takes minutes to read

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Manifests:
    """Reads plain manifests; ``exclude`` are globs on paths relative to the source's ``path``.

    Renderers that read other files one by one choose them by ``suffixes``.
    """

    path: str
    exclude: tuple[str, ...]
    suffixes: tuple[str, ...] = SUFFIXES

    @property
    def folder(self) -> str:
        """Return the source's path."""
        return self.path

    def select(self, entries: Sequence[Entry]) -> Selection:
        """Choose the manifests among the files of a commit."""
        if self.exclude:
            is_excluded = matcher(self.exclude)
            start = len(self.path) + 1 if self.path else 0
            entries = [entry for entry in entries if not is_excluded(entry.path[start:])]
        manifests = [entry for entry in entries if entry.path.endswith(self.suffixes) and entry.is_file]
        errors = [_too_large(entry) for entry in manifests if entry.size > MAX_SIZE]
        warnings = [_passed_over(entry) for entry in entries if not entry.is_file]
        if not manifests:
            warnings.append(f"nothing is declared: no file ends in {', '.join(self.suffixes)}")
        return Selection([] if errors else manifests, errors, warnings)

    def render(self, file: File) -> Iterator[Rendered]:
        """Yield the documents of a file. Raises ManifestError."""
        refuse_pointer(file)
        for document in read_documents(file.content, file.path):
            yield Rendered(document.value, file.path, document.line)


def refuse_pointer(file: File) -> None:
    """Raise ManifestError for a file whose content is stored elsewhere."""
    if file.content.startswith(_LFS_POINTER):
        raise ManifestError(
            file.path, 1, "the content is in Git LFS, which is not read; exclude it, or store it in Git"
        )


def _too_large(entry: Entry) -> ManifestError:
    limit = MAX_SIZE // 1024**2
    return ManifestError(entry.path, 1, f"larger than {limit} MiB; exclude the file, or split it")


def _passed_over(entry: Entry) -> str:
    path = safe(entry.path, _MAX_SHOWN)
    if entry.is_link:
        return f"{path}: a symbolic link, passed over; exclude it if nothing is declared behind it"
    return f"{path}: a submodule, passed over; exclude it, or make its repository a source of its own"
