"""Where the corpus of real manifests lies, beside the repository; not part of it, so not everywhere.

Tests that need it are marked with ``needs_corpus``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def corpus_pairs() -> Iterator[dict[str, Any]]:
    """Yield ``{"source": ..., "git": ..., "live": ...}`` of every line; nothing without the corpus."""
    pairs = _CORPUS / "pairs.jsonl"
    if pairs.is_file():
        with pairs.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def corpus_trees() -> Path | None:
    """Return the folder of whole GitOps repositories, or None without the corpus."""
    trees = _CORPUS / "trees"
    return trees if trees.is_dir() else None


def corpus_tree(name: str) -> dict[str, bytes]:
    """Return the files of one of those repositories: path -> content."""
    root = _CORPUS / "trees" / name
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


needs_corpus = pytest.mark.skipif(corpus_trees() is None, reason="the corpus is not beside the repository")
