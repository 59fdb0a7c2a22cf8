"""What can be broken in the core.

BasewardError              every error that this product raises on purpose
└── ReviewError            the AdmissionReview is malformed: HTTP 400, never a verdict

The other packages hang their own trees below ``BasewardError``.
"""

from __future__ import annotations


class BasewardError(Exception):
    """Root of every error raised on purpose; its text is fit to be shown to a person."""


class ReviewError(BasewardError):
    """An AdmissionReview that cannot be judged because it is malformed."""
