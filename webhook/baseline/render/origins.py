"""Where an object that kustomize writes comes from: the file that it names, and the line in that."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

from webhook.baseline.render import File
from webhook.core.kinds import BY_NAME

_ANNOTATION = "config.kubernetes.io/origin"
# kustomize indents by two, so these are no lines of another value.
_ORIGIN = re.compile(
    rb"^metadata:\n(?:  .*\n)*?    config\.kubernetes\.io/origin: \|\n(?:      .*\n)*?"
    rb"      (?:path|configuredIn): (.+)\n",
    re.MULTILINE,
)
_NEXT = b"\n---\n"
_SEPARATOR = re.compile(rb"^---.*\n", re.MULTILINE)
_KIND = re.compile(rb"^kind:[ \t]*[\"']?(\w+)", re.MULTILINE)
_METADATA = re.compile(rb"^metadata:[ \t]*\n((?:[ \t].*\n|[ \t]*\n|#.*\n)+)", re.MULTILINE)
_NAME = re.compile(rb"^( +)name:[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)
_PERHAPS_GOVERNED = re.compile(rf"\b(?:{'|'.join(BY_NAME)})\b|[\\!]".encode())  # or written with escapes
_FEW = 200
_FIRST = re.compile(rb"^[^#\s]", re.MULTILINE)

_Objects: TypeAlias = dict[bytes, dict[bytes, int]]
"""Kind, name, line."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object stands in Git, and whether it keeps the annotation that told so."""

    path: str
    line: int
    is_kept: bool

    @classmethod
    def of(cls, file: File) -> Self:
        """Return what `documents` wrote at the front of a file."""
        return cls(**json.loads(file.content.partition(b"\n")[0].removeprefix(b"#")))

    def clean(self, value: dict[str, Any]) -> None:
        """Take the annotation out of an object, and the annotations with the last one."""
        metadata = value.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        if isinstance(annotations, dict) and annotations.pop(_ANNOTATION, None) and not annotations:
            del value["metadata"]["annotations"]


def documents(output: bytes, tree: Path, kustomization: str, *, is_kept: bool) -> Iterator[File]:
    """Cut what kustomize wrote into its documents; yield those that may be governed, with their origins.

    ``kustomization`` is the path of the one that was built. An object that was generated, or whose
    origin cannot be found, comes from there.
    """
    origins = _Origins(tree.resolve(), kustomization)
    start = 0
    while start < len(output):
        end = output.find(_NEXT, start)
        document = output[start:] if end < 0 else output[start : end + 1]
        start += len(document) + len(_NEXT) - 1
        if _PERHAPS_GOVERNED.search(document):
            path, line = origins.place(document)
            header = json.dumps({"path": path, "line": line, "is_kept": is_kept})
            yield File(kustomization, f"#{header}\n".encode() + document)


class _Origins:
    """Finds the places of objects in the files of a tree."""

    def __init__(self, tree: Path, kustomization: str) -> None:
        self._tree = tree
        self._kustomization = kustomization
        self._read: dict[str, _Objects] = {}

    def place(self, document: bytes) -> tuple[str, int]:
        """Return the path and the line of the object that a document of kustomize's output came from."""
        origin = _ORIGIN.search(document)
        if origin is None:
            return self._kustomization, 1
        # From the folder of the kustomization that was built; links in between are followed.
        named = self._tree / posixpath.dirname(self._kustomization) / origin[1].decode(errors="replace")
        file = Path(os.path.realpath(named))
        # A transformer can write any origin: Path.is_file raises for a name that is too long.
        if not file.is_relative_to(self._tree) or not os.path.isfile(file):  # noqa: PTH113
            return self._kustomization, 1
        path = str(file.relative_to(self._tree))
        if path not in self._read:
            self._read[path] = _objects(file.read_bytes())
        return path, _line(self._read[path].get(_kind(document), {}), _name(document))


def _objects(text: bytes) -> _Objects:
    """Return the lines of the objects in a file, by kind and name; 1 for what is there twice.

    Read as text, as parsing would take as long as reading all of the source once more. Nothing is sure
    of JSON and of lists, which are left out whole.
    """
    objects: _Objects = {}
    start, line = 0, 1
    for separator in [*_SEPARATOR.finditer(text), None]:
        document = text[start : separator.start() if separator else len(text)]
        first = _FIRST.search(document)
        if first:
            kind = _kind(document)
            if not kind or kind.endswith(b"List"):
                return {}
            names = objects.setdefault(kind, {})
            name = _name(document)
            names[name] = 1 if name in names else line + document.count(b"\n", 0, first.start())
        if separator:
            line += document.count(b"\n") + 1
            start = separator.end()
    return objects


def _line(names: dict[bytes, int], name: bytes) -> int:
    """Return the line of the one object that can be meant: kustomize may have added to its name."""
    if name in names:
        return names[name]
    candidates = list(names) if len(names) <= _FEW else []
    if len(candidates) > 1:
        candidates = [candidate for candidate in candidates if candidate and candidate in name]
    return names[candidates[0]] if len(candidates) == 1 else 1


def _kind(document: bytes) -> bytes:
    kind = _KIND.search(document)
    return kind[1] if kind else b""


def _name(document: bytes) -> bytes:
    """Return `metadata.name`: of all names in there the one that is indented least."""
    metadata = _METADATA.search(document)
    names = _NAME.findall(metadata[1]) if metadata else []
    return min(names, key=lambda found: len(found[0]))[1] if names else b""
