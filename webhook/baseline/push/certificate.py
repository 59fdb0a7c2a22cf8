"""The certificate that the receiver presents, and its renewal without a restart."""

from __future__ import annotations

import ssl
from pathlib import Path

from webhook.baseline.errors import ReceiverError
from webhook.baseline.push.complaints import Complaints


class Certificate:
    """tls.crt (a PEM chain, leaf first) and tls.key in a folder, as a Kubernetes TLS Secret is mounted.

    Raises ReceiverError where there is no usable pair.
    """

    def __init__(self, folder: Path, complaints: Complaints) -> None:
        self._folder = folder
        self._complaints = complaints
        self._last = _load(folder)

    def context(self) -> ssl.SSLContext:
        """Return a context with the pair that is there now; with the last good one where it is broken."""
        # Made anew for each connection: next to a handshake, reading two small files costs little.
        try:
            self._last = _load(self._folder)
            self._complaints.none("certificate")
        except ReceiverError as error:
            self._complaints.about("certificate", f"{error}. The one that was loaded before stays in use")
        return self._last


def _load(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        # The empty password: without one, OpenSSL asks the terminal for that of an encrypted key.
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key", password="")
    except OSError as error:  # ssl.SSLError is one
        raise ReceiverError(
            f"the push receiver cannot use tls.crt with tls.key of {folder} ({error}):"
            " put a PEM chain, leaf first, and its unencrypted private key there"
        ) from None
    return context
