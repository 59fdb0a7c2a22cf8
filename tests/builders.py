"""Small builders of what the tests talk about: objects, reviews, a baseline in memory, a verdict.

``ruling(review("UPDATE", old=WEB, new=opened), git=[WEB])`` reads as it is meant, and answers in the
words of the decision table: ``"14 denied drift"``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from webhook.core import kinds
from webhook.core.answers import Answers
from webhook.core.breakglass import AccessAnswer, AccessQuestion
from webhook.core.canonical import canonical_json, digest
from webhook.core.decide import Verdict, decide
from webhook.core.decision import Decision, NoBaseline
from webhook.core.explain import Answered, explain
from webhook.core.freshness import FreshnessAnswer, FreshnessQuestion
from webhook.core.kinds import Kind
from webhook.core.normalize import DEFAULT_LEFT_OUT, normalize
from webhook.core.normalize.left_out import LeftOut
from webhook.core.normalize.metadata import CLAIM_BY, CLAIM_EXPIRES, CLAIM_REASON, CLAIM_TICKET
from webhook.core.objects import ABSENT_DIGEST, Declared, ObjectKey, Provenance
from webhook.core.pointer import format_pointer, parse_pointer
from webhook.core.policy import Policy
from webhook.core.references import reference_of
from webhook.core.review import AdmissionRequest, AdmissionResponse, parse_review

Object = dict[str, Any]

NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
COMMIT = "3f2c1ab" + "0" * 33

# Who asks. Only the username of a person is given in most tests; a ServiceAccount has what its token proves.
GITOPS: Object = {
    "username": "system:serviceaccount:flux-system:kustomize-controller",
    "uid": "6ce1f7a2-5a5e-4d11-9f43-3d3c41b64a4f",
    "groups": ["system:serviceaccounts", "system:serviceaccounts:flux-system", "system:authenticated"],
}
MAY_BREAK_GLASS = AccessAnswer(allowed=True)
MAY_NOT_BREAK_GLASS = AccessAnswer(
    allowed=False, why="oncall may not break-glass networkpolicies in baseward.io"
)
# What a look at Git comes to: the baseline is what Git says now, or may be behind it.
UP_TO_DATE = FreshnessAnswer(established=True)
UNREACHABLE = FreshnessAnswer(established=False, why="source platform cannot be reached")


# Objects


def kind_of(obj: Object) -> Kind:
    return kinds.BY_NAME[obj["kind"]]


def key_of(obj: Object) -> ObjectKey:
    kind, metadata = kind_of(obj), obj["metadata"]
    return ObjectKey(
        kind.group, kind.name, metadata["namespace"] if kind.namespaced else "", metadata["name"]
    )


def _object(kind: Kind, name: str, metadata: Object | None, content: Object) -> Object:
    place = {"namespace": "shop"} if kind.namespaced else {}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {"name": name, **place, **(metadata or {})},
        **content,
    }


def network_policy(name: str = "web", metadata: Object | None = None, **spec: Any) -> Object:
    """Build a policy that lets the gateway reach web on port 8080, or one of the given spec."""
    usual: Object = {
        "podSelector": {"matchLabels": {"app": "web"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [peer("gateway")], "ports": [{"protocol": "TCP", "port": 8080}]}],
    }
    return _object(kinds.NETWORK_POLICY, name, metadata, {"spec": spec or usual})


def peer(app: str) -> Object:
    return {"podSelector": {"matchLabels": {"app": app}}}


def ingress(name: str = "web", metadata: Object | None = None, **spec: Any) -> Object:
    """Build an Ingress that sends shop.example.com/cart to the service cart, or one of the given spec."""
    usual: Object = {"rules": [{"host": "shop.example.com", "http": {"paths": [path("/cart", "cart")]}}]}
    return _object(kinds.INGRESS, name, metadata, {"spec": spec or usual})


def path(text: str, service: str, kind: str = "Prefix") -> Object:
    return {
        "path": text,
        "pathType": kind,
        "backend": {"service": {"name": service, "port": {"number": 80}}},
    }


def rule(verbs: str, resources: str, group: str = "", **more: Any) -> Object:
    """Build an RBAC rule: ``rule("get list", "pods")``."""
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split(), **more}


def role(name: str = "reader", metadata: Object | None = None, **content: Any) -> Object:
    return _object(kinds.ROLE, name, metadata, content or {"rules": [rule("get list", "pods")]})


def cluster_role(name: str = "reader", metadata: Object | None = None, **content: Any) -> Object:
    return _object(kinds.CLUSTER_ROLE, name, metadata, content or {"rules": [rule("get list", "pods")]})


def aggregated_role(*rules: Object, name: str = "monitoring") -> Object:
    """Build a ClusterRole whose rules a controller gathers; ``rules`` is what it gathered."""
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"example.com/aggregate-to-monitoring": "true"}}]}
    return cluster_role(name, aggregationRule=selectors, rules=list(rules))


def role_binding(*subjects: Object, to: str = "Role/reader", name: str = "readers") -> Object:
    return _object(kinds.ROLE_BINDING, name, None, _binding(to, subjects))


def cluster_role_binding(*subjects: Object, to: str = "reader", name: str = "readers") -> Object:
    return _object(kinds.CLUSTER_ROLE_BINDING, name, None, _binding(f"ClusterRole/{to}", subjects))


def _binding(to: str, subjects: Collection[Object]) -> Object:
    kind, name = to.split("/")
    return {
        "subjects": list(subjects) or [person("bob")],
        "roleRef": {"apiGroup": kinds.RBAC, "kind": kind, "name": name},
    }


def person(name: str) -> Object:
    return {"kind": "User", "apiGroup": kinds.RBAC, "name": name}


def owner(name: str, **more: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": f"uid-of-{name}", **more}


def stored(obj: Object) -> Object:
    """Return an object with what the API server writes into it."""
    written = {
        "uid": "2f9a1c1e-0d2b-4a86-8a6b-0a8d9b7c5d11",
        "resourceVersion": "1001",
        "generation": 1,
        "creationTimestamp": "2030-01-01T00:00:00Z",
        "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {}}}],
    }
    return {**obj, "metadata": {**obj["metadata"], **written}}


def copy_of(value: Any) -> Any:
    """Copy a JSON value so that no two parts of the copy are one, other than ``copy.deepcopy``."""
    if isinstance(value, dict):
        return {name: copy_of(item) for name, item in value.items()}
    return [copy_of(item) for item in value] if isinstance(value, list) else value


def put(obj: Object, pointer: str, value: Any) -> Object:
    """Return a copy in which a value stands at a JSON pointer; ``-`` appends to a list.

    Maps on the way that are not there yet are made.
    """
    changed: Object = copy_of(obj)
    *way, last = parse_pointer(pointer)
    place: Any = changed
    for token in way:
        place = place[int(token)] if isinstance(place, list) else place.setdefault(token, {})
    if not isinstance(place, list):
        place[last] = value
    elif last == "-":
        place.append(value)
    else:
        place[int(last)] = value
    return changed


def drop(obj: Object, pointer: str) -> Object:
    """Return a copy without what stands at a JSON pointer."""
    changed: Object = copy_of(obj)
    *way, last = parse_pointer(pointer)
    place: Any = changed
    for token in way:
        place = place[int(token)] if isinstance(place, list) else place[token]
    del place[int(last) if isinstance(place, list) else last]
    return changed


def annotated(obj: Object, annotations: Mapping[str, Any]) -> Object:
    before = obj["metadata"].get("annotations") or {}
    return put(obj, "/metadata/annotations", {**before, **annotations})


def labelled(obj: Object, labels: Mapping[str, Any]) -> Object:
    before = obj["metadata"].get("labels") or {}
    return put(obj, "/metadata/labels", {**before, **labels})


def claimed(
    obj: Object,
    by: str = "oncall",
    reason: str = "the shop is down, INC-42",
    ends_in: timedelta = timedelta(minutes=30),
    ticket: str | None = None,
) -> Object:
    """Return an object that carries a break-glass claim."""
    claim = {
        CLAIM_REASON: reason,
        CLAIM_EXPIRES: (NOW + ends_in).strftime("%Y-%m-%dT%H:%M:%SZ"),
        CLAIM_BY: by,
    }
    return annotated(obj, claim if ticket is None else {**claim, CLAIM_TICKET: ticket})


# Reviews


def review(
    operation: str,
    old: Object | None = None,
    new: Object | None = None,
    user: str | Object = "alice",
    **request: Any,
) -> Object:
    """Build the AdmissionReview that kube-apiserver sends; ``request`` adds or replaces its fields."""
    target = new or old or {}
    kind = kind_of(target)
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": kind.group, "version": kind.version, "kind": kind.name},
            "resource": {"group": kind.group, "version": kind.version, "resource": kind.resource},
            "name": target["metadata"]["name"],
            "namespace": target["metadata"].get("namespace", ""),
            "operation": operation,
            "userInfo": {"username": user, "groups": ["system:authenticated"]}
            if isinstance(user, str)
            else user,
            "object": new,
            "oldObject": old,
            "dryRun": False,
            **request,
        },
    }


def request(
    operation: str, old: Object | None = None, new: Object | None = None, **more: Any
) -> AdmissionRequest:
    return parse_review(review(operation, old, new, **more))


# The baseline


def declare(
    obj: Object,
    left_out: LeftOut = DEFAULT_LEFT_OUT,
    provenance: Provenance | None = None,
) -> Declared:
    """Return what a snapshot holds of an object that Git declares."""
    kind = kind_of(obj)
    return Declared(
        key=key_of(obj),
        digest=digest(normalize(obj, kind, left_out)),
        content_json=canonical_json(normalize(obj, kind, left_out, as_written=True)),
        left_out_json=orjson.dumps(
            {format_pointer(pointer): value for pointer, value in left_out.values(obj, kind).items()}
        ),
        provenance=provenance or Provenance("platform", COMMIT, "clusters/prod/shop/netpol.yaml", 12),
    )


def _by_key(objects: Iterable[Object | Declared], left_out: LeftOut) -> dict[ObjectKey, Declared]:
    declared = [obj if isinstance(obj, Declared) else declare(obj, left_out) for obj in objects]
    return {entry.key: entry for entry in declared}


@dataclass(frozen=True)
class MemoryBaseline:
    """A baseline in memory; ``earlier`` are the revisions before this one, as maps like ``objects``.

    ``unread`` are the namespaces that a source was to declare that has never been read, by its name.
    """

    objects: Mapping[ObjectKey, Declared] = field(default_factory=dict)
    earlier: tuple[Mapping[ObjectKey, Declared], ...] = ()
    commits: Mapping[str, str] = field(default_factory=lambda: {"platform": COMMIT})
    synced_at: Mapping[str, datetime] = field(
        default_factory=lambda: {"platform": NOW - timedelta(seconds=14)}
    )
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def declared(self, key: ObjectKey) -> Declared | None:
        return self.objects.get(key)

    def earlier_digests(self, key: ObjectKey) -> Collection[bytes]:
        return [revision[key].digest if key in revision else ABSENT_DIGEST for revision in self.earlier]

    def unread_source(self, key: ObjectKey) -> str | None:
        return next((name for name, globs in self.unread.items() if key.is_within(globs, "*")), None)

    def unread_anywhere(self, kind: Kind) -> str | None:  # noqa: ARG002  # each of them may declare any kind
        return next(iter(self.unread), None)

    def within(self, kind: Kind, namespace: str | None) -> Iterator[Declared]:
        for key in sorted(self.objects):
            if key.kind == kind.name and namespace in (None, key.namespace):
                yield self.objects[key]

    def referring(self, to: ObjectKey) -> Iterator[Declared]:
        for key, declared in sorted(self.objects.items()):
            if reference_of(kinds.BY_NAME[key.kind], declared.content, key.namespace) == to:
                yield declared


def baseline(
    *objects: Object | Declared,
    earlier: Iterable[Iterable[Object]] = (),
    left_out: LeftOut = DEFAULT_LEFT_OUT,
    **more: Any,
) -> MemoryBaseline:
    """Build a baseline of what Git declares; ``earlier`` are its revisions before, as lists of objects."""
    return MemoryBaseline(
        _by_key(objects, left_out), tuple(_by_key(revision, left_out) for revision in earlier), **more
    )


# Verdicts


def judge(
    reviewed: Object,
    git: Iterable[Object | Declared] | MemoryBaseline | None = (),
    policy: Policy | None = None,
    access: AccessAnswer | None = None,
    freshness: FreshnessAnswer | None = UP_TO_DATE,
) -> Verdict:
    """Judge a review against what Git declares; None is "no snapshot has ever been loaded".

    ``access`` is what the API server says where it is asked, ``freshness`` what a look at Git comes to.
    """
    policy = policy or Policy()
    if git is not None and not isinstance(git, MemoryBaseline):
        git = baseline(*git, left_out=policy.left_out)
    parsed = parse_review(reviewed)
    verdict = decide(parsed, policy, git, NOW)
    if isinstance(verdict, AccessQuestion) and access is not None:
        return decide(parsed, policy, git, NOW, Answers(access=access))
    if isinstance(verdict, FreshnessQuestion) and freshness is not None:
        return decide(parsed, policy, git, NOW, Answers(freshness=freshness))
    return verdict


def decision(
    reviewed: Object,
    git: Iterable[Object | Declared] | MemoryBaseline | None = (),
    policy: Policy | None = None,
    access: AccessAnswer | None = None,
    freshness: FreshnessAnswer | None = UP_TO_DATE,
) -> Decision:
    """Judge a review that a verdict must come of."""
    verdict = judge(reviewed, git, policy, access, freshness)
    assert isinstance(verdict, Decision)
    return verdict


def ruling(
    reviewed: Object,
    git: Iterable[Object | Declared] | MemoryBaseline | None = (),
    policy: Policy | None = None,
    access: AccessAnswer | None = None,
    freshness: FreshnessAnswer | None = UP_TO_DATE,
) -> str:
    """Judge a review, and say row, outcome and reason: ``14 denied drift``."""
    verdict = judge(reviewed, git, policy, access, freshness)
    if isinstance(verdict, NoBaseline):
        return "8 no baseline"
    if isinstance(verdict, AccessQuestion):
        return "7 asks the API server"
    if isinstance(verdict, FreshnessQuestion):
        return "12 asks Git"
    return f"{verdict.row} {verdict.outcome} {verdict.reason}"


def answer(
    reviewed: Object,
    git: Iterable[Object | Declared] | MemoryBaseline | None = (),
    policy: Policy | None = None,
    access: AccessAnswer | None = None,
    freshness: FreshnessAnswer | None = UP_TO_DATE,
) -> AdmissionResponse:
    """Judge a review, and write what is answered to the API server."""
    policy = policy or Policy()
    if git is not None and not isinstance(git, MemoryBaseline):
        git = baseline(*git, left_out=policy.left_out)
    verdict = decision(reviewed, git, policy, access, freshness)
    return explain(Answered(parse_review(reviewed), verdict, policy, git, NOW))
