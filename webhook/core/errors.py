"""What can be broken in the core.

BasewardError              every error that this product raises on purpose
├── ReviewError            the AdmissionReview is malformed: HTTP 400, never a verdict
└── ImpactError            what a change opens cannot be told; it is treated as widening
    ├── TooLargeError      it would take too long to work out
    └── UnreadableError    part of an object is not what the API would accept

The other packages hang their own trees below ``BasewardError``. An ``ImpactError`` never leaves
``webhook.core.impact``: there it becomes a finding.
"""

from __future__ import annotations


class BasewardError(Exception):
    """Root of every error raised on purpose; its text is fit to be shown to a person."""


class ReviewError(BasewardError):
    """An AdmissionReview that cannot be judged because it is malformed."""


class ImpactError(BasewardError):
    """What a change opens cannot be told; the text says why, as a clause: ``too large to analyse``."""


class TooLargeError(ImpactError):
    """Working out what a change opens would take longer than a request may."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("too large to analyse")


class UnreadableError(ImpactError):
    """Part of an object is not what the API would accept, so that its meaning is not known."""
