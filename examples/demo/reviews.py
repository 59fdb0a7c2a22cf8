"""Carries steps out without a cluster: AdmissionReviews over HTTPS, as the API server sends them.

The one thing that a cluster would be asked, whether on-call may break the glass, is answered by a
stand-in on loopback that says yes to the user `oncall`.
"""

from __future__ import annotations

import copy
import json
import ssl
import threading
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import yaml

from examples.demo.scenes import GITOPS, ONCALL, Object, Step, edited

_RESOURCES = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}
_GROUP = "networking.k8s.io"


class Reviews:
    """Plays kubectl and the API server towards the webhook."""

    gitops_user = "system:serviceaccount:gitops-system:gitops"

    def __init__(self, folder: Path, url: str) -> None:
        self._url = f"{url}/validate"
        self._live: dict[str, Object] = {}
        self._context: ssl.SSLContext | None = None
        self._access = _AccessStandIn()
        self.kubeconfig = self._access.write_kubeconfig(folder / "kubeconfig")

    def put(self, obj: Object) -> None:
        self._live[obj["kind"]] = obj

    def register(self, url: str, ca_file: Path) -> None:
        del url
        self._context = ssl.create_default_context(cafile=str(ca_file))

    def carry_out(self, step: Step, declared: Object) -> tuple[bool, str]:
        old = self._live.get(declared["kind"])
        new = self._proposed(step, declared, old)
        response = self._send(_review(self._user(step.user), old, new))
        lines = [f"Warning: {text}" for text in response.get("warnings", [])]
        if not response["allowed"]:
            lines.append(
                'Error from server (Forbidden): admission webhook "namespaced.baseward.io" '
                f"denied the request: {response['status']['message']}"
            )
            return False, "\n".join(lines)
        self._live[new["kind"]] = new
        name = f"{new['kind'].lower()}.{_GROUP}/{new['metadata']['name']}"
        done = (
            "annotated"
            if step.claim_seconds
            else "edited"
            if step.edit
            else "configured"
            if old
            else "created"
        )
        return True, "\n".join([*lines, f"{name} {done}"])

    def close(self) -> None:
        self._access.close()

    def _proposed(self, step: Step, declared: Object, old: Object | None) -> Object:
        if step.edit is not None:
            return edited(old or declared, step.edit)
        if step.claim_seconds is None:
            return declared
        new = copy.deepcopy(old or declared)
        end = datetime.now(UTC) + timedelta(seconds=step.claim_seconds)
        new["metadata"].setdefault("annotations", {}).update(
            {
                "baseward.io/break-glass": "checkout is down, INC-4711",
                "baseward.io/break-glass-by": step.user,
                "baseward.io/break-glass-expires": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            }
        )
        return new

    def _user(self, name: str) -> dict[str, Any]:
        if name != GITOPS:
            return {"username": name, "groups": ["system:authenticated"]}
        groups = ["system:serviceaccounts", "system:serviceaccounts:gitops-system", "system:authenticated"]
        return {"username": self.gitops_user, "uid": str(uuid.uuid4()), "groups": groups}

    def _send(self, review: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self._url, json.dumps(review).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, context=self._context, timeout=10) as answer:
            response: dict[str, Any] = json.load(answer)["response"]
            return response


def _review(user: dict[str, Any], old: Object | None, new: Object) -> dict[str, Any]:
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": str(uuid.uuid4()),
            "kind": {"group": _GROUP, "version": "v1", "kind": new["kind"]},
            "resource": {"group": _GROUP, "version": "v1", "resource": _RESOURCES[new["kind"]]},
            "name": new["metadata"]["name"],
            "namespace": new["metadata"]["namespace"],
            "operation": "CREATE" if old is None else "UPDATE",
            "userInfo": user,
            "object": new,
            "oldObject": old,
            "dryRun": False,
        },
    }


class _AccessStandIn:
    """Answers SubjectAccessReviews on loopback: yes to on-call, no to everybody else."""

    def __init__(self) -> None:
        self._server = HTTPServer(("127.0.0.1", 0), _AccessHandler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def write_kubeconfig(self, file: Path) -> Path:
        port = self._server.server_address[1]
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "demo", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "demo", "user": {}}],
            "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo"}}],
            "current-context": "demo",
        }
        file.write_text(yaml.safe_dump(kubeconfig))
        return file

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _AccessHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        review["status"] = {"allowed": review["spec"]["user"] == ONCALL}
        body = json.dumps(review).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""
