"""What can be broken between us and the Kubernetes API.

BasewardError
└── ClusterError               every one below
    ├── CredentialsError       there are no credentials for the Kubernetes API
    ├── UnreachableError       the API server did not answer, or not in time
    ├── MalformedAnswerError   the API server, or what stands before it, answered something else
    └── ApiStatusError         the API server answered with an error, a denial for instance
"""

from __future__ import annotations

from webhook.core.errors import BasewardError


class ClusterError(BasewardError):
    """Root of this tree."""


class CredentialsError(ClusterError):
    """There are no credentials; the text says where they were looked for."""


class UnreachableError(ClusterError):
    """The API server said nothing."""


class MalformedAnswerError(ClusterError):
    """The answer is not what the API documents: a login page of a proxy, for instance."""


class ApiStatusError(ClusterError):
    """The API server said no; the text is its own, safe to print."""

    def __init__(self, status: int, text: str) -> None:
        """Keep the HTTP status beside the text."""
        super().__init__(text)
        self.status = status
