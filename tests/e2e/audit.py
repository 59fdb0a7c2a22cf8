"""What Baseward wrote into the audit log of the cluster."""

from __future__ import annotations

from typing import Any

from tests.e2e.baseward import eventually
from tests.e2e.cluster import Cluster
from tests.e2e.repository import Object


def audited(cluster: Cluster, obj: Object, verb: str, webhook: str = "namespaced") -> dict[str, str]:
    """Return what Baseward wrote into the cluster's audit log about the last change of an object."""
    found: list[dict[str, Any]] = []

    def is_written() -> bool:
        found[:] = [event for event in cluster.audit_events() if _is_about(event, obj, verb)]
        return bool(found)

    eventually(is_written, "the audit log tells of it")
    prefix = f"{webhook}.baseward.io/"
    return {
        key.removeprefix(prefix): value
        for key, value in found[-1]["annotations"].items()
        if key.startswith(prefix)
    }


def _is_about(event: dict[str, Any], obj: Object, verb: str) -> bool:
    about = event.get("objectRef", {})
    return bool(event["verb"] == verb and about.get("name") == obj["metadata"]["name"])
