"""Whether a revision is signed by somebody whom its source trusts.

git finds the signature and has it checked by gpg or ssh-keygen. What is decided here is what must be
signed, and that a signed tag is the one that was asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from webhook.baseline.errors import TrustError
from webhook.baseline.git.command import Git
from webhook.baseline.git.repository import Head, Repository
from webhook.baseline.trust.keyring import open_keyring, require
from webhook.baseline.trust.verdict import Verdict, openpgp_signer, ssh_signer
from webhook.config.baseline import Verify, VerifyMode
from webhook.core.printing import safe

_TIMEOUT = 60.0  # seconds
_MAX_SIZE = 2**20  # bytes of a commit or tag, with its message
_TAGS = "refs/tags/"
_ADVICE = "sign it, or correct the source's verify"

# gitformat-signature(5): a commit carries its signature in a header, a tag at the end of its message.
_BEGIN = rb"-----BEGIN (PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----"
_IN_COMMIT = re.compile(rb"^gpgsig(?:-sha256)? (?:" + _BEGIN + rb")?", re.MULTILINE)
_IN_TAG = re.compile(b"^" + _BEGIN, re.MULTILINE)
_X509 = b"SIGNED MESSAGE"
_SCHEMES = {
    b"PGP SIGNATURE": ("gpg", "gnupg", openpgp_signer),
    b"SSH SIGNATURE": ("ssh-keygen", "openssh-client", ssh_signer),
}


@dataclass(frozen=True, slots=True)
class _Signed:
    """A commit or a tag: its full name in git, how people call it, and the kind of its signature."""

    type: str
    oid: str
    name: str
    kind: bytes


def check_signature(repository: Repository, head: Head, verify: Verify) -> str:
    """Return who signed a fetched revision: a key's fingerprint, with the SSH principal; safe to print.

    Raises TrustError where it is not signed as the source demands, and GitError where it cannot be read.
    """
    look = _signed_tag if verify.mode is VerifyMode.TAG else _signed_commit
    return _signer(repository.git, look(repository.git, head), verify.keys)


def _signed_commit(git: Git, head: Head) -> _Signed:
    name = f"commit {head.commit[:7]}"
    headers, _, _ = _content(git, "commit", head.commit, name).partition(b"\n\n")
    return _Signed("commit", head.commit, name, _last_kind(_IN_COMMIT, headers, name))


def _signed_tag(git: Git, head: Head) -> _Signed:
    ref = head.ref or ""
    if head.tag is None or not ref.startswith(_TAGS):
        raise TrustError(
            f"{_described(head)}, and the source's verify demands a signed tag: name one as its revision, or"
            " correct its verify"
        )
    asked = ref.removeprefix(_TAGS)
    name = f"tag {safe(asked)}"
    content = _content(git, "tag", head.tag, name)
    fields = content.split(b"\n", 3)
    if fields[:2] != [b"object " + head.commit.encode(), b"type commit"]:
        raise TrustError(f"{name} does not point at commit {head.commit[:7]} itself: tag that commit")
    if fields[2:3] != [f"tag {asked}".encode(errors="replace")]:
        # An old signed tag may be shown again under a new name.
        own_name = b"".join(fields[2:3]).removeprefix(b"tag ").decode(errors="replace")
        raise TrustError(f"{name} was signed under another name, {safe(own_name)}: sign a tag of this name")
    return _Signed("tag", head.tag, name, _last_kind(_IN_TAG, content, name))


def _described(head: Head) -> str:
    if head.ref is None:
        return f"the revision {head.commit[:7]} is a commit"
    if head.ref.startswith(_TAGS):
        return f"tag {safe(head.ref.removeprefix(_TAGS))} is a lightweight one, which cannot be signed"
    return f"the revision {safe(head.ref.removeprefix('refs/heads/'))} is a branch"


def _content(git: Git, kind: str, oid: str, name: str) -> bytes:
    size = int(git.run("cat-file", "-s", oid, timeout=_TIMEOUT))
    if size > _MAX_SIZE:
        raise TrustError(f"{name} is larger than {_MAX_SIZE:,} bytes with its message: write a shorter one")
    return git.run("cat-file", kind, oid, timeout=_TIMEOUT)


def _last_kind(signature: re.Pattern[bytes], text: bytes, name: str) -> bytes:
    found = signature.findall(text)
    if not found:
        raise TrustError(f"{name} is not signed; {_ADVICE}")
    return bytes(found[-1])


def _signer(git: Git, signed: _Signed, keys: Path) -> str:
    if signed.kind not in _SCHEMES:
        kind = "an X.509 signature" if signed.kind == _X509 else "a signature of an unknown kind"
        raise TrustError(f"{signed.name} has {kind}, which is not supported: sign it with OpenPGP or SSH")
    program, package, signer = _SCHEMES[signed.kind]
    require(program, package)
    with open_keyring(keys) as keyring:
        answer = git.ask(
            f"verify-{signed.type}",
            "--raw",
            signed.oid,
            timeout=_TIMEOUT,
            environment=keyring.environment,
            settings=keyring.settings,
        )
        report = answer.complaint.decode(errors="replace")
        return signer(Verdict(signed.name, report, accepted=answer.code == 0), keyring)
