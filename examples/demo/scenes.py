"""The five scenes, each a few steps: who does what to which object, and whether it is allowed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
Edit = Callable[[Object], None]

GITOPS, ALICE, ONCALL = "gitops", "alice", "oncall"
REASON = '--reason "checkout is down, INC-4711"'
NETWORK_POLICY, INGRESS = "networkpolicy", "ingress"


@dataclass(frozen=True)
class Step:
    """One thing that somebody does to an object.

    ``edit`` changes the live object for an edit; None applies the object as Git has it, or, with
    ``claim_seconds``, breaks the glass. ``shown`` is the command as a person would type it.
    """

    user: str
    target: str
    shown: str
    allowed: bool
    edit: Edit | None = None
    claim_seconds: int | None = None
    wait_seconds: int = 0


@dataclass(frozen=True)
class Scene:
    """A title, what it is about, and its steps."""

    number: int
    title: str
    text: str
    steps: tuple[Step, ...]


def open_to_the_world(policy: Object) -> None:
    """Let any address reach the web pods."""
    policy["spec"]["ingress"][0]["from"].append({"ipBlock": {"cidr": "0.0.0.0/0"}})


def repoint(ingress: Object) -> None:
    """Send /cart to another service; the hot fix that was there before Baseward."""
    for path in ingress["spec"]["rules"][0]["http"]["paths"]:
        if path["path"] == "/cart":
            path["backend"]["service"]["name"] = "cart-debug"


def edited(obj: Object, edit: Edit) -> Object:
    """Return a changed copy."""
    changed = copy.deepcopy(obj)
    edit(changed)
    return changed


SCENES = (
    Scene(
        1,
        "GitOps applies",
        "The approved GitOps account brings what Git declares. Nobody notices Baseward.",
        (Step(GITOPS, NETWORK_POLICY, "kubectl apply -f networkpolicy.yaml", allowed=True),),
    ),
    Scene(
        2,
        "a person edits",
        "Alice may edit NetworkPolicies in her namespace, and opens the web pods to the world.",
        (
            Step(
                ALICE,
                NETWORK_POLICY,
                "kubectl edit networkpolicy web -n shop",
                allowed=False,
                edit=open_to_the_world,
            ),
        ),
    ),
    Scene(
        3,
        "a person restores Git",
        "The Ingress was hot-fixed before Baseward came: /cart goes to cart-debug. Alice puts it back.",
        (Step(ALICE, INGRESS, "kubectl apply -f ingress.yaml", allowed=True),),
    ),
    Scene(
        4,
        "the glass is broken",
        "Production burns. The on-call engineer overrides Git on one object, for 30 minutes, with a reason.",
        (
            Step(
                ONCALL,
                NETWORK_POLICY,
                f"kubectl baseward break-glass networkpolicy/web -n shop --for 30m {REASON}",
                allowed=True,
                claim_seconds=1800,
            ),
            Step(
                ONCALL,
                NETWORK_POLICY,
                "kubectl edit networkpolicy web -n shop",
                allowed=True,
                edit=open_to_the_world,
            ),
        ),
    ),
    Scene(
        5,
        "the glass has expired",
        "A claim ends by itself. Whoever comes back later is where everybody is: at Git.",
        (
            Step(
                ONCALL,
                INGRESS,
                f"kubectl baseward break-glass ingress/shop -n shop --for 2s {REASON}",
                allowed=True,
                claim_seconds=2,
            ),
            Step(
                ONCALL,
                INGRESS,
                "kubectl edit ingress shop -n shop          # three seconds later",
                allowed=False,
                edit=repoint,
                wait_seconds=3,
            ),
        ),
    ),
)
