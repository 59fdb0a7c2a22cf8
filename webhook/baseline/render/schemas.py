"""Whether helm may check values against the schemas of a chart.

A schema may refer to others by URL. helm reads them from the network and from any file of the machine,
and tells their first characters in its error. No option forbids it, so that such a chart goes unchecked.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_SCHEMA = "values.schema.json"
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_KNOWN = ("http://json-schema.org/", "https://json-schema.org/")  # helm has those of its own
_PACKAGE = ".tgz"


def are_self_contained(chart: Path) -> bool:
    """Tell whether all schemas of a chart are in plain sight, and none refers to anything outside."""
    for folder, folders, files in os.walk(chart):
        here = Path(folder)
        if any((here / name).is_symlink() or name.endswith(_PACKAGE) for name in (*folders, *files)):
            return False
        if _SCHEMA in files and not _is_self_contained((here / _SCHEMA).read_bytes()):
            return False
    return True


def _is_self_contained(schema: bytes) -> bool:
    outside: list[str] = []

    def note(part: dict[str, Any]) -> dict[str, Any]:
        outside.extend(name for name in _REFERENCES if not str(part.get(name, "#")).startswith("#"))
        outside.extend(["$schema"] if not str(part.get("$schema", _KNOWN[0])).startswith(_KNOWN) else [])
        return part

    try:
        json.loads(schema, object_hook=note)
    except (ValueError, RecursionError):
        return False
    return not outside
