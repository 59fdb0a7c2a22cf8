"""One text for one meaning: canonical JSON bytes and their digest."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from webhook.core.errors import ReviewError


def canonical_json(value: Any) -> bytes:
    """Write a JSON value with sorted keys.

    Raises ReviewError where it cannot be written (nested deeper than 254, no JSON value).
    """
    return _dumps(value, orjson.OPT_SORT_KEYS)


def plain_json(value: Any) -> bytes:
    """Write a JSON value with keys in the order in which they are; cheaper where that is enough."""
    return _dumps(value, None)


def _dumps(value: Any, option: int | None) -> bytes:
    try:
        return orjson.dumps(value, option=option)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise ReviewError(
            f"no JSON that can be judged: the object cannot be written as JSON: {error}"
        ) from None


def digest(form: Any) -> bytes:
    """Return the SHA-256 of a canonical form, 32 bytes."""
    return hashlib.sha256(canonical_json(form)).digest()
