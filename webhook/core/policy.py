"""Which rule governs an object, and everything else that a cluster admin decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from webhook.core.breakglass import BreakGlassLimits
from webhook.core.controllers import SystemController
from webhook.core.normalize.left_out import LeftOut
from webhook.core.objects import ObjectKey
from webhook.core.subject import Approver


class EnforcementAction(StrEnum):
    """What happens to a change that a rule is about."""

    DENY = "deny"
    WARN = "warn"
    AUDIT = "audit"
    IGNORE = "ignore"


class Deletion(StrEnum):
    """What happens to the deletion of an object that Git does not declare."""

    ALLOW = "allow"
    DENY = "deny"
    WARN = "warn"
    AUDIT = "audit"
    IGNORE = "ignore"


class Mode(StrEnum):
    """Whether denials deny, or are only recorded."""

    ENFORCE = "enforce"
    AUDIT = "audit"


class DryRun(StrEnum):
    """What happens to a dry-run request that would be denied."""

    DENY = "deny"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about some kinds in some namespaces; ``namespaces`` are globs.

    The defaults are those of the implicit last rule.
    """

    kinds: tuple[str, ...] = ("*",)
    namespaces: tuple[str, ...] = ("*",)
    drift: EnforcementAction = EnforcementAction.DENY
    undeclared: EnforcementAction = EnforcementAction.DENY
    delete_undeclared: Deletion = Deletion.ALLOW

    def governs(self, key: ObjectKey) -> bool:
        """Tell whether the rule is about an object; a cluster-scoped one has the namespace ""."""
        return key.is_within(self.namespaces, self.kinds)


IMPLICIT_RULE = Rule()


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole policy of one cluster."""

    mode: Mode = Mode.ENFORCE
    approvers: tuple[Approver, ...] = ()
    exclude_namespaces: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    left_out: LeftOut = field(default_factory=LeftOut)
    controllers: tuple[SystemController, ...] = ()
    ingress_class: str | None = None
    dry_run: DryRun = DryRun.DENY
    break_glass: BreakGlassLimits = field(default_factory=BreakGlassLimits)
    max_age: timedelta = timedelta(minutes=15)

    def rule_for(self, key: ObjectKey) -> Rule:
        """Return the first rule that governs an object, or the implicit last one."""
        return next((rule for rule in self.rules if rule.governs(key)), IMPLICIT_RULE)
