"""The folder of a source's credentials.

=============  ===============================================================================================
repository     files
=============  ===============================================================================================
https, http    ``username`` and ``password``, or ``token`` (with ``username`` where the server wants a certain
               one), or ``bearerToken``
https          ``ca.crt``: the CAs, in PEM, that the server's certificate is checked against
ssh            ``identity`` or ``ssh-privatekey``, without a passphrase, and ``known_hosts``
=============  ===============================================================================================

So they are called in Secrets of the types ``kubernetes.io/basic-auth`` and ``kubernetes.io/ssh-auth``,
and in those of Flux. A mounted Secret may be replaced at any time: nothing read here is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from webhook.baseline.errors import AccessError

_HTTP_SECRETS = ("password", "token", "bearerToken")
_SSH_KEYS = ("identity", "ssh-privatekey")

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


class Credentials:
    """The files in one folder. Every method raises AccessError where one cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise self.fault("there is no such folder; mount the Secret there")

    def fault(self, problem: str) -> AccessError:
        """Return the error that names the folder and what is wrong with it."""
        return AccessError(f"credentials in {self.folder}: {problem}")

    def authority(self) -> Path | None:
        """Return where the CAs are, or None where the system's own are meant."""
        return self.folder / "ca.crt" if self._text("ca.crt") is not None else None

    def for_http(self) -> Login | BearerToken | None:
        """Return what to log in with, or None where there are only CAs."""
        secrets = {name: text for name in _HTTP_SECRETS if (text := self._line(name)) is not None}
        username = self._line("username")
        if len(secrets) > 1:
            raise self.fault(f"there are {' and '.join(secrets)}; keep one of them")
        if not secrets and (username is not None or self.authority() is None):
            raise self.fault("there is neither password nor token nor bearerToken; put one there")
        if "bearerToken" in secrets:
            return BearerToken(secrets["bearerToken"])
        if "token" in secrets:
            return Login(username or _TOKENS_USERNAME, secrets["token"])
        if "password" in secrets:
            if username is None:
                raise self.fault("username is missing; put it beside password, or call a token token")
            return Login(username, secrets["password"])
        return None

    def ssh_key(self) -> str:
        """Return the private key."""
        for name in _SSH_KEYS:
            key = self._text(name)
            if key is not None:
                return key
        raise self.fault(f"{' or '.join(_SSH_KEYS)} is missing, which ssh needs")

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
