"""Which rule governs an object, and everything else that a cluster admin decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from webhook.core.breakglass import BreakGlassLimits
from webhook.core.controllers import SystemController
from webhook.core.impact import Effect
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

    The defaults are those of the implicit last rule. ``widening``, ``narrowing`` and ``neither``, where
    they are set, decide in place of the other actions, by what the change opens and closes.
    """

    kinds: tuple[str, ...] = ("*",)
    namespaces: tuple[str, ...] = ("*",)
    drift: EnforcementAction = EnforcementAction.DENY
    undeclared: EnforcementAction = EnforcementAction.DENY
    delete_undeclared: Deletion = Deletion.ALLOW
    widening: EnforcementAction | None = None
    narrowing: EnforcementAction | None = None
    neither: EnforcementAction | None = None

    def governs(self, key: ObjectKey) -> bool:
        """Tell whether the rule is about an object; a cluster-scoped one has the namespace ""."""
        return key.is_within(self.namespaces, self.kinds)

    @property
    def goes_by_effect(self) -> bool:
        """Tell whether what a change opens and closes bears on the action."""
        return any(action is not None for action in (self.widening, self.narrowing, self.neither))

    def action_for(self, effect: Effect) -> EnforcementAction | None:
        """Return what happens to a change of that effect, None where the other actions decide."""
        return {Effect.WIDENS: self.widening, Effect.NARROWS: self.narrowing}.get(effect, self.neither)


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
