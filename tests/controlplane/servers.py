"""One control plane in one folder: etcd and kube-apiserver, started, waited for, and ended."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.controlplane import access
from tests.controlplane.errors import ControlPlaneError
from tests.controlplane.processes import Daemon, wait_until

AUDIT_POLICY = Path(__file__).resolve().parent / "audit-policy.yaml"
# A socket in the folder instead of a port: no port to collide with, and no other user reaches it.
# etcd makes the file's name from host and port, relative to its working directory.
ETCD_SOCKET = "etcd.sock:0"
LOCK = "lock"
PORT_FLAG = "--secure-port="


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The control plane of `folder` (absolute), running or not."""

    folder: Path

    @property
    def etcd(self) -> Daemon:
        return Daemon(self.folder, "etcd")

    @property
    def apiserver(self) -> Daemon:
        return Daemon(self.folder, "kube-apiserver")

    @property
    def server(self) -> str:
        """The URL of the last start."""
        return f"https://127.0.0.1:{self._port()}"

    def is_up(self) -> bool:
        """Tell whether both programs run and the set-up was finished (the env file is written last)."""
        return self.etcd.is_running() and self.apiserver.is_running() and (self.folder / "env").exists()

    def up(self, binaries: Path, timeout: float) -> None:
        """Start both programs and give everybody access.

        Data, keys and static tokens from before are used again. Raises ControlPlaneError, with nothing left
        running, if it is not ready within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        self.down()
        self._prepare(binaries)
        try:
            self._start_etcd(deadline)
            self.apiserver.start(self._apiserver_command(_free_port()))
            self._wait_for_apiserver(deadline)
            access.set_up(self.folder, self.server)
        except BaseException:
            self.down()
            raise

    def down(self) -> bool:
        """End both programs, kube-apiserver first: without its etcd it waits in vain to finish.

        Returns whether there was anything to end. Logs and data stay.
        """
        (self.folder / "env").unlink(missing_ok=True)
        ended = [daemon.stop() for daemon in (self.apiserver, self.etcd)]
        self.apiserver.forget()
        self.etcd.forget()
        return any(ended)

    def restart_apiserver(self, timeout: float) -> None:
        """End kube-apiserver, start it with the same flags, and wait until it is ready.

        Raises ControlPlaneError, with kube-apiserver ended, if it is not ready within `timeout` seconds.
        """
        if not self.etcd.is_running():
            raise ControlPlaneError(f"No control plane runs in {self.folder}: start one with `up`.")
        self.apiserver.stop()
        deadline = time.monotonic() + timeout
        self.apiserver.start(self.apiserver.argv())
        try:
            self._wait_for_apiserver(deadline)
        except BaseException:
            self.apiserver.stop()
            raise

    def _prepare(self, binaries: Path) -> None:
        access.write_static_tokens(self.folder)
        if not (self.folder / "service-account.key").exists():
            _make_key(self.folder / "service-account.key")
        shutil.rmtree(self.folder / "bin", ignore_errors=True)
        (self.folder / "bin").mkdir()
        for name in ("etcd", "kube-apiserver", "kubectl"):
            (self.folder / "bin" / name).symlink_to(binaries / name)

    def _start_etcd(self, deadline: float) -> None:
        address = f"unix://{ETCD_SOCKET}"
        (self.folder / ETCD_SOCKET).unlink(missing_ok=True)
        self.etcd.start(
            [
                str(self.folder / "bin" / "etcd"),
                "--data-dir=etcd",
                "--unsafe-no-fsync",  # a test's data need not survive a power cut
                f"--listen-client-urls={address}",
                f"--advertise-client-urls={address}",
                "--listen-peer-urls=http://127.0.0.1:0",  # it has no peers
            ]
        )
        wait_until((self.folder / ETCD_SOCKET).exists, "etcd", [self.etcd], deadline)

    def _apiserver_command(self, port: int) -> list[str]:
        return [
            str(self.folder / "bin" / "kube-apiserver"),
            f"--etcd-servers=unix://{ETCD_SOCKET}",
            "--bind-address=127.0.0.1",
            f"{PORT_FLAG}{port}",
            # Loopback is no valid endpoint of the Service "kubernetes", and nothing here needs one.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--cert-dir=certs",  # self-signed at the first start
            "--authorization-mode=RBAC",
            f"--token-auth-file={access.TOKENS}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=service-account.key",
            "--service-account-signing-key-file=service-account.key",
            # Without kube-controller-manager nobody makes the default ServiceAccounts that it asks for.
            "--disable-admission-plugins=ServiceAccount",
            "--audit-log-path=audit.log",
            "--audit-log-format=json",
            f"--audit-policy-file={AUDIT_POLICY}",
        ]

    def _wait_for_apiserver(self, deadline: float) -> None:
        both = [self.etcd, self.apiserver]
        wait_until(lambda: self._get("/readyz") is not None, "kube-apiserver's /readyz", both, deadline)
        wait_until(self._has_namespaces, "the namespaces of kube-apiserver", both, deadline)

    def _has_namespaces(self) -> bool:
        """Tell whether the system namespaces are there: they come a moment after /readyz."""
        answer = self._get("/api/v1/namespaces")
        names = {item["metadata"]["name"] for item in json.loads(answer or b'{"items": []}')["items"]}
        return {"default", "kube-system"} <= names

    def _get(self, path: str) -> bytes | None:
        """Return the body of an answer 200; None for any other, and while nobody answers."""
        token = access.static_tokens(self.folder)["admin"]
        try:
            trust = ssl.create_default_context(cafile=str(self.folder / "certs" / "apiserver.crt"))
            with contextlib.closing(
                http.client.HTTPSConnection("127.0.0.1", self._port(), timeout=5, context=trust)
            ) as connection:
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                return answer.read() if answer.status == http.HTTPStatus.OK else None
        except (OSError, http.client.HTTPException):
            return None

    def _port(self) -> int:
        return next(
            int(flag.removeprefix(PORT_FLAG)) for flag in self.apiserver.argv() if flag.startswith(PORT_FLAG)
        )


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[ControlPlane]:
    """Make `folder` if need be, and hold it against other commands on it.

    Raises ControlPlaneError for a folder that holds something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / LOCK).exists():
        raise ControlPlaneError(
            f"{folder} holds other things than a control plane: name a new or empty folder."
        )
    os.umask(0o077)  # tokens and keys: for the owner alone
    folder.chmod(0o700)
    with (folder / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield ControlPlane(folder)


def _make_key(path: Path) -> None:
    aside = path.with_suffix(".new")
    command = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(aside)]
    try:
        answer = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise ControlPlaneError(
            "There is no `openssl` to make the ServiceAccounts' key with: install it."
        ) from None
    if answer.returncode:
        raise ControlPlaneError(f"`{' '.join(command)}` failed:\n{answer.stderr}")
    aside.rename(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
