"""Say what keeps git from reaching a repository in the words of whoever has to mend it.

git, curl and ssh each complain in their own way, some over many lines: git 2.34 and newer, curl with
OpenSSL or GnuTLS, OpenSSH.
"""

from __future__ import annotations

import re

from webhook.baseline.git.access import Access
from webhook.baseline.git.command import redact
from webhook.core.printing import safe

_MAX_URL = 200
_HOST = re.compile(r"(?:\w+://)?(?:[^@/]*@)?(\[[^\]]*\](?::\d+)?|[^/:]+(?::\d+(?=/|$))?)")

# The first that is found is the cause; others follow from it.
_FAULTS = (
    (r"Authentication failed for|could not read (Username|Password)|returned error: 401", "{url} {refused}"),
    (r"returned error: 403", "{url} forbids this (403): see whether {somebody} may read the repository"),
    (
        r"repository '.*' not found|returned error: 404|Repository not found",
        "there is no repository at {url}, or none that {somebody} may see",
    ),
    (
        r"returned error: 30\d|unable to update url base from redirection",
        "{url} redirects to another address: write that one as the source's repository",
    ),
    (
        r"Could not resolve (host|hostname|proxy)\b",
        "the name of {host} has no address (DNS): correct it, or see to this machine's resolver",
    ),
    (
        r"error setting certificate|adding trust anchors|Problem with the SSL CA cert",
        "ca.crt in {folder} cannot be used: it must hold certificates in PEM",
    ),
    (
        r"client certificate from|set private key file|key does not match|reading X\.509 key or certificate",
        "tls.crt and tls.key in {folder} cannot be used: they must hold a certificate and its key in PEM",
    ),
    (
        r"no alternative certificate subject|does not match target host",
        "the certificate of {host} has another name: correct the repository's URL, or the certificate",
    ),
    (
        r"certificate verif|SSL certificate problem|server verification failed",
        "the certificate of {host} is not valid, or its CA not trusted: put that CA into ca.crt in {folder}",
    ),
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host key of {host} is not the one in known_hosts in {folder}: correct it if it was changed",
    ),
    (
        r"Host key verification failed",
        "the host key of {host} is unknown: put it into known_hosts in {folder}; `ssh-keyscan` prints it",
    ),
    (
        r"Load key .*: (error in libcrypto|invalid format|incorrect passphrase)",
        "the ssh key in {folder} cannot be used: it must be a private key without a passphrase",
    ),
    (r"\bssh: (command )?not found", "the program ssh is not on PATH: install openssh-client"),
    (r"Permission denied \(", "{url} {refused}"),
    (
        r"Connection refused|Couldn't connect to server|No route to host|Network is unreachable",
        "nothing answers at {host}: see whether the server runs, and whether this machine may reach it",
    ),
    (
        r"[Tt]imed out|Connection (closed|reset) by",
        "{host} does not answer as a Git server: see whether it runs, and whether this machine may reach it",
    ),
)
_PATTERNS = tuple((re.compile(pattern), text) for pattern, text in _FAULTS)


def explain(complaint: bytes, url: str, access: Access) -> str | None:
    """Return what is wrong and what to do, or None where it is not about reaching the repository."""
    said = complaint.decode(errors="replace")
    text = next((text for pattern, text in _PATTERNS if pattern.search(said)), None)
    return text and text.format_map(_words(url, access))


def overdue(url: str, access: Access, timeout: float) -> str:
    """Return what to do about a repository that took longer than ``timeout`` seconds."""
    host = _words(url, access)["host"]
    return (
        f"{host} did not answer to the end within {timeout:.0f} s: see whether the server runs, and whether"
        " this machine may reach it, or raise the source's `timeout`"
    )


def _words(url: str, access: Access) -> dict[str, str]:
    shown = safe(redact(url), _MAX_URL)
    match = _HOST.match(url)
    host = safe(match[1]) if match else shown
    words = {
        "url": shown,
        "host": f"{host}, through the proxy {safe(access.proxy)}" if access.proxy else host,
    }
    if access.credentials is None:
        return words | {
            "folder": "the folder that the source's `credentials` name",
            "refused": "asks for credentials: name their folder as the source's `credentials`",
            "somebody": "somebody without credentials",
        }
    folder = str(access.credentials)
    return words | {
        "folder": folder,
        "refused": f"refused the credentials in {folder}: see whether they are valid and may read it",
        "somebody": f"the owner of the credentials in {folder}",
    }
