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
    ("Group", "system:masters"): Danger(3, "bypasses RBAC"),
}
"""Subjects that are whole crowds, or that nothing should name, by kind and name."""

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


@dataclass(frozen=True, slots=True)
class _Elementary:
    """Verbs on resources of an API group; in a namespace they mean nothing where ``cluster_wide``.

    That is what the API server asks for without a namespace: mostly, but not only, the resources that are in
    none. ``bind`` on clusterroles is asked for where the binding is, and ``namespaces`` within themselves.
    """

    verbs: str
    group: str
    resources: str
    cluster_wide: bool = False


def _cluster_wide(verbs: str, group: str, resources: str) -> _Elementary:
    return _Elementary(verbs, group, resources, cluster_wide=True)


def _kinds(*, namespaced: bool) -> str:
    return " ".join(kind.resource for kind in GOVERNED if kind.namespaced is namespaced)


_TABLE: dict[str, tuple[_Elementary, ...]] = {
    "escalates its own rights": (
        _Elementary("escalate", RBAC, "roles"),
        _cluster_wide("escalate", RBAC, "clusterroles"),
    ),
    "binds any role": (_Elementary("bind", RBAC, "roles clusterroles"),),
    "impersonates others": (
        _Elementary(_IMPERSONATE, "", "serviceaccounts"),
        _Elementary(_IMPERSONATE, _AUTHENTICATION, "serviceaccounts"),
        _cluster_wide(_IMPERSONATE, "", "users groups"),
        _cluster_wide(_IMPERSONATE, _AUTHENTICATION, "users groups uids userextras nodes"),
    ),
    "writes RBAC": (
        _Elementary(_WRITE, RBAC, "roles rolebindings"),
        _cluster_wide(_WRITE, RBAC, "clusterroles clusterrolebindings"),
    ),
    "breaks the glass": (
        _Elementary("break-glass", "baseward.io", _kinds(namespaced=True)),
        _cluster_wide("break-glass", "baseward.io", _kinds(namespaced=False)),
    ),
    "writes admission control": (
        _cluster_wide(_WRITE, _ADMISSION, "validatingwebhookconfigurations mutatingwebhookconfigurations"),
        _cluster_wide(_WRITE, _ADMISSION, "validatingadmissionpolicies validatingadmissionpolicybindings"),
        _cluster_wide(_WRITE, _ADMISSION, "mutatingadmissionpolicies mutatingadmissionpolicybindings"),
    ),
    "approves certificates": (
        _cluster_wide("update patch", _CERTIFICATES, "certificatesigningrequests/approval"),
        _cluster_wide("approve sign", _CERTIFICATES, "signers"),
    ),
    "reaches into nodes": (_cluster_wide("get create update patch delete", "", "nodes/proxy"),),
    # By a volume that is a path of a node.
    "reaches files of nodes": (_cluster_wide("create", "", "persistentvolumes"),),
    "reads secrets": (_Elementary("get list watch", "", "secrets"),),
    "makes tokens of ServiceAccounts": (_Elementary("create", "", "serviceaccounts/token"),),
    # Both are a get through a websocket.
    "runs commands in pods": (_Elementary("create get", "", "pods/exec pods/attach"),),
    "adds containers to pods": (_Elementary("update patch", "", "pods/ephemeralcontainers"),),
    "starts pods": (
        _Elementary("create", "", "pods"),
        _Elementary(_RUN, "", "replicationcontrollers"),
        _Elementary(_RUN, "apps", "deployments daemonsets statefulsets replicasets"),
        _Elementary(_RUN, "batch", "jobs cronjobs"),
    ),
    # By their labels Pod Security goes, and who may reach whom. Their subresources take labels as well.
    "relabels namespaces": (
        _Elementary("update patch", "", "namespaces namespaces/status namespaces/finalize"),
    ),
    "reaches ports of pods": (_Elementary("create get", "", "pods/portforward"),),
}
_FIRST_RANK = 10
_DANGERS = tuple(
    (
        Danger(_FIRST_RANK + number, name),
        tuple(
            (frozenset(some.verbs.split()), (some.group, resource), some.cluster_wide)
            for some in elementary
            for resource in some.resources.split()
        ),
    )
    for number, (name, elementary) in enumerate(_TABLE.items())
)


def dangers_in(grants: Grants, budget: Budget, *, in_namespace: bool) -> dict[Danger, set[Place]]:
    """Return what is dangerous in some grants, with the places where they grant it.

    ``in_namespace`` says that they are held in one only. Raises TooLargeError.
    """
    found = _wildcards(grants, budget)
    for danger, elementary in _DANGERS:
        for verbs, place, cluster_wide in elementary:
            for covering in () if cluster_wide and in_namespace else places_covering(place):
                by_name = grants.resources.get(covering, {})
                budget.spend(1 + len(by_name))
                if any(grants.allowed(verbs, place, name) for name in by_name):
                    found.setdefault(danger, set()).add(covering)
    return found


def _wildcards(grants: Grants, budget: Budget) -> dict[Danger, set[Place]]:
    found: dict[Danger, set[Place]] = {}
    budget.spend(len(grants.resources) // 4)
    for place, by_name in grants.resources.items():
        if any(ALL in verbs for verbs in by_name.values()):
            everything = place == (ALL, ALL) and ALL in by_name.get(None, ())
            found.setdefault(EVERYTHING if everything else WILDCARD, set()).add(place)
        elif place[0] == ALL or place[1].startswith(ALL):
            found.setdefault(WILDCARD, set()).add(place)
    return found
