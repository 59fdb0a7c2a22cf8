"""A real server in a process of its own, and real TLS to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from certs.authority import issue_authority, issue_serving_certificate
from certs.files import write_certificates

PATIENCE = 30  # seconds until a test gives up waiting; never how long it takes


def issue(folder: Path) -> bytes:
    """Write a new pair with a CA of its own, as a renewal does; return the leaf (DER)."""
    now = datetime.now(UTC)
    authority = issue_authority(now=now)
    serving = issue_serving_certificate(authority, ["localhost", "127.0.0.1", "::1"], now=now)
    write_certificates(folder, authority, serving)
    return ssl.PEM_cert_to_DER_cert(serving.certificate.decode())


def eventually(condition: Callable[[], object]) -> None:
    """Poll until the condition holds."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > give_up:
            raise AssertionError("it did not happen")
        time.sleep(0.02)


class Server:
    """A running server: its port, its log, and ways to talk to it."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.host = settings.get("address", "127.0.0.1:0").rpartition(":")[0].strip("[]")
        self.lines: list[str] = []
        given = {
            "address": "127.0.0.1:0",
            "certificates": str(folder),
            "workers": 1,
            "drain": 0.5,
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.admission.tiny_app", json.dumps(given)],
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.lines
        try:
            return self.get("/readyz") == 200
        except OSError:
            return False

    @property
    def port(self) -> int:
        for line in self.lines:
            if found := re.search(r"Listening at: https?://\S+:(\d+)", line):
                return int(found[1])
        raise ConnectionRefusedError

    @property
    def log(self) -> list[dict[str, Any]]:
        """The server's own lines; those of the application are not JSON."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def logged(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def tcp(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), PATIENCE)

    def tls(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        plain = self.tcp()
        try:
            return (context or trusting()).wrap_socket(plain)
        except OSError:
            plain.close()
            raise

    def client(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE, context=trusting())

    def get(self, path: str) -> int:
        with contextlib.closing(self.client()) as client:
            return ask(client, path)[0]

    def answers(self, path: str) -> bool:
        """Tell whether an answer comes at all, and is fine."""
        try:
            return self.get(path) == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def worker(self) -> int:
        with contextlib.closing(self.client()) as client:
            return int(ask(client, "/pid")[1])

    def terminate(self) -> None:
        os.kill(self.process.pid, signal.SIGTERM)

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def kill(self) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGQUIT)
        self.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


def trusting() -> ssl.SSLContext:
    """Make a client's context that takes any certificate: which one it is, tests look at themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def ask(client: http.client.HTTPSConnection, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Ask on a connection that is kept alive; return status and body."""
    client.request("GET" if body is None else "POST", path, body)
    response = client.getresponse()
    return response.status, response.read()


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes or drops the connection."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except (ConnectionError, ssl.SSLError):
        pass
    return received
