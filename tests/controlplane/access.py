"""Who there is, and their kubeconfigs: people by static tokens, the rest as ServiceAccounts with real tokens.

What they may do stands in access.yaml.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.controlplane.errors import ControlPlaneError

MANIFESTS = Path(__file__).resolve().parent / "access.yaml"
TOKENS = "tokens.csv"
# Kubeconfig -> groups. The names are the usernames.
PEOPLE = {"admin": ["system:masters"], "alice": [], "oncall": []}
NAMESPACES = {"alice": "shop"}
# Kubeconfig -> ServiceAccount. No kube-controller-manager runs: tests act as its controllers by these.
SERVICE_ACCOUNTS = {
    "gitops": ("gitops-system", "gitops"),
    "namespace-controller": ("kube-system", "namespace-controller"),
    "garbage-collector": ("kube-system", "generic-garbage-collector"),
    "clusterrole-aggregation-controller": ("kube-system", "clusterrole-aggregation-controller"),
}
# The built-in aggregated roles, each before those that aggregate it.
AGGREGATED = ("view", "edit", "admin")


def write_static_tokens(folder: Path) -> None:
    """Write the file for --token-auth-file (token,user,uid,groups), unless it is there from before."""
    if not (folder / TOKENS).exists():
        rows = [[secrets.token_hex(32), user, user, *groups] for user, groups in PEOPLE.items()]
        (folder / TOKENS).write_text("".join(",".join(row) + "\n" for row in rows))


def static_tokens(folder: Path) -> dict[str, str]:
    """Return username -> token."""
    rows = [line.split(",") for line in (folder / TOKENS).read_text().splitlines()]
    return {user: token for token, user, *_ in rows}


def set_up(folder: Path, server: str) -> None:
    """Grant what access.yaml says and write everybody's kubeconfig into `folder`."""
    for user, token in static_tokens(folder).items():
        _write_kubeconfig(folder, user, token, server)
    _kubectl(
        folder,
        "admin",
        "apply",
        "--server-side",
        "--force-conflicts",
        "--validate=false",
        "-f",
        str(MANIFESTS),
    )
    with ThreadPoolExecutor() as pool:
        roles = pool.submit(_kubectl, folder, "admin", "get", "clusterroles", "-o", "json")
        for user, token in zip(
            SERVICE_ACCOUNTS, pool.map(lambda user: _token(folder, user), SERVICE_ACCOUNTS), strict=True
        ):
            _write_kubeconfig(folder, user, token, server)
    _aggregate(folder, json.loads(roles.result())["items"])
    _write_environment(folder)


def environment(folder: Path) -> dict[str, str]:
    """Return what keeps kubectl to this control plane, out of the user's own caches and preferences."""
    return {"KUBECACHEDIR": str(folder / "kubectl-cache"), "KUBERC": "off"}


def _token(folder: Path, user: str) -> str:
    namespace, name = SERVICE_ACCOUNTS[user]
    return _kubectl(folder, "admin", "create", "token", name, "-n", namespace, "--duration", "24h").strip()


def _aggregate(folder: Path, roles: list[dict[str, Any]]) -> None:
    """Fill the rules of the built-in aggregated ClusterRoles, as their controller would: nobody else does."""
    by_name = {role["metadata"]["name"]: role for role in roles}
    for name in AGGREGATED:
        by_name[name]["rules"] = _aggregated_rules(by_name[name], roles)
    items = [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": by_name[name]["rules"],
        }
        for name in AGGREGATED
    ]
    controller = "clusterrole-aggregation-controller"
    apply = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--validate=false",
        f"--field-manager={controller}",
    ]
    manifests = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    _kubectl(folder, controller, *apply, "-f", "-", stdin=manifests)


def _aggregated_rules(role: dict[str, Any], roles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rules of every role that `role` selects, each once, in the order of the roles' names."""
    selectors = [selector["matchLabels"] for selector in role["aggregationRule"]["clusterRoleSelectors"]]
    rules: list[dict[str, Any]] = []
    for other in sorted(roles, key=lambda other: str(other["metadata"]["name"])):
        labels = other["metadata"].get("labels", {}).items()
        if other is not role and any(wanted.items() <= labels for wanted in selectors):
            rules += [rule for rule in other.get("rules") or [] if rule not in rules]
    return rules


def _write_kubeconfig(folder: Path, user: str, token: str, server: str) -> None:
    """Write a kubeconfig as JSON, which is YAML too, and needs no library."""
    context = {"cluster": "controlplane", "user": user, "namespace": NAMESPACES.get(user, "default")}
    authority = base64.b64encode((folder / "certs" / "apiserver.crt").read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": user,
        "contexts": [{"name": user, "context": context}],
        "clusters": [
            {"name": "controlplane", "cluster": {"server": server, "certificate-authority-data": authority}}
        ],
        "users": [{"name": user, "user": {"token": token}}],
    }
    (folder / user).write_text(json.dumps(config, indent=2) + "\n")


def _write_environment(folder: Path) -> None:
    """Write the file to source in a shell."""
    names = {
        "KUBECONFIG": str(folder / "admin"),
        "KUBECTL": str(folder / "bin" / "kubectl"),
        **environment(folder),
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in names.items()]
    lines.append(f"export PATH={shlex.quote(str(folder / 'bin'))}:$PATH\n")
    (folder / "env").write_text("".join(lines))


def _kubectl(folder: Path, user: str, *arguments: str, stdin: str = "") -> str:
    command = [str(folder / "bin" / "kubectl"), f"--kubeconfig={folder / user}", *arguments]
    answer = subprocess.run(
        command,
        check=False,
        env={**os.environ, **environment(folder)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if answer.returncode:
        raise ControlPlaneError(f"kubectl {' '.join(arguments)} as {user} failed:\n{answer.stderr.strip()}")
    return answer.stdout
