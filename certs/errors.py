"""What can go wrong with certificates. Every message names what, where, and what to do.

CertificateError
├── InvalidNameError        a name that no serving certificate can carry
├── InvalidLifetimeError    a validity that X.509 or the CA cannot give
└── CertificateFileError    a directory that cannot be, or must not be, written to

Catch CertificateError to catch them all.
"""

from __future__ import annotations


class CertificateError(Exception):
    """The root of this tree."""


class InvalidNameError(CertificateError):
    """Says that a text is neither a DNS name nor an IP address."""


class InvalidLifetimeError(CertificateError):
    """Says that a certificate would end before it begins, beyond the calendar, or after its CA."""


class CertificateFileError(CertificateError):
    """Says that certificates could not be written, or would overwrite somebody else's."""
