"""The public keys of a folder, laid out for gpg and ssh-keygen in a private folder of our own.

The folder may be a mounted Secret, whose files are replaced at any time: what is there now is read once, and
nothing but that counts. No keyserver, no agent, no web of trust and no key of the machine has a say.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from webhook.baseline.errors import TrustError
from webhook.core.printing import safe

_OPENPGP_SUFFIXES = (".asc", ".gpg")
_SSH_SUFFIX = ".pub"
_ALLOWED_SIGNERS = "allowed_signers"
_REVOKED_KEYS = "revoked_keys"
_MAX_PATH = 200
_MAX_HOME = 90  # bytes; gpg looks for a socket in there, and a socket's path has at most 107
_TIMEOUT = 60.0  # seconds

# trust-model: the folder says whom to trust. no-autostart: nothing is left running.
_GPG_CONFIGURATION = """\
batch
no-tty
no-autostart
disable-dirmngr
no-auto-key-retrieve
trust-model always
"""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of a folder: ``home`` is where gpg and ssh-keygen find them.

    ``openpgp`` has the fingerprints of the primary keys, ``has_revocations`` is about SSH keys.
    """

    folder: str
    home: Path
    openpgp: frozenset[str]
    has_revocations: bool

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the variables with which gpg knows these keys, and no others."""
        return {"GNUPGHOME": str(self.home)}

    @property
    def settings(self) -> Mapping[str, str]:
        """Return the settings with which git asks gpg and ssh-keygen for these keys, and nobody else."""
        revocations = {"gpg.ssh.revocationFile": str(self.home / _REVOKED_KEYS)}
        return {
            "gpg.program": "gpg",
            "gpg.ssh.program": "ssh-keygen",
            "gpg.ssh.allowedSignersFile": str(self.home / _ALLOWED_SIGNERS),
            "gpg.x509.program": "false",  # the program that always says no
            **(revocations if self.has_revocations else {}),
        }


@contextlib.contextmanager
def open_keyring(folder: Path) -> Iterator[Keyring]:
    """Lay out the keys that a folder holds now, until the context is left.

    OpenPGP keys are in ``*.asc`` and ``*.gpg``, SSH keys in ``*.pub`` and ``allowed_signers``
    (ssh-keygen(1), ALLOWED SIGNERS), revoked SSH keys in ``revoked_keys``. Raises TrustError
    where there is none, or a broken one.
    """
    files = _read(folder)
    try:
        home = tempfile.TemporaryDirectory(prefix="baseward-")  # only we may enter
    except OSError as error:
        raise _unwritable(error) from None
    with home as name:
        yield _lay_out(folder, files, Path(name))


def require(program: str, package: str) -> None:
    """Raise TrustError where a program that checks signatures is not there."""
    if shutil.which(program) is None:
        raise TrustError(f"the program {program}, which checks signatures, is not on PATH: install {package}")


def _read(folder: Path) -> dict[Path, bytes]:
    path = folder
    files = {}
    try:
        for path in sorted(folder.iterdir()):
            is_key = path.suffix in {*_OPENPGP_SUFFIXES, _SSH_SUFFIX}
            if is_key or path.name in {_ALLOWED_SIGNERS, _REVOKED_KEYS}:
                files[path] = path.read_bytes()
    except OSError as error:
        raise TrustError(
            f"cannot read the public keys in {_shown(path)}: {error.strerror}; correct the source's"
            " verify.keys, or who may read there"
        ) from None
    return files


def _lay_out(folder: Path, files: Mapping[Path, bytes], home: Path) -> Keyring:
    signers = _allowed_signers(files)
    revoked = files.get(folder / _REVOKED_KEYS)
    try:
        (home / "gpg.conf").write_text(_GPG_CONFIGURATION)
        (home / _ALLOWED_SIGNERS).write_bytes(b"".join(line + b"\n" for line in signers))
        if revoked is not None:
            (home / _REVOKED_KEYS).write_bytes(revoked)
    except OSError as error:
        raise _unwritable(error) from None
    openpgp = frozenset(
        fingerprint
        for path, content in files.items()
        if path.suffix in _OPENPGP_SUFFIXES
        for fingerprint in _import(path, content, home)
    )
    if not openpgp and not signers:
        raise TrustError(
            f"there is no public key in {_shown(folder)}: put OpenPGP keys there as *.asc or *.gpg, SSH keys"
            f" as *.pub or in {_ALLOWED_SIGNERS}"
        )
    return Keyring(_shown(folder), home, openpgp, revoked is not None)


def _import(path: Path, content: bytes, home: Path) -> list[str]:
    """Give the keys in a file to gpg; return the fingerprints of their primary keys."""
    require("gpg", "gnupg")
    if len(os.fsencode(home)) > _MAX_HOME:
        raise TrustError(f"{tempfile.gettempdir()} is too long a path for gpg: let TMPDIR name a shorter one")
    command = ["gpg", "--batch", "--no-tty", "--status-fd=1", "--import"]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "GNUPGHOME": str(home)}
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, env=environment, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TrustError(f"gpg could not read {_shown(path)}: {safe(str(error))}") from None
    if done.returncode != 0:
        raise _broken(path, "OpenPGP public keys; write it with gpg --armor --export")
    words = [line.split() for line in done.stdout.decode(errors="replace").splitlines()]
    return [line[3] for line in words if line[1:2] == ["IMPORT_OK"]]


def _allowed_signers(files: Mapping[Path, bytes]) -> list[bytes]:
    """Return the lines for ssh-keygen to read; those of ``allowed_signers`` keep their numbers."""
    named = [
        _named_signers(path, content) for path, content in files.items() if path.name == _ALLOWED_SIGNERS
    ]
    others = [_any_signer(path, content) for path, content in files.items() if path.suffix == _SSH_SUFFIX]
    return [line for lines in (*named, *others) for line in lines]


def _named_signers(path: Path, content: bytes) -> list[bytes]:
    entries = _entries(content)
    if not all(any(map(_is_key, words[1:], words[2:])) for words in entries):
        raise _broken(path, "principals and SSH public keys, see ssh-keygen(1), ALLOWED SIGNERS")
    # Some versions of ssh-keygen take an empty line for a broken one.
    return [line if line.strip() else b"#" for line in content.splitlines()] if entries else []


def _any_signer(path: Path, content: bytes) -> list[bytes]:
    entries = _entries(content)
    if not entries or not all(len(words) > 1 and _is_key(*words[:2]) for words in entries):
        raise _broken(path, "SSH public keys, as ssh-keygen writes them; certificates go by their authority")
    return [b'* namespaces="git" ' + b" ".join(words[:2]) for words in entries]


def _entries(content: bytes) -> list[list[bytes]]:
    """Return the words of each line that is neither empty nor a comment."""
    return [words for line in content.splitlines() if (words := line.split()) and words[0][:1] != b"#"]


def _is_key(kind: bytes, text: bytes) -> bool:
    """Tell whether a text is a public key, in base64, of its kind (RFC 4253, 6.6); no certificate is."""
    try:
        rest = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    fields = []
    while rest:
        size = int.from_bytes(rest[:4])
        if len(rest) < 4 + size:
            return False
        fields.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    return len(fields) > 1 and fields[0] == kind


def _unwritable(error: OSError) -> TrustError:
    return TrustError(
        f"cannot write to {tempfile.gettempdir()}: {error.strerror}; make room, or let TMPDIR name"
        " another folder"
    )


def _broken(path: Path, wanted: str) -> TrustError:
    return TrustError(f"{_shown(path)} holds something other than {wanted}")


def _shown(path: Path) -> str:
    return safe(str(path), _MAX_PATH)
