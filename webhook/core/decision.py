"""A decision as a value that carries the one reason that decided it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from webhook.core.diff import FieldChange
from webhook.core.impact import Impact
from webhook.core.objects import Declared
from webhook.core.policy import EnforcementAction


class Outcome(StrEnum):
    """What the API server is told; ``warned`` is allowed, with warnings."""

    ALLOWED = "allowed"
    WARNED = "warned"
    DENIED = "denied"


class Reason(StrEnum):
    """The one reason that decided; log lines, metrics and audit annotations carry it."""

    OUT_OF_SCOPE = "out-of-scope"
    TERMINATING = "terminating"
    SYSTEM_CONTROLLER = "system-controller"
    UNCHANGED = "unchanged"
    APPROVER = "approver"
    BREAK_GLASS = "break-glass"
    RESTORES_GIT = "restores-git"
    CONVERGES = "converges"
    APPROVER_MISMATCH = "approver-mismatch"
    HELD_BY_ANOTHER = "break-glass-held-by-another"
    CLAIM_REJECTED = "break-glass-rejected"
    DRIFT = "drift"
    UNDECLARED = "undeclared"
    DELETION = "deletion"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is answered to one request, and why.

    ``row`` is the row of the decision table that applied. ``changes`` are from what Git declares to
    what is proposed; ``note`` says in words what the reason alone does not. ``impact`` is that of the
    request, old against new; None where nothing deviates that anybody is told of.
    """

    outcome: Outcome
    reason: Reason
    row: int
    action: EnforcementAction | None = None
    changes: tuple[FieldChange, ...] = ()
    note: str = ""
    declared: Declared | None = None
    impact: Impact | None = None


@dataclass(frozen=True, slots=True)
class NoBaseline:
    """No verdict, so the cluster's ``failurePolicy`` decides.

    ``source`` names the one that was never read and may declare the object; it is empty where no
    snapshot has ever been loaded.
    """

    source: str = ""
