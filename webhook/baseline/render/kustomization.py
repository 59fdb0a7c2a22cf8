"""Check a kustomization, and all that it builds on, before kustomize reads it.

kustomize fetches what looks like a URL, from this machine too, and without its load restriction reads
every file of the machine. So each entry that names a file must be in the tree, and plugins that have such
entries of their own are refused. Each kustomization, and what configures a plugin, is then written anew, as
it was understood here: what was checked is what kustomize reads, whatever two readers of YAML make of one
text. kustomize decodes keys as Go does, in upper and lower case alike.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from webhook.baseline.documents import read_documents
from webhook.baseline.errors import ManifestError
from webhook.baseline.render.tree import unwritable
from webhook.core.printing import safe

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_ORIGINS = "originAnnotations"

_MAX_SIZE = 4 * 1024 * 1024  # bytes
_MAX_SHOWN = 100
_METADATA = "buildMetadata"
_PLAIN = re.compile(r"[A-Za-z]\w*", re.ASCII)
_REMOTE = re.compile(r"://|^[\w.-]+@|[?&](?:ref|version)=|\.git(?:/|$)|^(?:[\w-]+\.)+[a-z]{2,}[:/]", re.ASCII)
_URL = re.compile(r"\s*[a-z]+://", re.IGNORECASE)
_BUILTIN = "builtin"
_PLUGIN_FIELDS = frozenset({"generators", "transformers", "validators"})
_PLUGINS = (  # the builtin ones that name no file in what configures them
    "AnnotationsTransformer",
    "HashTransformer",
    "IAMPolicyGenerator",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplicaCountTransformer",
    "SuffixTransformer",
)


def check(tree: Path, path: str) -> tuple[str, bool]:
    """Check the kustomization in a folder of a tree, and all folders that it names.

    Afterwards the copies in the tree say where each object comes from. Returns the path of the
    kustomization, and whether it asks for that itself. Raises ManifestError.
    """
    tree = tree.resolve()
    place = f"{path}/{NAMES[0]}"
    try:
        first = _Kustomization(tree, tree / path)
        pending, seen = [first], {first.folder}
        while pending:
            kustomization = pending.pop()
            place = kustomization.path
            for folder in kustomization.folders():
                if folder not in seen:
                    seen.add(folder)
                    pending.append(_Kustomization(tree, folder))
            kustomization.rewrite()
    except OSError as error:
        problem = f"what it names cannot be read: {error.strerror}; rename it"
        raise ManifestError(place, 1, problem) from None
    return first.path, first.ask_for_origins()


def has_kustomization(folder: Path) -> bool:
    """Tell whether a folder holds a kustomization."""
    return any((folder / name).is_file() for name in NAMES)


class _Kustomization:
    """One kustomization: ``folder`` is where it is, without symbolic links; ``path`` as in the repository."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.folder = folder
        self._tree = tree
        self._file = next((folder / name for name in NAMES if (folder / name).is_file()), folder / NAMES[0])
        self.path = str(self._file.relative_to(tree))
        content = self._content(self._file)
        documents = read_documents(content, self.path)
        if len(documents) != 1:
            raise ManifestError(self.path, 1, "a kustomization is one mapping; write one")
        self.value = documents[0].value
        self._lines = content.decode(errors="replace").splitlines()

    def folders(self) -> Iterator[Path]:
        """Check every entry that names a file, and yield the folders that it builds on."""
        for key, value in self.value.items():
            check_entry = _CHECKS.get(_field(key))
            if check_entry is not None:
                for entry in value if isinstance(value, list) else [value]:
                    yield from check_entry(self, entry) or ()
            elif _field(key) in _PLUGIN_FIELDS and isinstance(value, list):  # kustomize takes no other
                self.value[key] = [self._plugin(entry) for entry in value]

    def ask_for_origins(self) -> bool:
        """Have kustomize say where each object comes from; return whether that was asked for already."""
        metadata = self.value.get(_METADATA) or []
        if not isinstance(metadata, list) or _ORIGINS in metadata:
            return isinstance(metadata, list)
        self.value[_METADATA] = [*metadata, _ORIGINS]
        self.rewrite()
        return False

    def rewrite(self) -> None:
        """Write it anew, one line a field."""
        # Keys without quotes, as kustomize mends some old fields by their text.
        lines = (
            (key.encode() if _PLAIN.fullmatch(key) else orjson.dumps(key)) + b": " + orjson.dumps(value)
            for key, value in self.value.items()
        )
        self._write(self._file, b"\n".join([*lines, b""]))

    def base(self, entry: Any) -> Iterator[Path]:
        """Check the path of a file, or of a folder with a kustomization, which is yielded."""
        if not isinstance(entry, str):
            return  # kustomize says best what is wrong with it
        place = self._place(entry)
        if place.is_dir():
            if not has_kustomization(place):
                raise self._refused(entry, "is a folder without a kustomization; add one")
            yield place

    def file(self, entry: Any) -> None:
        """Check the path of a file."""
        if isinstance(entry, str):
            self._place(entry)

    def file_or_text(self, entry: Any) -> None:
        """Check the path of a file; it may be the text of a patch instead."""
        if isinstance(entry, str) and _mappings(entry):
            self._inside(entry)  # in case kustomize takes it for a path after all
        else:
            self.file(entry)

    def item(self, entry: Any) -> None:
        """Check the paths in a generator, a patch, a replacement or `openapi`."""
        if not isinstance(entry, dict):
            self.file(entry)
            return
        for key, value in entry.items():
            for text in _strings(value):
                if _field(key) in {"path", "env", "envs"}:
                    self._place(text)
                elif _field(key) == "files":  # key=path, or only the path
                    self._place(text.partition("=")[2] or text)

    def chart(self, entry: Any) -> None:
        """Refuse a chart."""
        if entry:
            raise self._refused(
                "helmChart",
                "is not inflated; make the chart a source with the renderer helm, or commit what helm makes",
            )

    def _plugin(self, entry: Any) -> Any:
        """Check what configures a generator or a transformer; return the entry as it is to be read.

        It is a text or a file, and the file is written anew.
        """
        if not isinstance(entry, str):
            return entry  # kustomize says best what is wrong with it
        mappings = _mappings(entry)
        if mappings:
            return self._configuration(entry, mappings)
        file = self._place(entry)
        if ":" in entry:
            raise self._refused(entry, "reads as YAML, for its colon; rename the file")
        if file.is_dir():
            raise self._refused(entry, "is a folder, which may make any plugin; name the files in it")
        documents = read_documents(self._content(file), str(file.relative_to(self._tree)))
        text = self._configuration(entry, [document.value for document in documents])
        self._write(file, text.encode())
        return entry

    def _configuration(self, entry: str, mappings: list[dict[str, Any]]) -> str:
        """Write what configures plugins, if all of them are known to read nothing."""
        if not mappings or any(mapping.get("apiVersion") != _BUILTIN for mapping in mappings):
            raise self._refused(entry, "is no builtin plugin, and others are not run; commit what it makes")
        if any(mapping.get("kind") not in _PLUGINS for mapping in mappings):
            raise self._refused(
                entry,
                "is a plugin that may read files, or an unknown one; write it as a field of the"
                " kustomization, such as patches or configMapGenerator",
            )
        return "\n---\n".join(orjson.dumps(mapping).decode() for mapping in mappings)

    def _write(self, file: Path, content: bytes) -> None:
        try:
            file.unlink()  # it may be a symbolic link
            file.write_bytes(content)
        except OSError as error:
            raise unwritable(self._tree, error) from None

    def _content(self, file: Path) -> bytes:
        path = str(file.relative_to(self._tree))
        if not file.is_file():
            raise ManifestError(path, 1, "is no file; correct the source's path, or put one there")
        if file.stat().st_size > _MAX_SIZE:
            raise ManifestError(path, 1, f"larger than {_MAX_SIZE // 1024**2} MiB; split it")
        return file.read_bytes()

    def _place(self, entry: str) -> Path:
        """Return the existing place of the tree, without symbolic links, that an entry names."""
        place = None if _URL.match(entry) else self._inside(entry)
        if place is not None and os.path.exists(place):  # noqa: PTH110  # a name may be too long, and so is missing
            return place
        if place is None or _REMOTE.search(entry):
            raise self._refused(entry, "is remote and not fetched; copy it into the repository")
        raise self._refused(entry, "is not in the repository; add or correct it")

    def _inside(self, entry: str) -> Path:
        # As kustomize does it: `..` goes up in the text, and then links are followed.
        place = Path(os.path.normpath(self.folder / entry.replace("\0", "")))
        if not _URL.match(entry) and not entry.startswith("/") and place.is_relative_to(self._tree):
            place = Path(os.path.realpath(place))
            if place.is_relative_to(self._tree):
                return place
        raise self._refused(entry, "leads out of the repository; copy it in there")

    def _refused(self, entry: str, problem: str) -> ManifestError:
        text = entry.strip().partition("\n")[0]
        line = next((number for number, line in enumerate(self._lines, 1) if text in line), 1)
        return ManifestError(self.path, line, f"{safe(text, _MAX_SHOWN)} {problem}")


_CHECKS: Mapping[str, Callable[[_Kustomization, Any], Iterator[Path] | None]] = {
    **dict.fromkeys(("resources", "bases", "components"), _Kustomization.base),
    **dict.fromkeys(("crds", "configurations"), _Kustomization.file),
    "patchesstrategicmerge": _Kustomization.file_or_text,
    **dict.fromkeys(
        ("patches", "patchesjson6902", "replacements", "configmapgenerator", "secretgenerator", "openapi"),
        _Kustomization.item,
    ),
    **dict.fromkeys(("helmcharts", "helmchartinflationgenerator"), _Kustomization.chart),
}


def _field(key: str) -> str:
    """Return the field that a key is for: Go takes `ReSources` for `resources`, and a long s for an s."""
    return key.casefold()


def _strings(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def _mappings(text: str) -> list[dict[str, Any]]:
    """Return the mappings of a text of YAML; none for a path."""
    try:
        return [document.value for document in read_documents(text.encode(), "")]
    except ManifestError:
        return []
