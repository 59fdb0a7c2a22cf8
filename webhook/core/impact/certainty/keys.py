"""Labels and annotations that differ: tools of all kinds act on them, clean up by them, look away for them.

On an Ingress an annotation is behaviour that its analysis knows; see ``ingresses``.
"""

from __future__ import annotations

from webhook.core.impact.change import Change
from webhook.core.kinds import INGRESS
from webhook.core.pointer import get


def differ(change: Change) -> bool:
    """Tell whether an UPDATE changes a key of the object that somebody's tool may go by."""
    if change.before is None or change.after is None:
        return False
    places = ("labels",) if change.kind is INGRESS else ("labels", "annotations")
    return any(
        get(change.before, ("metadata", place)) != get(change.after, ("metadata", place)) for place in places
    )
