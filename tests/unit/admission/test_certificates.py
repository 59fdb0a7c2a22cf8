from __future__ import annotations

import contextlib
import logging
import os
import signal
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.unit.admission.serving import Server, ask, eventually, issue, trusting
from webhook.admission.certificates import CertificatePair, CertificatePairError


def handshake(pair: CertificatePair, client: ssl.SSLContext | None = None) -> bytes | None:
    """Shake hands in memory; return the leaf (DER) that the client was shown."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_end = pair.context.wrap_bio(to_server, to_client, server_side=True)
    client_end = (client or trusting()).wrap_bio(to_client, to_server)
    unfinished = [client_end, server_end]
    while unfinished:
        for end in tuple(unfinished):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            unfinished.remove(end)
    return client_end.getpeercert(binary_form=True)


def write_rsa_pair(folder: Path, password: bytes | None = None) -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    )
    return certificate.public_bytes(serialization.Encoding.DER)


def test_a_pair_is_served_and_its_renewal_to_the_next_handshake(tmp_path: Path) -> None:
    first = issue(tmp_path)
    pair = CertificatePair(tmp_path)
    assert handshake(pair) == first
    second = issue(tmp_path)
    assert handshake(pair) == first
    pair.refresh()
    assert handshake(pair) == second


def test_a_handshake_under_way_is_not_disturbed_by_a_renewal(tmp_path: Path) -> None:
    first = issue(tmp_path)
    pair = CertificatePair(tmp_path)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_end = pair.context.wrap_bio(to_server, to_client, server_side=True)
    client_end = trusting().wrap_bio(to_client, to_server)
    for end in (client_end, server_end):
        with pytest.raises(ssl.SSLWantReadError):
            end.do_handshake()
    issue(tmp_path)
    pair.refresh()
    client_end.do_handshake()
    server_end.do_handshake()
    assert client_end.getpeercert(binary_form=True) == first


def test_no_key_of_another_kind_is_left_over_after_a_renewal(tmp_path: Path) -> None:
    old = write_rsa_pair(tmp_path)
    wants_rsa = trusting()
    wants_rsa.maximum_version = ssl.TLSVersion.TLSv1_2
    wants_rsa.set_ciphers("aRSA")
    pair = CertificatePair(tmp_path)
    assert handshake(pair, wants_rsa) == old
    (tmp_path / "tls.crt").unlink()
    (tmp_path / "tls.key").unlink()
    issue(tmp_path)
    pair.refresh()
    with pytest.raises(ssl.SSLError, match="NO_SHARED_CIPHER"):
        handshake(pair, wants_rsa)


def test_a_key_that_does_not_match_is_refused_once_and_the_old_pair_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served = issue(tmp_path)
    pair = CertificatePair(tmp_path)
    key = (tmp_path / "tls.key").read_bytes()
    issue(tmp_path)
    (tmp_path / "tls.key").write_bytes(key)
    for _ in range(4):
        pair.refresh()
    assert handshake(pair) == served
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert str(tmp_path / "tls.crt") in record.getMessage()
    assert "stays in use" in record.getMessage()
    assert record.exc_info is None


def test_a_pair_seen_between_two_writes_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    issue(tmp_path)
    pair = CertificatePair(tmp_path)
    renewed = tmp_path / "renewed"
    leaf = issue(renewed)
    (renewed / "tls.crt").rename(tmp_path / "tls.crt")
    pair.refresh()
    (renewed / "tls.key").rename(tmp_path / "tls.key")
    pair.refresh()
    assert handshake(pair) == leaf
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_pair_that_was_mended_is_served(tmp_path: Path) -> None:
    issue(tmp_path)
    pair = CertificatePair(tmp_path)
    (tmp_path / "tls.key").write_text("half a k")
    pair.refresh()
    pair.refresh()
    (tmp_path / "tls.crt").unlink()
    (tmp_path / "tls.key").unlink()
    pair.refresh()
    pair.refresh()
    leaf = issue(tmp_path)
    pair.refresh()
    assert handshake(pair) == leaf


def test_without_a_pair_the_error_says_where_one_belongs(tmp_path: Path) -> None:
    with pytest.raises(CertificatePairError) as caught:
        CertificatePair(tmp_path)
    assert str(tmp_path / "tls.crt") in str(caught.value)
    assert "baseward certs issue" in str(caught.value)


def test_an_encrypted_key_is_refused(tmp_path: Path) -> None:
    write_rsa_pair(tmp_path, password=b"secret")
    with pytest.raises(CertificatePairError, match="unencrypted private key"):
        CertificatePair(tmp_path)


class Callers:
    """Call a server all the time, on new connections; note which worker shows which leaf."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._call_all_the_time)
        self.leaves: dict[int, bytes | None] = {}
        self.failed: list[Exception] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _call_all_the_time(self) -> None:
        while not self._enough.is_set():
            try:
                self._call()
            except Exception as error:  # noqa: BLE001 (any at all)
                self.failed.append(error)

    def _call(self) -> None:
        with contextlib.closing(self._server.client()) as client:
            _, pid = ask(client, "/pid")
            self.leaves[int(pid)] = client.sock.getpeercert(binary_form=True)

    def see_everywhere(self, leaf: bytes) -> bool:
        return len(self.leaves) == 2 and set(self.leaves.values()) == {leaf}


def test_a_renewed_certificate_is_served_by_every_worker_without_a_restart_or_a_failed_call(
    start: Callable[..., Server], folder: Path
) -> None:
    server = start(workers=2)
    with contextlib.closing(server.client()) as kept_alive, Callers(server) as callers:
        ask(kept_alive, "/pid")
        before = kept_alive.sock
        for _ in range(3):
            eventually(partial(callers.see_everywhere, issue(folder)))
        assert ask(kept_alive, "/pid")[0] == 200
        assert kept_alive.sock is before
    assert not callers.failed


def test_a_worker_that_starts_while_the_files_are_broken_serves_the_last_good_pair(
    start: Callable[..., Server], folder: Path
) -> None:
    server = start()
    (folder / "tls.key").write_text("half a k")
    eventually(lambda: server.logged("stays in use"))
    first = server.worker()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: server.logged(f"exited {first}"))
    assert server.worker() != first
