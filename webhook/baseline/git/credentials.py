"""The folder of a source's credentials.

=============  ===============================================================================================
repository     files
=============  ===============================================================================================
https, http    ``password`` or ``token`` (with ``username`` where the server wants a certain one), or
               ``bearerToken``
https          ``ca.crt`` or ``caFile``: the CAs, in PEM, that the server's certificate is checked against
https          ``tls.crt`` and ``tls.key``, or ``certFile`` and ``keyFile``, or ``tlsClientCertData`` and
               ``tlsClientCertKey``: our own certificate and its key, in PEM
ssh            ``identity``, ``ssh-privatekey`` or ``sshPrivateKey``, without a passphrase; and
               ``known_hosts``
=============  ===============================================================================================

So they are called in Secrets of the types ``kubernetes.io/basic-auth``, ``ssh-auth`` and ``tls``, and in
those of Flux and Argo CD. A mounted Secret may be replaced at any time: nothing read here is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from webhook.baseline.errors import AccessError

_HTTP_SECRETS = ("password", "token", "bearerToken")
_SSH_KEYS = ("identity", "ssh-privatekey", "sshPrivateKey")
_AUTHORITIES = ("ca.crt", "caFile")
_CERTIFICATES = (("tls.crt", "tls.key"), ("certFile", "keyFile"), ("tlsClientCertData", "tlsClientCertKey"))

# Others would read these; to leave them aside in silence would look as if they were wrong.
_GITHUB_APP = "put a token of the app's installation into token, and renew it there"
_UNSUPPORTED = {
    "githubAppID": _GITHUB_APP,
    "githubAppInstallationID": _GITHUB_APP,
    "githubAppPrivateKey": _GITHUB_APP,
    "gcpServiceAccountKey": "put an access token of the account into token, and renew it there",
    "proxy": "name the proxy as the source's `proxy`",
    ".git-credentials": "put its user's name into username, and its password into password",
    ".netrc": "put its login into username, and its password into password",
}

# GitHub wants this name beside an installation's token. Beside their other tokens GitHub, GitLab and
# Gitea take any name; where it must be a certain one, it is in the file username.
_TOKENS_USERNAME = "x-access-token"


class Login(NamedTuple):
    """What Basic authentication needs."""

    username: str
    password: str


class BearerToken(NamedTuple):
    """What Bearer authentication needs."""

    token: str


class ClientCertificate(NamedTuple):
    """Where our own certificate and its key are."""

    certificate: Path
    key: Path


class Credentials:
    """The files in one folder. Every method raises AccessError where one cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise self.fault("there is no such folder; mount the Secret there")
        for name, advice in _UNSUPPORTED.items():
            if (folder / name).exists():
                raise self.fault(f"{name} is not supported; {advice}")

    def fault(self, problem: str) -> AccessError:
        """Return the error that names the folder and what is wrong with it."""
        return AccessError(f"credentials in {self.folder}: {problem}")

    def authority(self) -> Path | None:
        """Return where the CAs are, or None where the system's own are meant."""
        return next((self.folder / name for name in _AUTHORITIES if self._text(name) is not None), None)

    def client_certificate(self) -> ClientCertificate | None:
        """Return where our own certificate is, or None where there is none."""
        for pair in _CERTIFICATES:
            missing = [name for name in pair if self._text(name) is None]
            if not missing:
                return ClientCertificate(*(self.folder / name for name in pair))
            if len(missing) == 1:
                raise self.fault(f"{missing[0]} is missing; a certificate and its key belong together")
        return None

    def for_http(self) -> Login | BearerToken | None:
        """Return what to log in with, or None where there are only certificates."""
        secrets = {name: text for name in _HTTP_SECRETS if (text := self._line(name)) is not None}
        username = self._line("username")
        if len(secrets) > 1:
            raise self.fault(f"there are {' and '.join(secrets)}; keep one of them")
        certificates = self.authority() or self.client_certificate()
        if not secrets and (username is not None or certificates is None):
            raise self.fault("there is neither password nor token nor bearerToken; put one there")
        if "bearerToken" in secrets:
            return BearerToken(secrets["bearerToken"])
        for password in secrets.values():
            return Login(username or _TOKENS_USERNAME, password)
        return None

    def ssh_key(self) -> str:
        """Return the private key."""
        for name in _SSH_KEYS:
            key = self._text(name)
            if key is not None:
                return key
        raise self.fault(f"{', '.join(_SSH_KEYS[:-1])} or {_SSH_KEYS[-1]} is missing, which ssh needs")

    def known_hosts(self) -> str:
        """Return the hosts that may be talked to, with their keys."""
        hosts = self._text("known_hosts")
        if hosts is None:
            raise self.fault("known_hosts is missing, which ssh needs; `ssh-keyscan HOST` prints its lines")
        return hosts

    def _text(self, name: str) -> str | None:
        """Return a file's text, without the line's end that editors put there."""
        try:
            text = (self.folder / name).read_bytes().decode(errors="surrogateescape").rstrip("\r\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.fault(f"{name} cannot be read: {error.strerror}") from None
        if not text.strip():
            raise self.fault(f"{name} is empty")
        return text

    def _line(self, name: str) -> str | None:
        text = self._text(name)
        if text is not None and any(mark in text for mark in "\r\n\0"):
            raise self.fault(f"{name} has more than one line")
        return text
