"""What can be broken at the HTTPS edge.

BasewardError
└── AdmissionError
    └── RefusedRequestError     an HTTP request that gets a status of its own, never a verdict
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeAlias

from webhook.core.errors import BasewardError

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Names in lower case, and values, as ASGI has them."""


class AdmissionError(BasewardError):
    """Root of the errors of this package."""


class RefusedRequestError(AdmissionError):
    """An HTTP request that is answered with ``status`` and a text that says what to mend.

    ``headers`` are those that go with the status.
    """

    def __init__(self, status: HTTPStatus, text: str, headers: Headers = ()) -> None:
        """Say which status and why."""
        super().__init__(text)
        self.status = status
        self.headers = headers
