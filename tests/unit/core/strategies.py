"""Objects of the six kinds, arbitrary JSON, and damage to either, as Hypothesis generates them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.builders import Object
from webhook.core.kinds import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    GOVERNED,
    INGRESS,
    NETWORK_POLICY,
    RBAC,
    ROLE,
    ROLE_BINDING,
    Kind,
)

Path = tuple[str | int, ...]

# Few values, so that things collide: that is where sets, duplicates and defaults meet.
names = st.sampled_from(["a", "b", "web"])
texts = st.text(st.characters(codec="utf-8"), max_size=5)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def lists(element: st.SearchStrategy[Any], smallest: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(element, min_size=smallest, max_size=3)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    """Generate maps with any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


string_maps = st.dictionaries(names, names | st.just(""), max_size=2)
_expressions = st.fixed_dictionaries(
    {"key": names, "operator": st.sampled_from(["In", "NotIn", "Exists"])}, optional={"values": lists(names)}
)
selectors = some(matchLabels=string_maps, matchExpressions=lists(_expressions))

_ports = some(
    protocol=st.sampled_from(["TCP", "UDP"]),
    port=st.sampled_from([80, 81, "80", "http"]),
    endPort=st.sampled_from([80, 90]),
)
_cidrs = st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "::/0"])
_peers = some(
    podSelector=selectors,
    namespaceSelector=selectors,
    ipBlock=st.fixed_dictionaries({"cidr": _cidrs}, optional={"except": lists(_cidrs)}),
)
_policy_specs = some(
    podSelector=selectors,
    policyTypes=st.lists(st.sampled_from(["Ingress", "Egress"]), unique=True),
    ingress=lists(st.fixed_dictionaries({}, optional={"from": lists(_peers), "ports": lists(_ports)})),
    egress=lists(some(to=lists(_peers), ports=lists(_ports))),
)

_backends = st.fixed_dictionaries(
    {
        "service": st.fixed_dictionaries(
            {"name": names, "port": some(number=st.sampled_from([80, 81]), name=names)}
        )
    }
)
_paths = st.fixed_dictionaries(
    {"pathType": st.sampled_from(["Prefix", "Exact", "ImplementationSpecific"]), "backend": _backends},
    optional={"path": st.sampled_from(["/", "/a", "/a/", ""])},
)
_hosts = st.sampled_from(["a.example.com", "*.example.com", ""])
_ingress_specs = some(
    ingressClassName=names,
    defaultBackend=_backends,
    tls=lists(some(hosts=lists(_hosts), secretName=names)),
    rules=lists(some(host=_hosts, http=st.fixed_dictionaries({"paths": lists(_paths, 1)}))),
)

_rules = some(
    verbs=lists(st.sampled_from(["get", "list", "*"])),
    apiGroups=lists(st.sampled_from(["", "apps", "*"])),
    resources=lists(st.sampled_from(["pods", "pods/log", "*"])),
    resourceNames=lists(names),
    nonResourceURLs=lists(st.sampled_from(["/healthz", "*"])),
)
_subjects = st.fixed_dictionaries(
    {"kind": st.sampled_from(["User", "Group", "ServiceAccount"]), "name": names},
    optional={"namespace": names, "apiGroup": st.sampled_from(["", RBAC])},
)
_role_refs = st.fixed_dictionaries(
    {"kind": st.sampled_from(["Role", "ClusterRole"]), "name": names}, optional={"apiGroup": st.just(RBAC)}
)
_bindings = st.fixed_dictionaries({"roleRef": _role_refs}, optional={"subjects": lists(_subjects)})

_CONTENT = {
    INGRESS: some(spec=_ingress_specs),
    NETWORK_POLICY: some(spec=_policy_specs),
    ROLE: some(rules=lists(_rules)),
    CLUSTER_ROLE: some(rules=lists(_rules), aggregationRule=some(clusterRoleSelectors=lists(selectors, 1))),
    ROLE_BINDING: _bindings,
    CLUSTER_ROLE_BINDING: _bindings,
}
_owners = st.fixed_dictionaries(
    {"kind": names, "name": names, "uid": names}, optional={"controller": st.booleans()}
)
_metadata = st.fixed_dictionaries(
    {"name": names},
    optional={
        "labels": string_maps,
        "annotations": string_maps,
        "finalizers": lists(names),
        "ownerReferences": lists(_owners),
        "uid": names,
    },
)


@st.composite
def objects(draw: st.DrawFn, kind: Kind) -> Object:
    """Generate objects of a kind that the API server would, by and large, take."""
    metadata = draw(_metadata)
    if kind.namespaced:
        metadata["namespace"] = "shop"
    # Generated values may share parts; what is tested may not depend on that.
    return copy.deepcopy(
        {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, **draw(_CONTENT[kind])}
    )


kinds = st.sampled_from(GOVERNED)
any_object = kinds.flatmap(objects)


@st.composite
def respelled(draw: st.DrawFn, value: Any) -> Any:
    """Generate copies of a value with lists and keys in another order, and some elements twice."""
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: draw(respelled(value[key])) for key in keys}
    if not isinstance(value, list) or not value:
        return value
    items = [draw(respelled(item)) for item in value]
    again = [draw(respelled(draw(st.sampled_from(value))))] if draw(st.booleans()) else []
    return list(draw(st.permutations(items + again)))


# Places in a value


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Yield the path of each value inside a value, itself included."""
    yield at
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for token, item in items:
        yield from places(item, (*at, token))


def at(value: Any, path: Path) -> Any:
    for token in path:
        value = value[token]
    return value


def replaced(value: Any, path: Path, by: Any) -> Any:
    """Return a copy with another value at a path."""
    if not path:
        return by
    changed = copy.deepcopy(value)
    at(changed, path[:-1])[path[-1]] = by
    return changed


@st.composite
def damaged(draw: st.DrawFn, value: Any, smallest: int = 1) -> Any:
    """Generate copies of a value in which random parts are replaced by arbitrary JSON."""
    for _ in range(draw(st.integers(smallest, 3))):
        path = draw(st.sampled_from(list(places(value))))
        value = replaced(value, path, draw(json_values))
    return value
