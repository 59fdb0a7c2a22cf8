"""Which field managers own a field, by ``metadata.managedFields``.

Field managers name themselves, so this is for people to read and never for a decision.
Format: kubernetes-sigs/structured-merge-diff, FieldsV1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webhook.core.pointer import Pointer
from webhook.core.printing import safe


def owners_of(obj: dict[str, Any], pointers: Iterable[Pointer]) -> list[str]:
    """Return the names, safe to print, of the managers that own any of the fields."""
    entries = obj["metadata"].get("managedFields")
    wanted = list(pointers)
    names = {
        safe(str(entry.get("manager", "")))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and any(_owns(entry.get("fieldsV1"), pointer) for pointer in wanted)
    }
    return sorted(names - {""})


def _owns(fields: Any, pointer: Pointer) -> bool:
    """Tell whether a FieldsV1 tree names a pointer or a field above it that is owned whole."""
    for token in pointer:
        if not isinstance(fields, dict) or f"f:{token}" not in fields:
            return False
        fields = fields[f"f:{token}"]
        if fields == {}:
            return True
    return bool(pointer)
