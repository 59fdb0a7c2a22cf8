"""The certificate that the server presents, and its renewal without a restart.

A TLS context cannot be cleared: loading an RSA pair into one that has an ECDSA pair leaves it with both, and
it would go on presenting the old one to clients that prefer it. A chain loaded into a live context with a key
that does not match leaves it with neither. So every renewal gets a context of its own, and each handshake is
handed to the newest by the callback that TLS offers for choosing among certificates.
"""

from __future__ import annotations

import hashlib
import logging
import ssl
from pathlib import Path

from webhook.admission.errors import AdmissionError

CERTIFICATE_FILE = "tls.crt"
KEY_FILE = "tls.key"

_log = logging.getLogger(__name__)


class CertificatePairError(AdmissionError):
    """tls.crt and tls.key are missing, unreadable, encrypted, broken, or do not belong together."""


class CertificatePair:
    """tls.crt (PEM chain, leaf first) and tls.key in a folder, as a Kubernetes TLS Secret is mounted.

    `context` is what listeners are given, once. Raises CertificatePairError when there is no usable pair.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._served = _fingerprint(folder)
        self._doubtful = self._refused = b""
        self.context = self._newest = _load(folder)
        self.context.sni_callback = self._hand_over

    def refresh(self) -> None:
        """Serve a renewed pair to the handshakes from now on, or log why not and keep the old one.

        Never raises. Costs a read of two small files when nothing changed. What fails is only reported
        when it is found unchanged the next time: writers replace one file after the other.
        """
        found = _fingerprint(self._folder)
        if found in (self._served, self._refused):
            return
        try:
            renewed = _load(self._folder)
        except CertificatePairError as error:
            if found == self._doubtful:
                self._refused = found
                _log.error("%s. The certificate that was loaded before stays in use", error)
            self._doubtful = found
            return
        if _fingerprint(self._folder) == found:  # else it was replaced under our eyes: see the next look
            self._newest, self._served, self._refused = renewed, found, b""
            _log.info("serving the renewed certificate of %s", self._folder / CERTIFICATE_FILE)

    def _hand_over(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Give a handshake the newest pair. OpenSSL asks for every client, also one that names no host."""
        connection.context = self._newest


def _load(folder: Path) -> ssl.SSLContext:
    """Make a context for HTTP/1.1 over TLS 1.2 or newer. load_cert_chain checks that key and leaf match."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET  # a resumed session would show the old pair
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    try:
        # The empty password: without one, OpenSSL asks the terminal for that of an encrypted key.
        context.load_cert_chain(folder / CERTIFICATE_FILE, folder / KEY_FILE, password="")
    except OSError as error:  # ssl.SSLError is one
        raise CertificatePairError(
            f"cannot serve {folder / CERTIFICATE_FILE} with {folder / KEY_FILE} ({error}): put a PEM chain,"
            " leaf first, and its unencrypted private key there, such as `baseward certs issue` writes"
        ) from error
    return context


def _fingerprint(folder: Path) -> bytes:
    """Return a digest of both files; a missing file counts as its error.

    Not their times and inodes: written twice within a tick of the file system's clock, those can be the same.
    """
    digest = hashlib.sha256()
    for name in (CERTIFICATE_FILE, KEY_FILE):
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            content = str(error).encode()
        digest.update(hashlib.sha256(content).digest())
    return digest.digest()
