"""A CA and the serving certificates it signs: values in, PEM out. No clock and no files.

Keys are ECDSA P-256; the extensions are those that RFC 5280 asks of a CA and of a TLS server.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.names import parse_names
from certs.validity import Validity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

CA_LIFETIME = timedelta(days=3650)
SERVING_LIFETIME = timedelta(days=365)

_CA_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Baseward CA")])
_MAX_COMMON_NAME = 64  # RFC 5280, appendix A.1: ub-common-name


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: its certificate, for clients to trust, and its private key (PKCS #8), both PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServingCertificate:
    """What a TLS server presents: its certificate (not the CA's) and its private key (PKCS #8), both PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


def issue_authority(*, now: datetime, lifetime: timedelta = CA_LIFETIME) -> Authority:
    """Issue a self-signed CA, which may sign serving certificates but no further CA.

    Valid from one hour before `now` (which must carry its time zone) until `lifetime` after it.
    Raises InvalidLifetimeError for a lifetime that is not positive or passes the year 9999.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_CA_NAME, _CA_NAME, key.public_key(), Validity.starting(now, lifetime))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(_pem(certificate), _pem_key(key))


def issue_serving_certificate(
    authority: Authority, names: Sequence[str], *, now: datetime, lifetime: timedelta = SERVING_LIFETIME
) -> ServingCertificate:
    """Issue a TLS server's certificate for these DNS names and IP addresses, signed by the authority.

    Valid from one hour before `now` (which must carry its time zone) until `lifetime` after it. Raises
    InvalidNameError for a name that is neither, or when there is none; InvalidLifetimeError for a
    lifetime that is not positive or ends after the authority's own.
    """
    ca = x509.load_pem_x509_certificate(authority.certificate)
    alternatives = parse_names(names)
    validity = Validity.starting(now, lifetime).within(ca.not_valid_after_utc)
    subject = _subject([str(name.value) for name in alternatives])
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(subject, ca.subject, key.public_key(), validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        # RFC 5280, 4.2.1.6: critical exactly where the subject is empty.
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=not subject.rdns)
        .add_extension(_authority_key_identifier(ca), critical=False)
        .sign(_signing_key(authority), hashes.SHA256())
    )
    return ServingCertificate(_pem(certificate), _pem_key(key))


def expiry(certificate: bytes) -> datetime:
    """Return the last second at which this PEM certificate is valid, in UTC."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def names_our_authority(certificate: bytes) -> bool:
    """Tell whether these bytes are a PEM certificate whose issuer calls itself as our CAs do."""
    try:
        return x509.load_pem_x509_certificate(certificate).issuer == _CA_NAME
    except ValueError:
        return False


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, validity: Validity
) -> x509.CertificateBuilder:
    """Begin a certificate with what a CA and a serving certificate have in common."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _subject(names: list[str]) -> x509.Name:
    """Return a subject for people to read: the first name that a common name can hold, or an empty one.

    Clients look at the subject alternative names only.
    """
    fitting = [name for name in names if len(name) <= _MAX_COMMON_NAME]
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in fitting[:1]])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key_identifier(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the CA's key identifier. It tells the old CA from the new one, as both have the same name."""
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _signing_key(authority: Authority) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(authority.key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not an elliptic curve key")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
