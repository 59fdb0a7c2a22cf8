"""Who asks: the subject of a request, and whether they are the GitOps pipeline.

Only ``request.userInfo`` is trusted: field managers, labels and annotations are chosen by
whoever sends the request. Everybody is matched on the exact username; there are no prefixes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from webhook.core.objects import ObjectKey

SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class Subject:
    """``userInfo`` of a request: who asks, as the API server authenticated them."""

    username: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


class Content(StrEnum):
    """What an approver may bring: what Git declares, or anything."""

    DECLARED = "declared"
    TRUSTED = "trusted"


class Mismatch(StrEnum):
    """What happens to an approver's change that no synced revision declares."""

    WARN = "warn"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Approver:
    """A subject that is the GitOps pipeline, and what it is trusted with.

    ``namespaces`` are globs, ``kinds`` and ``sources`` names; ``*`` stands for all. ``impersonated``
    accepts a ServiceAccount's name without its uid and group, as ``--as`` presents it.
    """

    user: str
    content: Content = Content.DECLARED
    mismatch: Mismatch = Mismatch.WARN
    impersonated: bool = False
    namespaces: tuple[str, ...] = ("*",)
    kinds: tuple[str, ...] = ("*",)
    sources: tuple[str, ...] = ("*",)

    def is_subject(self, subject: Subject) -> bool:
        """Tell whether the subject is this approver, by exact username.

        A ServiceAccount that authenticated with its own token also has a uid and the group of its
        namespace; a plain impersonation of its name has neither.
        """
        if subject.username != self.user:
            return False
        if self.impersonated or not self.user.startswith(SERVICE_ACCOUNT_PREFIX):
            return True
        namespace = self.user.removeprefix(SERVICE_ACCOUNT_PREFIX).partition(":")[0]
        return bool(subject.uid) and f"system:serviceaccounts:{namespace}" in subject.groups

    def may_touch(self, key: ObjectKey) -> bool:
        """Tell whether the approver's namespaces and kinds include an object."""
        return key.is_within(self.namespaces, self.kinds)

    def may_bring(self, source: str | None) -> bool:
        """Tell whether the approver's sources include one; None is an undeclared object's."""
        return source is None or "*" in self.sources or source in self.sources
