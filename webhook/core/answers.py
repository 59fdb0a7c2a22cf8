"""What others said when a decision could not be made without them."""

from __future__ import annotations

from dataclasses import dataclass

from webhook.core.breakglass import AccessAnswer
from webhook.core.freshness import FreshnessAnswer


@dataclass(frozen=True, slots=True)
class Answers:
    """One answer for each question that ``decide`` may return; None until it has been asked.

    ``access`` is the API server's, on the subject's right to break the glass; ``freshness`` is what a
    look at Git came to.
    """

    access: AccessAnswer | None = None
    freshness: FreshnessAnswer | None = None


NO_ANSWERS = Answers()
