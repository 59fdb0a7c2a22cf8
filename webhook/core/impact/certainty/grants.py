"""Whether a change of RBAC only takes away, whatever the roles in the cluster allow today.

Git may declare a role with fewer rules than it has, or one that gathers others that were not applied yet.
"""

from __future__ import annotations

from typing import Any

from webhook.core.canonical import canonical_json
from webhook.core.impact.change import Change
from webhook.core.impact.surroundings import Form


def binding_only_closes(change: Change) -> bool:
    """Tell whether a binding goes, or loses subjects and gets none."""
    before, after = change.before, change.after
    if before is None or after is None:
        return after is None
    return before.get("roleRef") == after.get("roleRef") and _subjects(after) <= _subjects(before)


def role_only_closes(change: Change) -> bool:
    """Tell whether a role goes, or is one whose rules are its own: the report compares those."""
    before, after = change.before, change.after
    if before is None or after is None:
        return after is None
    return not (_gathers(before) or _gathers(after))


def _subjects(binding: Form) -> set[bytes]:
    subjects: Any = binding.get("subjects", [])
    return {canonical_json(subject) for subject in subjects}


def _gathers(role: Form) -> bool:
    return role.get("aggregationRule") is not None
