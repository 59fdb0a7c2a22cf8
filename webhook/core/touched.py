"""Old against new: what a request touches, and whether its subject may.

This is never confused with the comparison against Git. What is left out of that one
(bookkeeping, ``ignore`` entries, last-applied, aggregated rules, the claim) is not thereby free.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from webhook.core.breakglass import claim_on
from webhook.core.canonical import canonical_json, digest, plain_json
from webhook.core.diff import ADDED, CHANGED, REMOVED, FieldChange
from webhook.core.errors import ReviewError
from webhook.core.kinds import Kind
from webhook.core.normalize import normalize
from webhook.core.normalize.left_out import LAST_APPLIED_POINTER, RULES, LeftOut, rules_of
from webhook.core.normalize.metadata import CLAIM_REASON, SERVER_WRITTEN
from webhook.core.objects import Declared
from webhook.core.pointer import Pointer, format_pointer, get

_UNGOVERNED = frozenset({"apiVersion", "kind", "status", "metadata"})
_NOT_TOUCHED = SERVER_WRITTEN | {"finalizers"}
FINALIZERS: Pointer = ("metadata", "finalizers")
_CLAIM_POINTER: Pointer = ("metadata", "annotations", CLAIM_REASON)


def is_untouched(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether an UPDATE changes nothing governed, finalizers aside."""
    before, after = _governed(old), _governed(new)
    if plain_json(before) == plain_json(after):
        return True
    # The API server writes fields in one order; others may not. Python alone takes 1 for True.
    return before == after and canonical_json(before) == canonical_json(after)


def _governed(obj: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what of an object counts when its old and new state are compared, less finalizers."""
    return [
        {name: value for name, value in obj.items() if name not in _UNGOVERNED},
        {name: value for name, value in obj["metadata"].items() if name not in _NOT_TOUCHED},
    ]


def finalizers_of(obj: Mapping[str, Any]) -> list[str]:
    """Return the finalizers of a raw object."""
    finalizers = obj.get("metadata", {}).get("finalizers")
    return finalizers if isinstance(finalizers, list) else []


def only_removes_finalizers(
    old: Mapping[str, Any], new: Mapping[str, Any], declared: Collection[str]
) -> bool:
    """Tell whether finalizers only become fewer, and none of those that Git declares goes."""
    before, after = finalizers_of(old), finalizers_of(new)
    return all(name in before for name in after) and all(
        name in after or name not in declared for name in before
    )


def forbidden_changes(
    kind: Kind,
    old: Mapping[str, Any] | None,
    new: dict[str, Any],
    declared: Declared | None,
    left_out: LeftOut,
    username: str,
) -> tuple[FieldChange, ...]:
    """Return what a CREATE or UPDATE by no approver touches though it is not theirs to touch."""
    before, after = left_out.values(dict(old or {}), kind), left_out.values(new, kind)
    if RULES in after:
        before[RULES] = rules_of(old or {})  # also where the role was not aggregated before
    in_git = declared.left_out if declared is not None else {}
    changes = [
        _change(pointer, before.get(pointer), after.get(pointer))
        for pointer in {**before, **after}
        if _differ(pointer, before, after)
        and not _writes_what_git_has(pointer, after, in_git)
        and not left_out.may_write(kind, pointer, username)
        and not (pointer == LAST_APPLIED_POINTER and _applied_what_git_has(new, kind, declared, left_out))
    ]
    claim = claim_on(new)
    if claim is not None and claim != claim_on(dict(old or {})):
        changes.append(_change(_CLAIM_POINTER, None, claim.reason))
    return tuple(changes)


def _differ(pointer: Pointer, before: dict[Pointer, Any], after: dict[Pointer, Any]) -> bool:
    if pointer == RULES and pointer not in after:
        return False  # a role that stops being aggregated has its rules compared with Git instead
    return before.get(pointer) != after.get(pointer)


def _writes_what_git_has(pointer: Pointer, after: dict[Pointer, Any], in_git: dict[str, Any]) -> bool:
    text = format_pointer(pointer)
    return pointer in after and text in in_git and in_git[text] == after[pointer]


def _applied_what_git_has(
    new: dict[str, Any], kind: Kind, declared: Declared | None, left_out: LeftOut
) -> bool:
    return declared is not None and was_applied(new, kind, declared.digest, left_out)


def was_applied(obj: dict[str, Any], kind: Kind, form_digest: bytes, left_out: LeftOut) -> bool:
    """Tell whether kubectl's record of what was applied to an object says what has that digest."""
    text = get(obj, LAST_APPLIED_POINTER)
    if not isinstance(text, str):
        return False
    try:
        applied = orjson.loads(text)
        return isinstance(applied, dict) and digest(normalize(applied, kind, left_out)) == form_digest
    except (orjson.JSONDecodeError, ReviewError):
        return False


def _change(pointer: Pointer, before: Any, after: Any) -> FieldChange:
    sign = ADDED if before is None else REMOVED if after is None else CHANGED
    path = ".".join(pointer) if pointer[:1] != ("metadata",) else f"metadata.{pointer[1]}[{pointer[-1]}]"
    return FieldChange(path, sign, before, after, pointer)
