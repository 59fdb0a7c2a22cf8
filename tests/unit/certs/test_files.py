"""Certificates on disk, while somebody reads them and when something goes wrong."""

from __future__ import annotations

import contextlib
import os
import resource
import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certs import CertificateFileError, issue_authority, issue_serving_certificate, write_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from certs import Authority, ServingCertificate

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
FILES = ["ca.crt", "tls.crt", "tls.key"]


def issued() -> tuple[Authority, ServingCertificate]:
    authority = issue_authority(now=NOW)
    return authority, issue_serving_certificate(authority, ["localhost"], now=NOW)


def load(folder: Path) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder / "tls.crt", folder / "tls.key")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextlib.contextmanager
def not_root() -> Iterator[None]:
    """Act as an ordinary user, as root may write anywhere."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def foreign_certificate() -> bytes:
    """Return a certificate as another tool might have put there."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Some Other CA")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = (
        builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)).sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def test_the_three_files_are_written_and_the_ca_key_is_not(tmp_path: Path) -> None:
    authority, serving = issued()
    write_certificates(tmp_path / "new" / "tls", authority, serving)

    written = contents(tmp_path / "new" / "tls")
    assert written == {
        "ca.crt": authority.certificate,
        "tls.crt": serving.certificate,
        "tls.key": serving.key,
    }
    assert authority.key not in b"".join(written.values())
    load(tmp_path / "new" / "tls")


def test_the_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    write_certificates(tmp_path, *issued())
    (tmp_path / "tls.key").chmod(0o644)
    write_certificates(tmp_path, *issued())

    assert stat.S_IMODE((tmp_path / "tls.key").stat().st_mode) == 0o600


def test_writing_again_renews_all_three_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mode: audit")
    write_certificates(tmp_path, *issued())
    before = contents(tmp_path)
    write_certificates(tmp_path, *issued())
    after = contents(tmp_path)

    assert sorted(after) == ["ca.crt", "config.yaml", "tls.crt", "tls.key"]
    assert [name for name in FILES if after[name] == before[name]] == []
    assert after["config.yaml"] == b"mode: audit"
    load(tmp_path)


def test_a_reader_during_renewals_meets_whole_files_only_and_ends_with_the_newest(tmp_path: Path) -> None:
    write_certificates(tmp_path, *issued())
    done = Event()

    def read_until_done() -> set[str]:
        reasons = set()
        while not done.is_set():
            try:
                load(tmp_path)
            except ssl.SSLError as error:
                reasons.add(error.reason)
        return reasons

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read_until_done) for _ in range(2)]
        try:
            for _ in range(50):
                write_certificates(tmp_path, *issued())
        finally:
            done.set()
    assert set().union(*(reader.result() for reader in readers)) <= {"KEY_VALUES_MISMATCH"}
    load(tmp_path)


def test_writers_at_the_same_time_leave_a_pair_that_matches(tmp_path: Path) -> None:
    for _ in range(20):
        pairs = [issued() for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            for written in [pool.submit(write_certificates, tmp_path, *pair) for pair in pairs]:
                written.result()
        load(tmp_path)


def test_a_renewal_after_one_that_died_between_two_renames_mends_the_pair(tmp_path: Path) -> None:
    write_certificates(tmp_path, *issued())
    authority, serving = issued()
    (tmp_path / "ca.crt").write_bytes(authority.certificate)
    (tmp_path / "tls.crt").write_bytes(serving.certificate)
    with pytest.raises(ssl.SSLError):
        load(tmp_path)

    write_certificates(tmp_path, *issued())
    load(tmp_path)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"something else", foreign_certificate()])
def test_what_somebody_else_put_there_is_overwritten_only_by_force(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(CertificateFileError, match=f"{name} was not issued by Baseward"):
        write_certificates(tmp_path, *issued())
    assert contents(tmp_path) == {name: content}

    write_certificates(tmp_path, *issued(), force=True)
    load(tmp_path)


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tls").write_text("kept")

    with pytest.raises(CertificateFileError, match="tls is a file: give a directory"):
        write_certificates(tmp_path / "tls", *issued())
    assert (tmp_path / "tls").read_text() == "kept"


@pytest.mark.parametrize("impossible", ["/proc/baseward", "/dev/null/tls"])
def test_a_directory_that_cannot_be_made_is_named_in_the_error(impossible: str) -> None:
    with pytest.raises(CertificateFileError, match=rf"{impossible}: .*may read and write there"):
        write_certificates(Path(impossible), *issued())


def test_a_directory_that_this_user_may_not_write_to_is_named_in_the_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with not_root(), pytest.raises(CertificateFileError, match=f"{tmp_path}.*: Permission denied"):
        write_certificates(tmp_path, *issued())


def test_a_write_that_fails_halfway_leaves_the_old_files_and_no_litter(tmp_path: Path) -> None:
    write_certificates(tmp_path, *issued())
    before = contents(tmp_path)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    authority, serving = issued()

    resource.setrlimit(resource.RLIMIT_FSIZE, (len(authority.certificate), unlimited[1]))
    try:
        with pytest.raises(CertificateFileError, match="File too large"):
            write_certificates(tmp_path, authority, serving)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_renewal_by_root_stays_readable_to_who_could_read_it_before(tmp_path: Path) -> None:
    write_certificates(tmp_path, *issued())
    os.chown(tmp_path / "tls.key", 4711, 4712)
    write_certificates(tmp_path, *issued())

    renewed = (tmp_path / "tls.key").stat()
    assert (renewed.st_uid, renewed.st_gid, stat.S_IMODE(renewed.st_mode)) == (4711, 4712, 0o600)


def test_errors_hold_no_key(tmp_path: Path) -> None:
    (tmp_path / "tls.key").write_text("a secret of somebody else")

    with pytest.raises(CertificateFileError) as caught:
        write_certificates(tmp_path, *issued())
    assert "secret" not in str(caught.value)
