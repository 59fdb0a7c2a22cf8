"""Changes that tests make to the objects of the stock, and how they are sent."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders import put
from tests.e2e.answers import Answer
from tests.e2e.cluster import Cluster, target
from tests.e2e.repository import Object

ANYWHERE = {"ipBlock": {"cidr": "0.0.0.0/0"}}
SNIPPET = "nginx.ingress.kubernetes.io/configuration-snippet"


def opened(policy: Object) -> Object:
    """Return a NetworkPolicy that also lets any address in."""
    return put(policy, "/spec/ingress/0/from/-", ANYWHERE)


def relabelled(obj: Object) -> Object:
    """Return an object with a label that Git does not declare."""
    return put(copy.deepcopy(obj), "/metadata/labels/tier", "front")


def patch(cluster: Cluster, obj: Object, content: Any, *options: str, as_user: str = "alice") -> Answer:
    """Send a merge patch (or that of another --type in `options`)."""
    kind = () if any(option.startswith("--type") for option in options) else ("--type=merge",)
    text = json.dumps(content)
    return cluster.kubectl("patch", *target(obj), *kind, *options, "-p", text, as_user=as_user, check=False)


def apply(cluster: Cluster, obj: Object, *options: str, as_user: str = "alice") -> Answer:
    """Apply a manifest."""
    return cluster.kubectl("apply", *options, "-f", "-", as_user=as_user, input=obj, check=False)


def claim(
    by: str = "oncall",
    reason: str = "the shop is down, INC-4711",
    ends_in: timedelta = timedelta(minutes=30),
    **more: str | None,
) -> dict[str, str | None]:
    """Return the annotations of a break-glass claim; those in `more` are added or, if None, left out."""
    names = {"reason": "", "expires": "-expires", "by": "-by", "ticket": "-ticket"}
    values = {"reason": reason, "expires": _time(ends_in), "by": by, **more}
    return {f"baseward.io/break-glass{names[name]}": value for name, value in values.items()}


def _time(ends_in: timedelta) -> str:
    return (datetime.now(UTC) + ends_in).strftime("%Y-%m-%dT%H:%M:%SZ")


def annotating(content: dict[str, str | None]) -> Object:
    """Return the merge patch that sets annotations, and removes those that are None."""
    return {"metadata": {"annotations": content}}


def collection_of(policy: Object) -> str:
    """Return the path of a collection with one policy in it, whose DELETE is one request."""
    selector = f"fieldSelector=metadata.name%3D{policy['metadata']['name']}"
    return f"/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies?{selector}"
