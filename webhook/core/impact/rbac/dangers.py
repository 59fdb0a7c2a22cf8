"""What is dangerous to be granted, as data: the worst first.

After the Kubernetes documentation, "Role Based Access Control Good Practices", privilege escalation risks
(https://kubernetes.io/docs/concepts/security/rbac-good-practices/).
"""

from __future__ import annotations

from dataclasses import dataclass

from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac.grants import Grants, Place, places_covering
from webhook.core.impact.rbac.rules import ALL
from webhook.core.kinds import GOVERNED, RBAC


@dataclass(frozen=True, slots=True, order=True)
class Danger:
    """Why something matters, in a few words; 0 is the worst rank."""

    rank: int
    name: str


EVERYTHING = Danger(0, "everything")
CLUSTER_ADMIN = Danger(0, "cluster-admin")
NOT_KNOWN = Danger(4, "not known")
AGGREGATION = Danger(5, "becomes part of other roles")
WILDCARD = Danger(6, "wildcard")

SUBJECTS = {
    ("User", "system:anonymous"): Danger(1, "anybody without an account"),
    ("Group", "system:unauthenticated"): Danger(1, "anybody without an account"),
    ("Group", "system:authenticated"): Danger(2, "everybody with an account"),
    ("Group", "system:serviceaccounts"): Danger(3, "every ServiceAccount"),
}
"""Subjects that are whole crowds, by kind and name."""

_ADMISSION = "admissionregistration.k8s.io"
_AUTHENTICATION = "authentication.k8s.io"
_CERTIFICATES = "certificates.k8s.io"

_WRITE = "create update patch delete deletecollection"
_RUN = "create update patch"
# As constrained impersonation has them: apiserver pkg/endpoints/filters/impersonation, on from 1.36.
_IMPERSONATE = (
    "impersonate impersonate:user-info impersonate:serviceaccount impersonate:arbitrary-node"
    " impersonate:associated-node"
)

# What it is called, then the elementary grants that it is: verbs, API group, resources.
_TABLE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "escalates its own rights": (("escalate", RBAC, "roles clusterroles"),),
    "binds any role": (("bind", RBAC, "roles clusterroles"),),
    "impersonates others": (
        (_IMPERSONATE, "", "users groups serviceaccounts"),
        (_IMPERSONATE, _AUTHENTICATION, "users groups serviceaccounts uids userextras nodes"),
    ),
    "writes RBAC": ((_WRITE, RBAC, "roles rolebindings clusterroles clusterrolebindings"),),
    "breaks the glass": (("break-glass", "baseward.io", " ".join(kind.resource for kind in GOVERNED)),),
    "writes admission control": (
        (_WRITE, _ADMISSION, "validatingwebhookconfigurations mutatingwebhookconfigurations"),
        (_WRITE, _ADMISSION, "validatingadmissionpolicies validatingadmissionpolicybindings"),
        (_WRITE, _ADMISSION, "mutatingadmissionpolicies mutatingadmissionpolicybindings"),
    ),
    "approves certificates": (
        ("update patch", _CERTIFICATES, "certificatesigningrequests/approval"),
        ("approve sign", _CERTIFICATES, "signers"),
    ),
    "reaches into nodes": (("get create update patch delete", "", "nodes/proxy"),),
    "reads secrets": (("get list watch", "", "secrets"),),
    "makes tokens of ServiceAccounts": (("create", "", "serviceaccounts/token"),),
    # Both are a get through a websocket.
    "runs commands in pods": (("create get", "", "pods/exec pods/attach"),),
    "adds containers to pods": (("update patch", "", "pods/ephemeralcontainers"),),
    "starts pods": (
        ("create", "", "pods"),
        (_RUN, "", "replicationcontrollers"),
        (_RUN, "apps", "deployments daemonsets statefulsets replicasets"),
        (_RUN, "batch", "jobs cronjobs"),
    ),
    "reaches ports of pods": (("create get", "", "pods/portforward"),),
}
_FIRST_RANK = 10
_DANGERS = tuple(
    (
        Danger(_FIRST_RANK + number, name),
        tuple(
            (frozenset(verbs.split()), (group, resource))
            for verbs, group, resources in grants
            for resource in resources.split()
        ),
    )
    for number, (name, grants) in enumerate(_TABLE.items())
)


def dangers_in(grants: Grants, budget: Budget) -> dict[Danger, set[Place]]:
    """Return what is dangerous in some grants, with the places where they grant it. Raises TooLargeError."""
    found: dict[Danger, set[Place]] = {}
    budget.spend(len(grants.resources) // 4)
    for place, by_name in grants.resources.items():
        if any(ALL in verbs for verbs in by_name.values()):
            everything = place == (ALL, ALL) and ALL in by_name.get(None, ())
            found.setdefault(EVERYTHING if everything else WILDCARD, set()).add(place)
        elif place[0] == ALL or place[1].startswith(ALL):
            found.setdefault(WILDCARD, set()).add(place)
    for danger, elementary in _DANGERS:
        for verbs, place in elementary:
            for covering in places_covering(place):
                by_name = grants.resources.get(covering, {})
                budget.spend(1 + len(by_name))
                if any(grants.allowed(verbs, place, name) for name in by_name):
                    found.setdefault(danger, set()).add(covering)
    return found
