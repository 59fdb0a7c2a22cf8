"""The break-glass claim on an object, and whether it holds at a given time.

A claim is a recorded, authorized, expiring override by a person, written as annotations. What
it may not do (grant the powers that would make it permanent) stands in ``escalation``; whether
its author may break the glass at all is the API server's answer to an ``AccessQuestion``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webhook.core.normalize.metadata import CLAIM_BY, CLAIM_EXPIRES, CLAIM_KEYS, CLAIM_REASON, CLAIM_TICKET
from webhook.core.objects import ObjectKey
from webhook.core.printing import age, safe
from webhook.core.subject import Subject

ACCESS_GROUP = "baseward.io"
ACCESS_VERB = "break-glass"
MAX_REASON = 1_000
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class BreakGlassLimits:
    """How long a claim may last, and what its reason must look like (a whole match)."""

    max_duration: timedelta = timedelta(hours=1)
    reason: re.Pattern[str] = re.compile(".{10,}")


@dataclass(frozen=True, slots=True)
class Claim:
    """The annotations of a claim as they stand on an object; missing ones are empty."""

    reason: str
    expires: str
    by: str
    ticket: str

    @property
    def end(self) -> datetime | None:
        """Return when the claim ends, or None where that is no RFC 3339 time."""
        if not _RFC3339.fullmatch(self.expires):
            return None
        try:
            # Python reads at most microseconds and takes only upper-case letters for granted.
            return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", self.expires.upper()))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class AccessQuestion:
    """Asks whether a subject may use the verb ``break-glass`` on one object."""

    subject: Subject
    resource: str
    key: ObjectKey


@dataclass(frozen=True, slots=True)
class AccessAnswer:
    """What the API server said; ``why`` tells of a refusal or a failed call."""

    allowed: bool
    why: str = ""


def claim_on(obj: dict[str, Any] | None) -> Claim | None:
    """Read the claim on an object; None where no annotation of it is set."""
    annotations = ((obj or {}).get("metadata") or {}).get("annotations")
    if not annotations or annotations.keys().isdisjoint(CLAIM_KEYS):
        return None
    texts = [annotations.get(key) for key in (CLAIM_REASON, CLAIM_EXPIRES, CLAIM_BY, CLAIM_TICKET)]
    return Claim(*(text if isinstance(text, str) else "" for text in texts))


def fault_in_time(claim: Claim, now: datetime, limits: BreakGlassLimits) -> str | None:
    """Say why a claim's end does not hold at ``now``, or None."""
    end = claim.end
    if end is None:
        return "its end is no RFC 3339 time, such as 2030-01-31T18:00:00Z"
    if end <= now:
        return f"it expired {age((now - end).total_seconds())} ago"
    if end - now > limits.max_duration:
        return (
            f"its end is {age((end - now).total_seconds())} away, "
            f"more than the {age(limits.max_duration.total_seconds())} allowed"
        )
    return None


def fault_in_claim(claim: Claim, username: str, now: datetime, limits: BreakGlassLimits) -> str | None:
    """Say why a claim does not hold for a user at ``now``, or None; access is not asked here."""
    if not claim.by:
        return "it does not say by whom: set baseward.io/break-glass-by to your username"
    if claim.by != username:
        return f"it is {safe(claim.by)}'s, not yours"
    reason = claim.reason.strip()
    if not reason:
        return "it has no reason"
    if len(reason) > MAX_REASON:
        return f"its reason is longer than {MAX_REASON} characters"
    if not limits.reason.fullmatch(reason):
        return f"its reason does not match the required {limits.reason.pattern!r}"
    return fault_in_time(claim, now, limits)
