"""What a change of RBAC is said to open and close is what the API server newly allows, and no longer.

Roles and bindings are made, everybody's access is reviewed, one object of each pair is changed, and access is
reviewed again. No webhook is asked.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from threading import local

import pytest

from tests.builders import (
    Object,
    cluster_role,
    cluster_role_binding,
    kind_of,
    person,
    role,
    role_binding,
    rule,
)
from tests.e2e.cluster import Cluster
from tests.unit.core.impact.rbac.authorizer import Request, Resource, Url, User
from tests.unit.core.impact.rbac.small_worlds import change, reports, surroundings
from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac import binding_change, role_change
from webhook.core.impact.rbac.builtin_roles import BUILT_IN
from webhook.core.impact.rbac.comparison import compared
from webhook.core.impact.rbac.gains import Gain
from webhook.core.impact.rbac.known import KnownRoles, cluster_role_key
from webhook.core.impact.rbac.principals import Principal
from webhook.core.impact.rbac.rules import rules_of
from webhook.core.kinds import BINDINGS, RBAC

PAIRS = 32
REVIEWERS = 4
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_MARK = "grants-agree"

REQUESTS: list[Request] = [
    *(
        Resource(verb, group, resource, subresource, name, namespace)
        for verb, group, (resource, subresource), name, namespace in product(
            ["get", "other"],
            ["", "apps"],
            [("pods", ""), ("pods", "log"), ("other", "")],
            ["", "a"],
            ["", "shop"],
        )
    ),
    *(Url("get", path) for path in ("/a", "/a/b", "/other")),
]


# The API


class Api:
    """The API server as admin; each thread keeps a connection of its own."""

    def __init__(self, kubeconfig: Path) -> None:
        config = json.loads(kubeconfig.read_text())
        server = config["clusters"][0]["cluster"]
        authority = b64decode(server["certificate-authority-data"]).decode()
        self._context = ssl.create_default_context(cadata=authority)
        self._address = server["server"].removeprefix("https://")
        self._token = config["users"][0]["user"]["token"]
        self._of_thread = local()
        self._connections: list[http.client.HTTPSConnection] = []

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def call(self, method: str, path: str, body: Object | None = None) -> Object:
        """Send one request; return its answer, which must be a success."""
        if not hasattr(self._of_thread, "connection"):
            self._of_thread.connection = http.client.HTTPSConnection(self._address, context=self._context)
            self._connections.append(self._of_thread.connection)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._of_thread.connection.request(method, path, json.dumps(body) if body else None, headers)
        response = self._of_thread.connection.getresponse()
        answer: Object = json.loads(response.read())
        assert response.status < 300, answer
        return answer

    def allows(self, user: User, request: Request) -> bool:
        """Ask the API server whether somebody may do something."""
        if isinstance(request, Url):
            asked: Object = {"nonResourceAttributes": {"verb": request.verb, "path": request.path}}
        else:
            asked = {"resourceAttributes": vars(request)}
        spec = {"user": user.name, "groups": list(user.groups), **asked}
        return bool(self.call("POST", _REVIEWS, {"spec": spec})["status"]["allowed"])

    def replace(self, old: Object | None, new: Object | None) -> None:
        """Bring an object from one state into another; None is not there."""
        repointed = bool(old and new and old.get("roleRef") != new.get("roleRef"))
        if old and new and not repointed:
            self.call("PUT", _path(new), new)
            return
        if old:
            self.call("DELETE", _path(old))
        if new:
            self.call("POST", _path(new).rpartition("/")[0], new)


def _path(obj: Object) -> str:
    kind, metadata = kind_of(obj), obj["metadata"]
    place = f"namespaces/{metadata['namespace']}/" if kind.namespaced else ""
    return f"/apis/{kind.api_version}/{place}{kind.resource}/{metadata['name']}"


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig("admin"))) as api:
        yield api


# Pairs of a role and a binding, of which one changes

SHAPES = [("Role", "RoleBinding"), ("ClusterRole", "RoleBinding"), ("ClusterRole", "ClusterRoleBinding")]


@dataclass(frozen=True)
class Pair:
    """An object before and after, one that stays as it is, and who may be concerned."""

    before: Object | None
    after: Object | None
    stays: Object
    users: tuple[User, ...]


class Chance:
    """Makes pairs of all kinds, the same each time. Nobody else has heard of those whom they name."""

    def __init__(self) -> None:
        self._random = Random(36)  # noqa: S311  # only for variety

    def pair(self, number: int) -> Pair:
        of_role, of_binding = SHAPES[number % len(SHAPES)]
        name = f"{_MARK}-{number}"
        users = [User(f"{name}-alice"), User(f"system:serviceaccount:shop:{name}")]
        users += [User("nobody", (f"{name}-devs",))]
        roles = [self._role(of_role, name) for _ in range(2)]
        bindings = [self._binding(of_binding, of_role, name) for _ in range(2)]
        changing, (stays, _) = (roles, bindings) if number % 2 else (bindings, roles)
        before, after = changing
        created, deleted = number % 7 == 5, number % 7 == 6
        return Pair(None if created else before, None if deleted else after, stays, tuple(users))

    def _role(self, kind: str, name: str) -> Object:
        make = role if kind == "Role" else cluster_role
        rules = [self._rule() for _ in range(self._random.randint(1, 3))]
        if kind == "ClusterRole" and self._random.random() < 0.6:
            rules.append(
                {"verbs": self._some("get", "*"), "nonResourceURLs": self._some("/a", "/a*", "/a/**")}
            )
        return make(name, rules=rules)

    def _rule(self) -> Object:
        return {
            "verbs": self._some("get", "list", "*"),
            "apiGroups": self._some("", "apps", "*"),
            "resources": self._some("pods", "pods/log", "*/log", "*"),
            **({"resourceNames": self._some("a", "b", "")} if self._random.random() < 0.4 else {}),
        }

    def _binding(self, kind: str, of_role: str, name: str) -> Object:
        here = {} if kind == "RoleBinding" and self._random.random() < 0.5 else {"namespace": "shop"}
        known = [
            person(f"{name}-alice"),
            {"kind": "Group", "apiGroup": RBAC, "name": f"{name}-devs"},
            {"kind": "ServiceAccount", "name": name, **here},
        ]
        subjects = self._random.sample(known, self._random.randint(1, 3))
        if kind == "RoleBinding":
            return role_binding(*subjects, to=f"{of_role}/{name}", name=name)
        return cluster_role_binding(*subjects, to=name, name=name)

    def _some(self, *words: str) -> list[str]:
        return self._random.sample(words, self._random.choice([1, 1, 2]))


def test_what_is_said_is_what_the_api_server_allows(api: Api) -> None:
    chance = Chance()
    pairs = [chance.pair(number) for number in range(PAIRS)]
    try:
        for pair in pairs:
            api.replace(None, pair.stays)
            api.replace(None, pair.before)
        before = reviews(api, pairs, "before")
        for pair in pairs:
            api.replace(pair.before, pair.after)
        after = reviews(api, pairs, "after")
    finally:
        clean_up(api)
    changed = 0
    for pair, then, now in zip(pairs, before, after, strict=True):
        opens, closes = told(pair)
        assert opens == now - then
        assert closes == then - now
        changed += bool(opens) + bool(closes)
    assert changed > PAIRS


Allowed = frozenset[tuple[User, Request]]


def told(pair: Pair) -> tuple[Allowed, Allowed]:
    """Return what is said to be newly allowed, and no longer."""
    changed = change(pair.before, pair.after)
    analysis = binding_change if changed.kind in BINDINGS else role_change
    found = analysis.difference_of(changed, surroundings(pair.stays), Budget())
    assert not found.unknown
    return _in_full(found.opens, pair.users), _in_full(found.closes, pair.users)


def _in_full(gains: Iterable[Gain], users: Iterable[User]) -> Allowed:
    gains = list(gains)
    return frozenset(
        (user, request)
        for user, request in product(users, REQUESTS)
        if any(_is_held_by(gain, user) and reports(gain, request) for gain in gains)
    )


def _is_held_by(gain: Gain, user: User) -> bool:
    groups = [Principal("Group", group) for group in user.groups]
    return gain.holder in [Principal("User", user.name), *groups]


def reviews(api: Api, pairs: Sequence[Pair], phase: str) -> list[Allowed]:
    """Return what each pair allows now, once the authorizer has seen all that was written."""
    wait_until_seen(api, f"{_MARK}-{phase}")
    with ThreadPoolExecutor(REVIEWERS) as pool:
        return list(pool.map(partial(_allowed, api), pairs))


def _allowed(api: Api, pair: Pair) -> Allowed:
    return frozenset(asked for asked in product(pair.users, REQUESTS) if api.allows(*asked))


def wait_until_seen(api: Api, mark: str) -> None:
    """Write an object of each kind last, and wait until they count.

    The authorizer watches each kind by itself, and sees its objects in the order in which they were written.
    """
    here, everywhere = User(f"{mark}-here"), User(f"{mark}-everywhere")
    rules = [rule("get", "marks")]
    for obj in (
        role(mark, rules=rules),
        role_binding(person(here.name), to=f"Role/{mark}", name=mark),
        cluster_role(mark, rules=rules),
        cluster_role_binding(person(everywhere.name), to=mark, name=mark),
    ):
        api.replace(None, obj)
    deadline = time.monotonic() + 20
    mark_here = Resource("get", "", "marks", namespace="shop")
    while not (api.allows(here, mark_here) and api.allows(everywhere, mark_here)):
        assert time.monotonic() < deadline, "the authorizer has not seen what was written"


def clean_up(api: Api) -> None:
    for obj in (role(), role_binding(), cluster_role(), cluster_role_binding()):
        collection = _path(obj).rpartition("/")[0]
        for found in api.call("GET", collection)["items"]:
            if found["metadata"]["name"].startswith(f"{_MARK}-"):
                api.call("DELETE", f"{collection}/{found['metadata']['name']}")


# The roles that every cluster has


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_role_is_as_the_api_server_has_it(api: Api, name: str) -> None:
    live = api.call("GET", _path(cluster_role(name)))
    ours = BUILT_IN[name]
    assert live["metadata"]["labels"] == ours["metadata"]["labels"]
    assert live.get("aggregationRule") == ours.get("aggregationRule")
    known = KnownRoles(surroundings(), Budget()).role(cluster_role_key(name))
    assert known is not None
    more, less = compared(rules_of(live, Budget()), known.rules, Budget())
    assert (bool(more), bool(less)) == (False, False)
