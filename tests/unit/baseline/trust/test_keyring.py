from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.baseline.origin import Origin
from tests.unit.baseline.trust.signing import (
    OpenPgp,
    SignedSource,
    Signer,
    signed_by_hand,
    ssh_keygen,
    ssh_sign,
)
from webhook.baseline.errors import TrustError

# The folder of keys


def test_keys_that_are_replaced_count_from_then_on(
    origin: Origin, signed: SignedSource, alice: Signer, mallory: Signer
) -> None:
    signed.trust(alice)
    alice.commit(origin)
    assert signed.check() == alice.shown
    (signed.keys / alice.file).unlink()
    signed.trust(mallory)
    with pytest.raises(TrustError, match="a key that is not in"):
        signed.check()


def test_keys_of_both_kinds_go_together(
    origin: Origin, signed: SignedSource, pgp_alice: Signer, ssh_alice: Signer
) -> None:
    signed.trust(pgp_alice, ssh_alice)
    for signer in (pgp_alice, ssh_alice):
        signer.commit(origin)
        assert signed.check() == signer.shown


def test_a_folder_without_keys_trusts_nobody(origin: Origin, signed: SignedSource, alice: Signer) -> None:
    alice.commit(origin)
    (signed.keys / "README.md").write_text("keys go here")
    (signed.keys / "allowed_signers").write_text("# nobody yet\n")
    with pytest.raises(
        TrustError, match=f"^there is no public key in {signed.keys}: put OpenPGP keys there as"
    ):
        signed.check()


def test_a_folder_that_is_not_there_is_named(origin: Origin, signed: SignedSource, ssh_alice: Signer) -> None:
    ssh_alice.commit(origin)
    gone = signed.keys / "gone"
    with pytest.raises(
        TrustError, match=f"^cannot read the public keys in {gone}: No such file or directory"
    ):
        SignedSource(signed.repository, gone).check()
    (signed.keys / "folder.pub").mkdir()
    with pytest.raises(
        TrustError, match=f"^cannot read the public keys in {signed.keys}/folder.pub: Is a directory"
    ):
        signed.check()


def private_pgp_key(pgp: OpenPgp, _: Path) -> bytes:
    return pgp.run("--armor", "--export-secret-keys", "alice")


def cut_pgp_key(pgp: OpenPgp, _: Path) -> bytes:
    return pgp.run("--export", "alice")[:40]


def private_ssh_key(_: OpenPgp, ssh_folder: Path) -> bytes:
    return (ssh_folder / "alice").read_bytes()


def cut_ssh_key(_: OpenPgp, ssh_folder: Path) -> bytes:
    kind, key, _comment = (ssh_folder / "alice.pub").read_bytes().split()
    return kind + b" " + key[:40]


def good_and_cut_ssh_keys(pgp: OpenPgp, ssh_folder: Path) -> bytes:
    return (ssh_folder / "alice.pub").read_bytes() + cut_ssh_key(pgp, ssh_folder)


def key_without_principal(_: OpenPgp, ssh_folder: Path) -> bytes:
    return (ssh_folder / "alice.pub").read_bytes()


def certificate(_: OpenPgp, ssh_folder: Path) -> bytes:
    ssh_keygen("-q", "-s", ssh_folder / "mallory", "-I", "a name", ssh_folder / "alice.pub")
    made = ssh_folder / "alice-cert.pub"
    content = made.read_bytes()
    made.unlink()
    return content


def nothing(_: OpenPgp, __: Path) -> bytes:
    return b""


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("bad.asc", private_pgp_key),
        ("bad.asc", private_ssh_key),
        ("bad.asc", nothing),
        ("bad.gpg", cut_pgp_key),
        ("bad.pub", private_ssh_key),
        ("bad.pub", private_pgp_key),
        ("bad.pub", cut_ssh_key),
        ("bad.pub", good_and_cut_ssh_keys),
        ("bad.pub", certificate),
        ("bad.pub", nothing),
        ("allowed_signers", key_without_principal),
        ("allowed_signers", cut_ssh_key),
        ("allowed_signers", private_ssh_key),
    ],
)
@pytest.mark.usefixtures("pgp_alice", "ssh_alice", "ssh_mallory")
def test_a_broken_file_of_keys_is_named_whoever_signed(
    file: str,
    content: Callable[[OpenPgp, Path], bytes],
    origin: Origin,
    signed: SignedSource,
    pgp: OpenPgp,
    ssh_folder: Path,
) -> None:
    (signed.keys / file).write_bytes(content(pgp, ssh_folder))
    signed_by_hand(origin, lambda text: ssh_sign(ssh_folder / "alice", text))
    with pytest.raises(TrustError, match=f"^{signed.keys}/{file} holds something other than .*public keys"):
        signed.check()


# Programs and the machine


@pytest.mark.parametrize("signer", ["pgp_alice", "pgp_mallory"])
def test_nothing_is_left_of_a_check(
    signer: str,
    origin: Origin,
    signed: SignedSource,
    pgp_alice: Signer,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed.trust(pgp_alice)
    request.getfixturevalue(signer).commit(origin)
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        with contextlib.suppress(TrustError):
            signed.check()
        monkeypatch.undo()
        assert list(Path(folder).iterdir()) == []
        assert folder not in "\n".join(running_commands())


def running_commands() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield file.read_bytes().replace(b"\0", b" ").decode(errors="replace")


def test_a_path_that_is_too_long_for_gpg_is_named(
    origin: Origin, signed: SignedSource, pgp_alice: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed.trust(pgp_alice)
    pgp_alice.commit(origin)
    with tempfile.TemporaryDirectory(prefix="long" * 20) as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        with pytest.raises(
            TrustError, match=f"^{folder} is too long a path for gpg: let TMPDIR name a shorter"
        ):
            signed.check()


def test_a_full_disk_is_named(
    origin: Origin, signed: SignedSource, ssh_alice: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed.trust(ssh_alice)
    ssh_alice.commit(origin)
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    with pytest.raises(
        TrustError, match=r"^cannot write to /proc: .*; make room, or let TMPDIR name another"
    ):
        signed.check()


def test_a_program_that_is_missing_is_named_with_what_to_install(
    origin: Origin,
    signed: SignedSource,
    tmp_path: Path,
    alice: Signer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed.trust(alice)
    alice.commit(origin)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", str(programs))
    wanted = "gpg.*install gnupg" if alice.file.endswith(".asc") else "ssh-keygen.*install openssh-client"
    with pytest.raises(TrustError, match=f"^the program {wanted}"):
        signed.check()


def test_gpg_is_needed_only_for_its_own_keys_and_signatures(
    origin: Origin,
    signed: SignedSource,
    tmp_path: Path,
    ssh_alice: Signer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed.trust(ssh_alice)
    ssh_alice.commit(origin)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "ssh-keygen"):
        (programs / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(programs))
    assert signed.check() == ssh_alice.shown
