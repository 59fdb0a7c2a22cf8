"""Servers that want to know who is there: https with a certificate of our own CA, and a real sshd."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from certs.authority import issue_authority, issue_serving_certificate
from tests.missing import missing

SSHD = Path("/usr/sbin/sshd")


def basic(username: str, password: str) -> str:
    """Return the header of http's Basic authentication."""
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


def secret(folder: Path, files: dict[str, str]) -> Path:
    """Make a folder as a mounted Secret is one: with these files and no others, for all to read."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    return folder


class Certificates:
    """A server's TLS context for 127.0.0.1, and the PEM of the CA to trust for it."""

    def __init__(self, folder: Path) -> None:
        authority = issue_authority(now=datetime.now(UTC))
        serving = issue_serving_certificate(authority, ["127.0.0.1"], now=datetime.now(UTC))
        self.authority = authority.certificate.decode()
        self._signing_key = authority.key
        (folder / "server.pem").write_bytes(serving.key + serving.certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.pem")

    def demand_client(self) -> None:
        """Let in only who shows a certificate of the same CA."""
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_verify_locations(cadata=self.authority)

    def client(self) -> tuple[str, str]:
        """Issue a client's certificate, and return it with its key: PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "baseward")])
        signing = serialization.load_pem_private_key(self._signing_key, password=None)
        assert isinstance(signing, ec.EllipticCurvePrivateKey)
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(x509.load_pem_x509_certificate(self.authority.encode()).subject, name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .sign(signing, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate.public_bytes(pem).decode(), private.decode()


class Sshd:
    """An OpenSSH server on a free port, one process a connection, that knows one key.

    ``key`` is the private one, ``known_hosts`` the line for this server. ``watch`` is called at each
    connection.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.key = _new_key(folder / "client").read_text()
        self._host_key = _new_key(folder / "host")
        self.watch: Callable[[], object] = lambda: None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.known_hosts = f"[127.0.0.1]:{self.address.partition(':')[2]} {_public(folder / 'host')}"
        self._configuration = folder / "sshd_config"
        self._configuration.write_text(
            f"HostKey {self._host_key}\nAuthorizedKeysFile {folder}/client.pub\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nAcceptEnv GIT_PROTOCOL\n"
        )
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # which Debian makes when it starts the service
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        processes: list[subprocess.Popen[bytes]] = []
        with contextlib.suppress(OSError):  # the listener was shut down
            while True:
                connection, _ = self._listener.accept()
                self.watch()
                with connection:
                    command = [str(SSHD), "-i", "-f", str(self._configuration)]
                    number = connection.fileno()
                    processes.append(
                        subprocess.Popen(command, stdin=number, stdout=number, stderr=subprocess.DEVNULL)
                    )
        for process in processes:
            process.wait()

    def url(self, folder: Path) -> str:
        return f"ssh://{pwd.getpwuid(os.geteuid()).pw_name}@{self.address}{folder}"

    def replace_host_key(self) -> None:
        _new_key(self._host_key)


def needs_sshd() -> None:
    """Skip a test where there is no sshd; with CI set, fail it."""
    if SSHD.exists():
        return
    missing(f"no {SSHD}: install openssh-server")


def _new_key(path: Path) -> Path:
    path.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def _public(key: Path) -> str:
    return key.with_suffix(".pub").read_text()
