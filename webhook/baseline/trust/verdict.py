"""What gpg and ssh-keygen say of a signature, as git passes it on: who signed, or why it does not count."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webhook.baseline.errors import TrustError
from webhook.baseline.trust.keyring import Keyring
from webhook.core.printing import safe

_MAX_REPORT = 300
_STATUS = "[GNUPG:] "
# By the keyword of gpg's status line (GnuPG's doc/DETAILS), the one that says most first.
_OPENPGP_FAULTS = {
    "BADSIG": "has a signature ({key}) that was made for other content; sign it anew",
    "REVKEYSIG": "is signed by a key that was revoked ({key}); sign it with another",
    "EXPKEYSIG": "is signed by a key that has expired ({key}); renew the key, and its copy in {folder}",
    "EXPSIG": "has a signature that has expired ({key}); sign it anew",
    "NO_PUBKEY": "is signed by a key that is not in {folder} ({key})",
    "ERRSIG": "is signed in a way that this gpg cannot check ({key}); sign it with another kind of key",
    "NODATA": "has a signature that gpg cannot read; sign it anew",
}

_SSH_GOOD = re.compile(r'^Good "git" signature for (.+) with \S+ key (SHA256:\S+)$', re.MULTILINE)
_SSH_STRANGER = re.compile(r'^Good "git" signature with \S+ key (SHA256:\S+)$', re.MULTILINE)
_SSH_REFUSING_LINE = re.compile(r"^\S*/(allowed_signers:\d+): (.*?)\r?$", re.MULTILINE)
_SSH_FAULTS = {
    "namespace does not match": "has a signature that was made for other uses than git; sign it with git",
    "incorrect signature": "has a signature that was made for other content; sign it anew",
    "invalid format": "has a signature that ssh-keygen cannot read; sign it anew",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What git found: ``signed`` names the commit or tag, ``report`` is what the program said.

    Without ``accepted``, git's own verdict, nothing in the report makes a signature good.
    """

    signed: str
    report: str
    accepted: bool


def openpgp_signer(verdict: Verdict, keyring: Keyring) -> str:
    """Return the fingerprint of the OpenPGP key that made a signature. Raises TrustError if it is no good."""
    lines = [line.split() for line in verdict.report.split("\n") if line.startswith(_STATUS)]
    status = {line[1]: line[2:] for line in lines if len(line) > 1}
    for keyword, fault in _OPENPGP_FAULTS.items():
        if keyword in status:
            key = "".join(status[keyword][:1])
            raise TrustError(f"{verdict.signed} {fault.format(key=f'0x{safe(key)}', folder=keyring.folder)}")
    good = [line for line in lines if line[1:2] == ["GOODSIG"]]
    if len(good) > 1:
        raise TrustError(f"{verdict.signed} has more than one signature; sign it with one key")
    primary = status.get("VALIDSIG", [""])[-1]
    if not verdict.accepted or not good or primary not in keyring.openpgp:
        raise _not_accepted(verdict)
    return f"0x{primary}"


def ssh_signer(verdict: Verdict, keyring: Keyring) -> str:
    """Return the fingerprint of the SSH key that made a signature, and whose it is where that is known.

    Raises TrustError if it is no good.
    """
    good = _SSH_GOOD.search(verdict.report)
    if verdict.accepted and good:
        principal, key = safe(good[1]), safe(good[2])
        return key if principal == "*" else f"{principal} ({key})"
    by_key = f"{verdict.signed} is signed by a key that"
    if refusing := _SSH_REFUSING_LINE.search(verdict.report):
        reason = safe(refusing[2], _MAX_REPORT)
        raise TrustError(f"{by_key} {keyring.folder}/{refusing[1]} does not accept: {reason}")
    if stranger := _SSH_STRANGER.search(verdict.report):
        raise TrustError(f"{by_key} is not in {keyring.folder} ({safe(stranger[1])})")
    for saying, fault in _SSH_FAULTS.items():
        if saying in verdict.report:
            raise TrustError(f"{verdict.signed} {fault}")
    if keyring.has_revocations:
        raise TrustError(
            f"{by_key} {keyring.folder}/revoked_keys revokes, or that file is broken: sign it with another"
            " key, or correct the file"
        )
    raise _not_accepted(verdict)


def _not_accepted(verdict: Verdict) -> TrustError:
    said = safe(" ".join(verdict.report.split()), _MAX_REPORT) or "no reason given"
    return TrustError(f"{verdict.signed} has a signature that git does not accept ({said}); sign it anew")
