"""A manifest as Pulumi has it, and what is around it in an export and in a preview."""

from __future__ import annotations

from typing import Any

from tests.unit.baseline.render.written import Json


def pulumi_type(manifest: Json) -> str:
    return f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"


def pulumi_resource(manifest: Json, **more: Any) -> Json:
    kind = pulumi_type(manifest)
    return {
        "urn": f"urn:pulumi:prod::shop::{kind}::{manifest['metadata'].get('name', 'web')}",
        "custom": True,
        "id": "shop/web",
        "type": kind,
        "inputs": manifest,
        "outputs": {**manifest, "__initialApiVersion": manifest["apiVersion"], "status": {}},
        "parent": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod",
        "provider": "urn:pulumi:prod::shop::pulumi:providers:kubernetes::default_4_0_0::0a1b",
        **more,
    }


STACK: Json = {
    "urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod",
    "custom": False,
    "type": "pulumi:pulumi:Stack",
    "outputs": {},
}


def export(*resources: Json, **more: Any) -> Json:
    deployment = {
        "manifest": {"time": "2026-01-02T03:04:05Z", "magic": "00", "version": "v3.130.0"},
        "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:AAAA"}},
        "resources": [STACK, *resources],
        "metadata": {},
    }
    return {"version": 3, "deployment": deployment, **more}


def step(operation: str, resource: Json | None, urn: str = "") -> Json:
    found = {"op": operation, "urn": resource["urn"] if resource else urn, "detailedDiff": None}
    return {**found, "newState": resource} if resource else found


def preview(*steps: Json, **more: Any) -> Json:
    every = [step("same", STACK), *steps]
    return {
        "config": {"kubernetes:context": "prod"},
        "steps": every,
        "duration": 1234567890,
        "changeSummary": {"same": sum(each["op"] == "same" for each in every), "create": 1},
        **more,
    }
