"""An API server on loopback that answers what a test tells it to, and notes what it was asked.

It speaks what the reference documents (https://kubernetes.io/docs/reference/kubernetes-api/), no more.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import yaml

TOKEN = "a-secret-token"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
SELF_REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True)
class Call:
    """One request that came; names of headers are in lower case, ``body`` is None for none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """What is answered; ``content`` is written as JSON, but for bytes."""

    content: Any
    status: int = 200
    warnings: tuple[str, ...] = ()
    pauses: float = 0
    """Seconds before each byte of the content."""

    @property
    def body(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()


def failure(code: int, message: str, reason: str = "") -> Reply:
    """Write what the API server answers where it says no: a Status."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return Reply({**status, "reason": reason, "code": code}, code)


@dataclass
class ApiServer:
    """The server; ``answer`` maps a call to its reply, or to None to hang up."""

    answer: Callable[[Call], Reply | None] = lambda _call: failure(404, "no such resource")
    calls: list[Call] = field(default_factory=list)
    end: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()  # waits for the threads of its connections

    def kubeconfig(self, folder: Path, **context: str) -> Path:
        """Write a kubeconfig for this server; ``context`` adds to its one context."""
        return write_kubeconfig(folder, self.url, **context)


def write_kubeconfig(folder: Path, url: str, **context: str) -> Path:
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(_kubeconfig(url, context)))
    return path


def _kubeconfig(url: str, context: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me", **context}}],
        "clusters": [{"name": "here", "cluster": {"server": url}}],
        "users": [{"name": "me", "user": {"token": TOKEN}}],
    }


def _handler(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = {name: values[-1] for name, values in parse_qs(url.query).items()}
            content = json.loads(body) if body else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, url.path, query, headers, content)
            server.calls.append(call)
            self.close_connection = True
            reply = server.answer(call)
            if reply is not None:
                self._send(reply)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 (the names that http.server calls)

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("Connection", "close")
            for warning in reply.warnings:  # the API server writes them in UTF-8
                self.send_header("Warning", warning.encode().decode("latin-1"))
            self.end_headers()
            if not reply.pauses:
                self.wfile.write(reply.body)
                return
            try:
                for byte in reply.body:
                    server.end.wait(reply.pauses)
                    self.wfile.write(bytes([byte]))
            except OSError:
                pass  # the client has had enough

        def log_message(self, *_: object) -> None:
            pass

    return Handler
