"""People who sign with keys of their own, by the real gpg and ssh-keygen, and commits written by hand."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.missing import missing
from tests.unit.baseline.origin import Origin
from webhook.baseline.git.repository import Repository
from webhook.baseline.trust.signature import check_signature
from webhook.config.baseline import Verify, VerifyMode


def need(program: str) -> None:
    """Skip the test without a program, or fail it where CI is set."""
    if shutil.which(program) is None:
        missing(f"no {program} on PATH")


@dataclass(frozen=True)
class Signer:
    """Somebody with a key: ``shown`` as a log names it; the ``public`` key, in a ``file`` of that name.

    ``settings`` are git's for signing as this person; ``sign`` makes a detached signature, in ASCII.
    """

    shown: str
    file: str
    public: bytes
    settings: tuple[str, ...]
    sign: Callable[[bytes], bytes]

    def commit(self, origin: Origin) -> str:
        origin.git(*self.settings, "commit", "--quiet", "--gpg-sign", "--allow-empty", "--message", "signed")
        return origin.git("rev-parse", "HEAD")

    def tag(self, origin: Origin, name: str, target: str = "HEAD") -> None:
        origin.git(*self.settings, "tag", "--sign", "--message", "a release", name, target)


class OpenPgp:
    """A gpg with secret keys in a home of its own; ``stop`` ends its agent."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._program = home / "gpg"
        self._program.write_text(f'#!/bin/sh\nexec gpg --homedir {home} --batch --quiet "$@"\n')
        self._program.chmod(0o755)

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        command = [str(self._program), "--pinentry-mode=loopback", "--passphrase=", *arguments]
        return subprocess.run(command, input=given, check=True, capture_output=True).stdout

    def stop(self) -> None:
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=True)

    def signer(self, name: str, expires: str = "never", *options: str) -> Signer:
        """Make a key; the options are gpg's, for this and for each signature."""
        self.run(*options, "--quick-gen-key", name, "ed25519", "sign", expires)
        key = self.fingerprint(name)
        return Signer(
            shown=f"0x{key}",
            file=f"{name}.asc",
            public=self.run("--armor", "--export", key),
            settings=("-c", f"gpg.program={self._program}", "-c", f"user.signingkey={key}"),
            sign=lambda text: self.run(*options, "--armor", "--local-user", key, "--detach-sign", given=text),
        )

    def fingerprint(self, name: str) -> str:
        listing = self.run("--with-colons", "--list-keys", name).decode().splitlines()
        return next(line.split(":")[9] for line in listing if line.startswith("fpr:"))

    def revoke(self, name: str) -> bytes:
        """Revoke a key; return it as it is then, in public."""
        prepared = self.home / "openpgp-revocs.d" / f"{self.fingerprint(name)}.rev"
        self.run("--import", given=prepared.read_bytes().replace(b":-----BEGIN", b"-----BEGIN"))
        return self.run("--armor", "--export", name)


def ssh_keygen(*arguments: str | Path, given: bytes = b"") -> bytes:
    return subprocess.run(["ssh-keygen", *arguments], input=given, check=True, capture_output=True).stdout


def ssh_signer(folder: Path, name: str, kind: str = "ed25519") -> Signer:
    key = folder / name
    ssh_keygen("-q", "-t", kind, "-N", "", "-C", f"{name}@example.com", "-f", key)
    return Signer(
        shown=ssh_keygen("-l", "-f", key).decode().split()[1],
        file=f"{name}.pub",
        public=key.with_suffix(".pub").read_bytes(),
        settings=("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}"),
        sign=lambda text: ssh_sign(key, text),
    )


def ssh_sign(key: Path, text: bytes, namespace: str = "git") -> bytes:
    return ssh_keygen("-q", "-Y", "sign", "-n", namespace, "-f", key, given=text)


def commit_text(origin: Origin, message: str = "by hand") -> bytes:
    tree = origin.git("write-tree")
    person = "A Test <test@example.com> 1700000000 +0000"
    return f"tree {tree}\nauthor {person}\ncommitter {person}\n\n{message}\n".encode()


def with_signature(text: bytes, signature: bytes) -> bytes:
    """Put a signature into the text of a commit."""
    headers, _, message = text.partition(b"\n\n")
    return headers + b"\ngpgsig " + signature.rstrip().replace(b"\n", b"\n ") + b"\n\n" + message


def write_object(origin: Origin, kind: str, text: bytes, ref: str) -> str:
    """Write a commit or tag as it is, and let a ref name it."""
    file = origin.folder.with_suffix(".object")
    file.write_bytes(text)
    name = origin.git("hash-object", "-t", kind, "-w", "--no-filters", str(file))
    origin.git("update-ref", ref, name)
    return name


def signed_by_hand(origin: Origin, sign: Callable[[bytes], bytes]) -> str:
    text = commit_text(origin)
    return write_object(origin, "commit", with_signature(text, sign(text)), "refs/heads/main")


@dataclass(frozen=True)
class SignedSource:
    """A source that demands signatures by the keys in a folder."""

    repository: Repository
    keys: Path

    def trust(self, *signers: Signer) -> None:
        for signer in signers:
            (self.keys / signer.file).write_bytes(signer.public)

    def check(self, revision: str = "main", mode: VerifyMode = VerifyMode.HEAD) -> str:
        head = self.repository.resolve(revision)
        self.repository.fetch(head)
        return check_signature(self.repository, head, Verify(mode=mode, keys=self.keys))


# Fixtures: conftest.py takes them in


@pytest.fixture(scope="session")
def pgp() -> Iterator[OpenPgp]:
    need("gpg")
    need("gpgconf")
    with tempfile.TemporaryDirectory() as home:  # short enough for the socket of gpg's agent
        gpg = OpenPgp(Path(home))
        yield gpg
        gpg.stop()


@pytest.fixture(scope="session")
def ssh_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("ssh-keygen")
    return tmp_path_factory.mktemp("ssh")


@pytest.fixture(scope="session")
def pgp_alice(pgp: OpenPgp) -> Signer:
    return pgp.signer("alice")


@pytest.fixture(scope="session")
def pgp_mallory(pgp: OpenPgp) -> Signer:
    return pgp.signer("mallory")


@pytest.fixture(scope="session")
def ssh_alice(ssh_folder: Path) -> Signer:
    return ssh_signer(ssh_folder, "alice")


@pytest.fixture(scope="session")
def ssh_mallory(ssh_folder: Path) -> Signer:
    return ssh_signer(ssh_folder, "mallory")


@pytest.fixture(params=["pgp", "ssh"])
def alice(request: pytest.FixtureRequest) -> Signer:
    signer: Signer = request.getfixturevalue(f"{request.param}_alice")
    return signer


@pytest.fixture
def mallory(request: pytest.FixtureRequest, alice: Signer) -> Signer:
    kind = "pgp" if alice.file.endswith(".asc") else "ssh"
    signer: Signer = request.getfixturevalue(f"{kind}_mallory")
    return signer


@pytest.fixture
def signed(repository: Repository, tmp_path: Path) -> SignedSource:
    keys = tmp_path / "keys"
    keys.mkdir()
    return SignedSource(repository, keys)
