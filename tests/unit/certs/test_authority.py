"""The certificates, as real verifiers see them: OpenSSL in a handshake, and cryptography's own."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from certs import (
    Authority,
    InvalidLifetimeError,
    InvalidNameError,
    ServingCertificate,
    expiry,
    issue_authority,
    issue_serving_certificate,
    service_dns_name,
)
from certs.authority import names_our_authority

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
SERVICE = "baseward.baseward-system.svc"
LONGEST_SERVICE = f"{'s' * 63}.{'n' * 63}.svc"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return issue_authority(now=NOW)


def serving(authority: Authority, *names: str) -> ServingCertificate:
    return issue_serving_certificate(authority, names or (SERVICE,), now=NOW)


def parse(value: Authority | ServingCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(value.certificate)


def verify(authority: Authority, leaf: ServingCertificate, name: str, *, at: datetime = NOW) -> None:
    """Verify as a client does that follows the rules of the public web, the strictest there are."""
    store = Store([parse(authority)])
    try:
        subject: x509.DNSName | x509.IPAddress = x509.IPAddress(ip_address(name))
    except ValueError:
        subject = x509.DNSName(name)
    PolicyBuilder().store(store).time(at).build_server_verifier(subject).verify(parse(leaf), [])


def handshake(ca: bytes, leaf: ServingCertificate, host: str, folder: Path) -> str | None:
    """Shake hands in memory, and return the TLS version agreed upon."""
    pair = folder / "pair.pem"
    pair.write_bytes(leaf.certificate + leaf.key)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(pair)
    client_context = ssl.create_default_context(cadata=ca.decode())
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert not waiting
    return client.version()


@pytest.mark.parametrize("name", [SERVICE, LONGEST_SERVICE, "localhost", "127.0.0.1", "::1"])
def test_a_client_that_trusts_the_ca_shakes_hands_with_the_server(name: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = issue_authority(now=now)
    leaf = issue_serving_certificate(authority, [name], now=now)

    assert handshake(authority.certificate, leaf, name, tmp_path) == "TLSv1.3"


def test_a_client_that_calls_another_name_breaks_off(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = issue_authority(now=now)
    leaf = issue_serving_certificate(authority, [SERVICE], now=now)

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(authority.certificate, leaf, "other.baseward-system.svc", tmp_path)


def test_a_client_that_trusts_another_ca_breaks_off(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    leaf = issue_serving_certificate(issue_authority(now=now), [SERVICE], now=now)

    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(issue_authority(now=now).certificate, leaf, SERVICE, tmp_path)


@pytest.mark.parametrize("signer", [0, 1])
def test_a_bundle_of_the_old_and_the_new_ca_trusts_the_leaves_of_both(signer: int, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authorities = [issue_authority(now=now), issue_authority(now=now)]
    leaf = issue_serving_certificate(authorities[signer], [SERVICE], now=now)

    bundle = b"".join(authority.certificate for authority in authorities)

    assert handshake(bundle, leaf, SERVICE, tmp_path) == "TLSv1.3"


def test_every_name_asked_for_is_verified_and_no_other(authority: Authority) -> None:
    names = (SERVICE, "localhost", "192.0.2.7", "2001:db8::1")
    leaf = serving(authority, *names)

    for name in names:
        verify(authority, leaf, name)
    for other in ("baseward.baseward-system", "192.0.2.8", f"x.{SERVICE}"):
        with pytest.raises(VerificationError):
            verify(authority, leaf, other)


@pytest.mark.parametrize(
    ("after", "valid"),
    [
        (timedelta(hours=-1, seconds=-1), False),
        (timedelta(hours=-1), True),
        (timedelta(days=365), True),
        (timedelta(days=365, seconds=1), False),
    ],
)
def test_a_serving_certificate_is_valid_from_an_hour_before_until_a_year_after(
    authority: Authority, after: timedelta, valid: bool
) -> None:
    leaf = serving(authority)

    if valid:
        verify(authority, leaf, SERVICE, at=NOW + after)
    else:
        with pytest.raises(VerificationError):
            verify(authority, leaf, SERVICE, at=NOW + after)


def test_a_ca_is_valid_from_an_hour_before_until_ten_years_after(authority: Authority) -> None:
    certificate = parse(authority)

    assert certificate.not_valid_before_utc == NOW - timedelta(hours=1)
    assert certificate.not_valid_after_utc == NOW + timedelta(days=3650)
    assert expiry(authority.certificate) == NOW + timedelta(days=3650)


def test_lifetimes_down_to_minutes_can_be_asked_for() -> None:
    short = issue_authority(now=NOW, lifetime=timedelta(minutes=10))
    leaf = issue_serving_certificate(short, [SERVICE], now=NOW, lifetime=timedelta(minutes=5))

    assert expiry(short.certificate) == NOW + timedelta(minutes=10)
    assert expiry(leaf.certificate) == NOW + timedelta(minutes=5)


def test_the_time_given_may_stand_in_any_time_zone_and_between_two_seconds() -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9))).replace(microsecond=999_999)
    lifetime = timedelta(days=30)
    authority = issue_authority(now=tokyo, lifetime=lifetime)
    leaf = issue_serving_certificate(authority, [SERVICE], now=tokyo, lifetime=lifetime)

    assert expiry(authority.certificate) == expiry(leaf.certificate) == NOW + lifetime


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        issue_authority(now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(days=-1), timedelta(days=3_000_000)])
def test_a_lifetime_that_no_certificate_can_have_is_refused(lifetime: timedelta) -> None:
    with pytest.raises(InvalidLifetimeError, match="cannot last"):
        issue_authority(now=NOW, lifetime=lifetime)


def test_a_serving_certificate_never_outlives_its_ca() -> None:
    authority = issue_authority(now=NOW, lifetime=timedelta(days=30))

    issue_serving_certificate(authority, [SERVICE], now=NOW, lifetime=timedelta(days=30))
    with pytest.raises(InvalidLifetimeError, match=r"would end 2031-06-06, after its CA \(2031-06-05\)"):
        issue_serving_certificate(authority, [SERVICE], now=NOW, lifetime=timedelta(days=31))


def test_a_ca_may_sign_leaves_and_nothing_else(authority: Authority) -> None:
    extensions = parse(authority).extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage)

    assert (constraints.critical, constraints.value) == (True, x509.BasicConstraints(ca=True, path_length=0))
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (
        True,
        True,
        False,
    )


def test_a_serving_certificate_may_serve_tls_and_nothing_else(authority: Authority) -> None:
    extensions = parse(serving(authority)).extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    purpose = extensions.get_extension_for_class(x509.ExtendedKeyUsage)

    assert (constraints.critical, constraints.value.ca) == (True, False)
    assert usage.critical
    assert (usage.value.digital_signature, usage.value.key_cert_sign, usage.value.crl_sign) == (
        True,
        False,
        False,
    )
    assert [*purpose.value] == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_serving_certificate_names_the_key_that_signed_it(authority: Authority) -> None:
    ca, leaf = parse(authority), parse(serving(authority))
    signer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    own = leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value

    assert signer == ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert own == x509.SubjectKeyIdentifier.from_public_key(leaf.public_key())


def test_keys_are_p256_fresh_each_time_and_fit_their_certificate(authority: Authority) -> None:
    first, second = serving(authority), serving(authority)
    for value in (authority, first, second):
        key = serialization.load_pem_private_key(value.key, password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert key.curve.name == "secp256r1"
        assert key.public_key() == parse(value).public_key()

    assert len({authority.key, first.key, second.key}) == 3
    assert parse(first).serial_number != parse(second).serial_number


def test_tls_crt_holds_the_leaf_alone(authority: Authority) -> None:
    assert serving(authority).certificate.count(b"BEGIN CERTIFICATE") == 1


def test_the_common_name_is_the_first_name_that_fits_into_one(authority: Authority) -> None:
    leaf = parse(serving(authority, LONGEST_SERVICE, "localhost", "127.0.0.1"))

    assert leaf.subject.rfc4514_string() == "CN=localhost"
    assert not leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


@pytest.mark.parametrize(("length", "common_name"), [(64, f"CN={'a' * 32}.{'b' * 31}"), (65, "")])
def test_a_common_name_has_at_most_64_characters(authority: Authority, length: int, common_name: str) -> None:
    name = f"{'a' * 32}.{'b' * (length - 33)}"
    leaf = serving(authority, name)

    assert parse(leaf).subject.rfc4514_string() == common_name
    verify(authority, leaf, name)


def test_names_are_lower_case_in_order_and_each_there_once(authority: Authority) -> None:
    leaf = parse(serving(authority, "Web.Shop.SVC", "::1", "web.shop.svc", "0:0:0:0:0:0:0:1", "a.b"))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert [str(name.value) for name in names] == ["web.shop.svc", "::1", "a.b"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "localhost ",
        "localhost\n",
        "a..b",
        ".a",
        "a.",
        "-a",
        "a-",
        "a_b",
        "*.example.com",
        "https://localhost",
        "localhost:8443",
        "127.0.0.1:8443",
        "[::1]",
        "10.0.0.0/8",
        "10.0.0.256",
        "10.1",
        "fe80::1%eth0",
        "bücher.example",
        "١٢٣.example",
        "a" * 64,
        ".".join(["a" * 63] * 4),
        "a,b",
        "\u202ea",
    ],
)
def test_a_text_that_is_neither_a_dns_name_nor_an_address_is_refused(authority: Authority, name: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        serving(authority, "localhost", name)

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_a_serving_certificate_without_any_name_is_refused(authority: Authority) -> None:
    with pytest.raises(InvalidNameError, match="at least one"):
        issue_serving_certificate(authority, [], now=NOW)


def test_the_longest_dns_name_is_accepted(authority: Authority) -> None:
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])

    verify(authority, serving(authority, name), name)


def test_a_service_is_called_by_its_name_and_namespace() -> None:
    assert service_dns_name("baseward", "baseward-system") == SERVICE


@pytest.mark.parametrize(
    ("service", "namespace", "fault"),
    [("a.b", "ns", "service"), ("", "ns", "service"), ("a", "n s", "namespace"), ("A", "ns", "service")],
)
def test_a_service_that_kubernetes_would_not_accept_is_refused(
    service: str, namespace: str, fault: str
) -> None:
    with pytest.raises(InvalidNameError, match=f"no {fault} name"):
        service_dns_name(service, namespace)


def test_private_keys_do_not_show_when_printed(authority: Authority) -> None:
    leaf = serving(authority)

    assert "PRIVATE KEY" not in f"{authority} {authority!r} {leaf} {leaf!r}"


def test_an_authority_whose_key_is_not_ours_is_refused(authority: Authority) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    with pytest.raises(TypeError, match="elliptic curve"):
        serving(Authority(authority.certificate, pem))


def test_a_certificate_of_ours_is_told_from_other_bytes(authority: Authority) -> None:
    assert names_our_authority(authority.certificate)
    assert names_our_authority(serving(authority).certificate)
    assert not names_our_authority(b"no certificate")
    assert not names_our_authority(authority.key)
