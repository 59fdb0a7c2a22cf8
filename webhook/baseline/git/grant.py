"""What a git command needs to reach a repository, and nobody else may see.

A secret is never an argument of a process. A password waits in the environment for a helper that git
asks for one scheme, host and port only, so that a redirect to elsewhere gets none of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from webhook.baseline.git.access import Access
from webhook.baseline.git.command import NOTHING
from webhook.baseline.git.credentials import Credentials, Login
from webhook.baseline.git.ssh import agent_command, key_command
from webhook.config.git_names import is_local

_REMOTE = frozenset({"http", "https", "ssh"})
_HELPER = (
    """!f() { test "$1" != get || printf 'username=%s\\npassword=%s\\n' """
    """"$BASEWARD_GIT_USERNAME" "$BASEWARD_GIT_PASSWORD"; }; f"""
)


@dataclass(frozen=True, slots=True, repr=False)  # without a text that could end up in a log
class Grant:
    """The environment and the settings to run git with."""

    environment: Mapping[str, str]
    settings: Mapping[str, str]


@contextlib.contextmanager
def granted(url: str, access: Access, home: Path) -> Iterator[Grant]:
    """Read a source's credentials, and give what git needs, for as long as a command runs.

    ``home`` is a folder of ours. Raises GitError that names the folder of credentials and its fault.
    """
    scheme = _scheme(url)
    if scheme not in _REMOTE:
        yield Grant(NOTHING, NOTHING)
        return
    credentials = None if access.credentials is None else Credentials(access.credentials)
    if scheme != "ssh":
        yield _http(url, credentials, access.proxy)
    elif credentials is None:
        yield Grant({"GIT_SSH_COMMAND": agent_command()}, NOTHING)
    else:
        with key_command(credentials, home / "ssh") as command:
            yield Grant({"GIT_SSH_COMMAND": command}, NOTHING)


def _scheme(url: str) -> str:
    if "://" in url:
        return url.partition("://")[0].lower()
    return "file" if is_local(url) else "ssh"


def _http(url: str, credentials: Credentials | None, proxy: str | None) -> Grant:
    environment: dict[str, str] = {}
    settings: dict[str, str] = {}
    if proxy is not None:
        settings["http.proxy"] = proxy
        environment |= {"no_proxy": "", "NO_PROXY": ""}  # which belong to the proxies of the environment
    if credentials is not None:
        _log_in(credentials, _origin(url), environment, settings)
    return Grant(environment, settings)


def _log_in(
    credentials: Credentials, origin: str, environment: dict[str, str], settings: dict[str, str]
) -> None:
    authority, certificate = credentials.authority(), credentials.client_certificate()
    if authority is not None:
        environment["GIT_SSL_CAINFO"] = str(authority)
    if certificate is not None:
        settings[f"http.{origin}.sslCert"] = str(certificate.certificate)
        settings[f"http.{origin}.sslKey"] = str(certificate.key)
    secret = credentials.for_http()
    if isinstance(secret, Login):
        environment |= {"BASEWARD_GIT_USERNAME": secret.username, "BASEWARD_GIT_PASSWORD": secret.password}
        settings[f"credential.{origin}.helper"] = _HELPER
    elif secret is not None:
        settings[f"http.{origin}.extraHeader"] = f"Authorization: Bearer {secret.token}"
        settings["http.followRedirects"] = "false"  # git would send this header along


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
