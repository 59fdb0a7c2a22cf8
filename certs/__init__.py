"""CA and serving certificates of a webhook: issue them, and put them into files.

Stands alone: nothing here knows what the webhook does, so nothing here imports it.
"""

from __future__ import annotations

from certs.authority import (
    CA_LIFETIME,
    SERVING_LIFETIME,
    Authority,
    ServingCertificate,
    expiry,
    issue_authority,
    issue_serving_certificate,
)
from certs.errors import CertificateError, CertificateFileError, InvalidLifetimeError, InvalidNameError
from certs.files import CA_FILE, CERTIFICATE_FILE, KEY_FILE, write_certificates
from certs.names import service_dns_name

__all__ = [
    "CA_FILE",
    "CA_LIFETIME",
    "CERTIFICATE_FILE",
    "KEY_FILE",
    "SERVING_LIFETIME",
    "Authority",
    "CertificateError",
    "CertificateFileError",
    "InvalidLifetimeError",
    "InvalidNameError",
    "ServingCertificate",
    "expiry",
    "issue_authority",
    "issue_serving_certificate",
    "service_dns_name",
    "write_certificates",
]
