"""One request with everything that judging it needs, each thing worked out at most once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webhook.core.answers import NO_ANSWERS, Answers
from webhook.core.breakglass import (
    AccessQuestion,
    Claim,
    claim_on,
    fault_in_claim,
)
from webhook.core.canonical import canonical_json, digest
from webhook.core.diff import REMOVED, FieldChange, deviations, diff
from webhook.core.escalation import escalation
from webhook.core.impact import (
    Budget,
    Change,
    DeclaredSurroundings,
    Effect,
    Impact,
    certain_effect,
    change_of,
    impact_of,
)
from webhook.core.kinds import INGRESS, Kind
from webhook.core.lazy import lazy
from webhook.core.normalize import looks_normal, normalize
from webhook.core.normalize.left_out import LAST_APPLIED_POINTER, LeftOut
from webhook.core.objects import ABSENT_DIGEST, Baseline, Declared
from webhook.core.pointer import MISSING, Pointer, format_pointer, get, without
from webhook.core.policy import Policy
from webhook.core.review import DELETE, AdmissionRequest
from webhook.core.subject import Approver
from webhook.core.touched import FINALIZERS, finalizers_of, forbidden_changes, was_applied

_CLASS: Pointer = ("spec", "ingressClassName")


def _drops_last_applied(change: FieldChange) -> bool:
    return change.pointer == LAST_APPLIED_POINTER and change.sign == REMOVED


def _text_of(change: FieldChange) -> bytes:
    return canonical_json([change.path, change.sign, change.declared, change.proposed])


class Case:
    """A request for a governed kind, the policy, the baseline, the time, and what others answered."""

    def __init__(
        self,
        request: AdmissionRequest,
        kind: Kind,
        policy: Policy,
        baseline: Baseline | None,
        now: datetime,
        answers: Answers = NO_ANSWERS,
    ) -> None:
        """Gather what a decision is made of."""
        self.request = request
        self.kind = kind
        self.policy = policy
        self.baseline = baseline
        self.now = now
        self.access, self.freshness = answers.access, answers.freshness

    @lazy
    def declared(self) -> Declared | None:
        """Return what Git declares under the key of the request."""
        return self.baseline.declared(self.request.key) if self.baseline is not None else None

    @lazy
    def unread_source(self) -> str | None:
        """Return the name of a source that was never read and may declare what no other does, if any.

        Until it has been read the object is neither declared nor undeclared.
        """
        if self.baseline is None or self.declared is not None:
            return None
        return self.baseline.unread_source(self.request.key)

    @property
    def declared_finalizers(self) -> list[str]:
        """Return the finalizers in Git, also where they are left out of the comparison."""
        if self.declared is None:
            return []
        compared = finalizers_of(self.declared.content)
        ignored = self.declared.left_out.get(format_pointer(FINALIZERS))
        return compared + (ignored if isinstance(ignored, list) else [])

    @lazy
    def approver(self) -> Approver | None:
        """Return the entry by which the subject is an approver of this object, if any."""
        return next(
            (
                entry
                for entry in self.policy.approvers
                if entry.is_subject(self.request.subject)
                and entry.may_touch(self.request.key)
                and (entry.sources == ("*",) or (self.baseline is not None and entry.may_bring(self._source)))
            ),
            None,
        )

    @property
    def _source(self) -> str | None:
        """Return the name of the source that declares the object, or that may once it is read."""
        return self.declared.provenance.source if self.declared is not None else self.unread_source

    # Against Git

    def form(self, obj: dict[str, Any], *, as_written: bool = False) -> dict[str, Any]:
        """Return the normal form of an object of this request, less a class that may be its own."""
        form = normalize(obj, self.kind, self.policy.left_out, as_written=as_written)
        if self.kind is INGRESS and self._may_have_own_class(form):
            return dict(without(form, _CLASS))
        return form

    def _may_have_own_class(self, form: dict[str, Any]) -> bool:
        """Tell whether an Ingress has a class that Git leaves out and that is not drift.

        On CREATE the API server writes the cluster's default class into it; from then on the class
        may stay as it is.
        """
        if self.declared is None or get(self.declared.content, _CLASS) is not MISSING:
            return False
        return self._keeps_class(form)

    def _keeps_class(self, form: dict[str, Any]) -> bool:
        its_class, old = get(form, _CLASS), self.request.old
        if its_class is MISSING:
            return False
        return bool(its_class == (self.policy.ingress_class if old is None else get(old, _CLASS)))

    @lazy
    def proposed(self) -> dict[str, Any]:
        """Return the canonical form of what is proposed; empty for a DELETE."""
        return self.form(self.request.new) if self.request.new is not None else {}

    @lazy
    def former(self) -> dict[str, Any]:
        """Return the canonical form of the old object; empty for a CREATE."""
        return self.form(self.request.old) if self.request.old is not None else {}

    @lazy
    def digest(self) -> bytes:
        """Return the digest of what is proposed; that of nothing for a DELETE."""
        return digest(self.proposed) if self.request.new is not None else ABSENT_DIGEST

    @property
    def was_declared(self) -> bool:
        """Tell whether one of the synced revisions declared what is proposed (or its absence)."""
        earlier = self.baseline.earlier_digests(self.request.key) if self.baseline is not None else ()
        if self.digest in earlier:
            return True
        # An earlier revision may have left out the class that Git writes now, or no longer says anything of.
        return self._keeps_class(self.proposed) and digest(without(self.proposed, _CLASS)) in earlier

    @lazy
    def equals_declared(self) -> bool:
        """Tell whether what is proposed is what Git declares."""
        if self.declared is None or self.request.new is None:
            return False
        if self._is_spelled_as_declared(self.request.new):
            return True
        # A change that can be told is enough to say no; only the digest says yes.
        return not self.against_git and self.digest == self.declared.digest

    def _is_spelled_as_declared(self, obj: dict[str, Any]) -> bool:
        """Tell at little cost whether an object is what Git declares; False says nothing."""
        return self.declared is not None and looks_normal(
            obj, self.kind, self.policy.left_out, self.declared.content_json
        )

    @lazy
    def against_git(self) -> tuple[FieldChange, ...]:
        """Return what differs between Git and what is proposed, field by field."""
        if self.declared is None or self.request.new is None:
            return ()
        return diff(self.kind, self.declared.content, self.form(self.request.new, as_written=True))

    @lazy
    def changes(self) -> tuple[FieldChange, ...]:
        """Return what a person is shown: Git against proposed, and what was not theirs to touch.

        kubectl's record of an apply is not told beside the drift that it comes with, nor of an object
        that Git does not declare at all.
        """
        if self.declared is None:
            return ()
        if not self.against_git:
            return self.forbidden
        touched = [change for change in self.forbidden if change.pointer != LAST_APPLIED_POINTER]
        return (*self.against_git, *touched)

    @property
    def only_converges(self) -> bool:
        """Tell whether what is proposed deviates from Git in strictly less than the old object."""
        if self.declared is None or self._is_spelled_as_declared(self.request.old or {}):
            return False
        declared = normalize(self.declared.content, self.kind, self.policy.left_out)
        if deviations(self.kind, declared, self.proposed) < deviations(self.kind, declared, self.former):
            return True
        return self.effect is not Effect.WIDENS and self._deviates_in_fewer_fields(self.declared)

    def _deviates_in_fewer_fields(self, declared: Declared) -> bool:
        """Tell whether each field that deviates did so before, in the same way, and others did besides."""
        former = diff(self.kind, declared.content, self.form(self.request.old or {}, as_written=True))
        return {*map(_text_of, self.against_git)} < {*map(_text_of, former)}

    # Old against new

    @lazy
    def forbidden(self) -> tuple[FieldChange, ...]:
        """Return what this request touches though its subject may not; nothing for an approver."""
        if self.request.new is None or self.approver is not None:
            return ()
        changes = forbidden_changes(
            self.kind,
            self.request.old,
            self.request.new,
            self.declared,
            self.policy.left_out,
            self.request.subject.username,
        )
        if any(_drops_last_applied(change) for change in changes) and self._brings_back:
            return tuple(change for change in changes if not _drops_last_applied(change))
        return changes

    @property
    def _brings_back(self) -> bool:
        """Tell whether an object that deviates comes back to Git, as by `kubectl replace`."""
        return (
            self.declared is not None and self.equals_declared and digest(self.former) != self.declared.digest
        )

    @property
    def _is_honest(self) -> bool:
        """Tell whether the request touches nothing it may not, save kubectl's own record of an apply.

        Nor a claim: one that is dropped while drift remains would leave that without an end.
        """
        new = self.request.new
        return not self.claim_is_new and all(
            change.pointer == LAST_APPLIED_POINTER
            and new is not None
            and was_applied(new, self.kind, self.digest, self.policy.left_out)
            for change in self.forbidden
        )

    @property
    def _loses_what_git_leaves_out(self) -> bool:
        """Tell whether an object goes that would come back from Git without what others wrote into it."""
        old, kind = self.request.old, self.kind
        if old is None or self.request.new is not None:
            return False
        ignored = self.policy.left_out.ignored(kind)
        class_in_git = get(self.declared.content, _CLASS) if self.declared is not None else MISSING
        return any(get(old, pointer) is not MISSING for pointer in ignored) or (
            kind is INGRESS and get(old, _CLASS) != class_in_git
        )

    # Impact

    @lazy
    def _budget(self) -> Budget:
        """Return what all analyses of this request may spend together."""
        return Budget()

    @lazy
    def _change(self) -> Change:
        request = self.request
        # What is ignored against Git may open something all the same.
        left_out = LeftOut(self.policy.left_out.bookkeeping)
        return change_of(self.kind, request.key, request.old, request.new, left_out)

    @lazy
    def impact(self) -> Impact:
        """Return what this request opens and closes, old against new, beside what Git declares."""
        if self.baseline is None:
            return Impact(unknown=("no baseline has been loaded",))
        return impact_of(self._change, DeclaredSurroundings(self.baseline), self._budget)

    @lazy
    def effect(self) -> Effect:
        """Return what a rule goes by: a change is not taken to close unless that is certain."""
        if self.baseline is None or not self._is_honest or self._loses_what_git_leaves_out:
            return Effect.WIDENS
        around = DeclaredSurroundings(self.baseline)
        return certain_effect(self._change, self.impact, around, self._budget)

    # Break-glass

    @lazy
    def claim(self) -> Claim | None:
        """Return the claim that this request makes; a delete-collection makes none."""
        return None if self.request.is_collection else claim_on(self.request.target)

    @lazy
    def claim_is_new(self) -> bool:
        """Tell whether this request set or changed its claim."""
        return self.request.operation != DELETE and self.claim != claim_on(self.request.old)

    @lazy
    def claim_of_another(self) -> Claim | None:
        """Return the claim on ``old`` if it holds at this time and is somebody else's."""
        claim = claim_on(self.request.old)
        if claim is None or claim.by == self.request.subject.username:
            return None
        if any(entry.user == claim.by for entry in self.policy.approvers):
            return None  # an approver breaks no glass
        return None if fault_in_claim(claim, claim.by, self.now, self.policy.break_glass) else claim

    @lazy
    def claim_fault(self) -> str | None:
        """Say why the claim of this request does not hold, or None; access is not looked at."""
        if self.claim is None:
            return "there is none"
        subject = self.request.subject
        if any(entry.is_subject(subject) for entry in self.policy.approvers):
            return "an approver breaks no glass"
        fault = fault_in_claim(self.claim, subject.username, self.now, self.policy.break_glass)
        if fault is None and self.request.new is not None:
            fault = escalation(
                self.kind,
                self.request.old,
                self.request.new,
                self.request.key.namespace,
                self.baseline,
            )
        return fault

    @property
    def access_question(self) -> AccessQuestion:
        """Return what to ask the API server about the subject."""
        return AccessQuestion(self.request.subject, self.kind.resource, self.request.key)
