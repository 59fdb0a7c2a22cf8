"""Whether the baseline is what Git says now: asked where an approver may run ahead of it.

A GitOps controller often sees a commit before the baseline does. So before its change counts as one
that no revision declares, Git is looked at once more; and where that cannot be done, or came to
nothing, the baseline may be behind, which is no fault of the approver's.
"""

from __future__ import annotations

from dataclasses import dataclass

from webhook.core.objects import ObjectKey
from webhook.core.subject import Approver


@dataclass(frozen=True, slots=True)
class FreshnessQuestion:
    """Asks to look at Git, and whether the baseline then is what Git says of one object.

    Of the sources only those count that may declare the object, and that the approver may bring.
    """

    approver: Approver
    key: ObjectKey


@dataclass(frozen=True, slots=True)
class FreshnessAnswer:
    """What the look at Git came to.

    ``established`` is False where the baseline may be behind Git. A source whose newest commit is not
    trusted is not behind in that sense: what it says there does not count. ``why`` tells of both.
    """

    established: bool
    why: str = ""
