"""Which of the objects in a program's output are read at all."""

from __future__ import annotations

from webhook.core import kinds


def is_governed(api_version: object, kind: object) -> bool:
    """Tell whether an object is of a governed kind, in any version; nothing else may refuse a commit."""
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return False
    group = api_version.rpartition("/")[0]
    return kinds.governed(group, kind) is not None or kinds.is_removed(api_version, kind)
