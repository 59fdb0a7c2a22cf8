from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.unit.baseline.origin import Origin
from tests.unit.baseline.trust.signing import (
    OpenPgp,
    SignedSource,
    Signer,
    need,
    signed_by_hand,
    ssh_keygen,
    ssh_sign,
    ssh_signer,
)
from webhook.baseline.errors import TrustError
from webhook.baseline.trust.keyring import Keyring
from webhook.baseline.trust.verdict import Verdict, openpgp_signer
from webhook.baseline.trust.verdict import ssh_signer as ssh_signer_of

IN_THE_PAST = ("--faked-system-time", "20200101T000000!")


# OpenPGP


def test_a_subkey_signs_for_its_key(origin: Origin, signed: SignedSource, pgp: OpenPgp) -> None:
    signer = pgp.signer("subkey")
    pgp.run("--quick-add-key", signer.shown.removeprefix("0x"), "ed25519", "sign")
    (signed.keys / "subkey.gpg").write_bytes(pgp.run("--export", "subkey"))
    signed_by_hand(origin, signer.sign)
    assert signed.check() == signer.shown


def test_a_key_that_has_expired_is_refused(origin: Origin, signed: SignedSource, pgp: OpenPgp) -> None:
    expired = pgp.signer("expired", "1d", *IN_THE_PAST)
    signed.trust(expired)
    signed_by_hand(origin, expired.sign)
    with pytest.raises(
        TrustError, match=r"signed by a key that has expired \(0x[0-9A-F]{16}\); renew the key"
    ):
        signed.check()


def test_a_signature_that_has_expired_is_refused(origin: Origin, signed: SignedSource, pgp: OpenPgp) -> None:
    short = pgp.signer("short", "never", *IN_THE_PAST, "--default-sig-expire=1d")
    signed.trust(short)
    signed_by_hand(origin, short.sign)
    with pytest.raises(
        TrustError, match=r"has a signature that has expired \(0x[0-9A-F]{16}\); sign it anew"
    ):
        signed.check()


def test_a_key_that_was_revoked_is_refused(origin: Origin, signed: SignedSource, pgp: OpenPgp) -> None:
    revoked = pgp.signer("revoked")
    signed_by_hand(origin, revoked.sign)
    (signed.keys / "revoked.asc").write_bytes(pgp.revoke("revoked"))
    with pytest.raises(TrustError, match=r"is signed by a key that was revoked \(0x[0-9A-F]{16}\)"):
        signed.check()


def test_two_signatures_at_once_are_refused(
    origin: Origin, signed: SignedSource, pgp: OpenPgp, pgp_alice: Signer, pgp_mallory: Signer
) -> None:
    both = ("--local-user", "alice", "--local-user", "mallory")
    signed_by_hand(origin, lambda text: pgp.run("--armor", *both, "--detach-sign", given=text))
    signed.trust(pgp_alice)
    with pytest.raises(TrustError, match="a key that is not in"):
        signed.check()
    signed.trust(pgp_mallory)
    with pytest.raises(TrustError, match="has more than one signature; sign it with one key"):
        signed.check()


def test_a_message_that_brings_its_own_content_is_no_signature(
    origin: Origin, signed: SignedSource, pgp: OpenPgp, pgp_alice: Signer
) -> None:
    signed.trust(pgp_alice)
    whole = pgp.run("--armor", "--local-user", "alice", "--sign", given=b"something signed elsewhere")
    disguised = whole.replace(b"PGP MESSAGE", b"PGP SIGNATURE")
    signed_by_hand(origin, lambda _: disguised)
    with pytest.raises(TrustError, match="has a signature that git does not accept"):
        signed.check()


def test_the_keys_of_who_runs_baseward_do_not_count(
    origin: Origin,
    signed: SignedSource,
    pgp: OpenPgp,
    pgp_alice: Signer,
    pgp_mallory: Signer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed.trust(pgp_mallory)
    pgp_alice.commit(origin)
    monkeypatch.setenv("GNUPGHOME", str(pgp.home))
    with pytest.raises(TrustError, match="a key that is not in"):
        signed.check()


SignerOf: TypeAlias = Callable[[Verdict, Keyring], str]

KEY = "0123456789ABCDEF0123456789ABCDEF01234567"
GOOD: dict[SignerOf, str] = {
    openpgp_signer: f"[GNUPG:] GOODSIG {KEY[-16:]} alice\n[GNUPG:] VALIDSIG {KEY} 2020-01-01 0 {KEY}\n",
    ssh_signer_of: 'Good "git" signature for * with ED25519 key SHA256:abc\n',
}


@pytest.mark.parametrize("signer_of", GOOD)
def test_whatever_a_program_says_nothing_is_good_that_git_did_not_accept(
    signer_of: SignerOf,
) -> None:
    keyring = Keyring("keys", Path("home"), frozenset({KEY}), has_revocations=False)
    assert signer_of(Verdict("commit 1", GOOD[signer_of], accepted=True), keyring)
    with pytest.raises(TrustError, match=r"^commit 1 has a signature that git does not accept"):
        signer_of(Verdict("commit 1", GOOD[signer_of], accepted=False), keyring)


def test_an_openpgp_key_that_did_not_come_from_the_folder_does_not_count_wherever_gpg_found_it() -> None:
    keyring = Keyring("keys", Path("home"), frozenset(), has_revocations=False)
    with pytest.raises(TrustError, match="a signature that git does not accept"):
        openpgp_signer(Verdict("commit 1", GOOD[openpgp_signer], accepted=True), keyring)


# SSH


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_any_kind_of_ssh_key_will_do(kind: str, origin: Origin, signed: SignedSource, tmp_path: Path) -> None:
    need("ssh-keygen")
    signer = ssh_signer(tmp_path, "bob", kind)
    signed.trust(signer)
    signer.commit(origin)
    assert signed.check() == signer.shown


def test_a_signature_for_other_uses_than_git_is_refused(
    origin: Origin, signed: SignedSource, ssh_folder: Path, ssh_alice: Signer
) -> None:
    signed.trust(ssh_alice)
    signed_by_hand(origin, lambda text: ssh_sign(ssh_folder / "alice", text, "file"))
    with pytest.raises(
        TrustError, match="a signature that was made for other uses than git; sign it with git"
    ):
        signed.check()


def test_allowed_signers_tells_whose_key_it_is(
    origin: Origin, signed: SignedSource, ssh_alice: Signer, ssh_mallory: Signer
) -> None:
    signed.trust(ssh_mallory)
    signer = b"# our people\r\n\r\nalice@example.com " + ssh_alice.public.strip() + b"\r\n"
    (signed.keys / "allowed_signers").write_bytes(signer)
    ssh_alice.commit(origin)
    assert signed.check() == f"alice@example.com ({ssh_alice.shown})"
    ssh_mallory.commit(origin)
    assert signed.check() == ssh_mallory.shown


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ('valid-before="20200101"', r"allowed_signers:2 does not accept: key has expired"),
        ('valid-after="29990101"', r"allowed_signers:2 does not accept: key is not yet valid"),
        (
            'namespaces="file"',
            "allowed_signers:2 does not accept: key is not permitted for use in .* namespace",
        ),
        ("cert-authority", r"a key that is not in .*/keys \(SHA256:"),
        ("frobnicate", r"allowed_signers:2 does not accept: bad options"),
    ],
)
def test_the_options_in_allowed_signers_hold(
    options: str, problem: str, origin: Origin, signed: SignedSource, ssh_alice: Signer
) -> None:
    (signed.keys / "allowed_signers").write_bytes(b"\nalice " + options.encode() + b" " + ssh_alice.public)
    ssh_alice.commit(origin)
    with pytest.raises(TrustError, match=problem):
        signed.check()


def test_a_certificate_goes_by_its_authority(
    origin: Origin, signed: SignedSource, ssh_folder: Path, ssh_mallory: Signer, tmp_path: Path
) -> None:
    (signed.keys / "allowed_signers").write_bytes(b"alice@* cert-authority " + ssh_mallory.public)
    alice = ssh_signer(tmp_path, "alice")
    key = tmp_path / "alice.pub"
    ssh_keygen("-q", "-s", ssh_folder / "mallory", "-I", "a name", "-n", "alice@example.com", key)
    (tmp_path / "alice-cert.pub").rename(key)  # what signs from now on
    signed_by_hand(origin, lambda text: ssh_sign(key, text))
    assert signed.check() == f"alice@example.com ({alice.shown})"


@pytest.mark.parametrize("revoked", ["alice.pub", "garbage"])
def test_revoked_keys_are_refused_and_so_is_everything_when_their_file_is_broken(
    revoked: str, origin: Origin, signed: SignedSource, ssh_folder: Path, ssh_alice: Signer
) -> None:
    signed.trust(ssh_alice)
    content = b"garbage" if revoked == "garbage" else (ssh_folder / revoked).read_bytes()
    (signed.keys / "revoked_keys").write_bytes(content)
    ssh_alice.commit(origin)
    with pytest.raises(
        TrustError, match=f"a key that {signed.keys}/revoked_keys revokes, or that file is broken"
    ):
        signed.check()


def test_what_is_not_revoked_is_trusted(
    origin: Origin, signed: SignedSource, ssh_alice: Signer, ssh_mallory: Signer
) -> None:
    signed.trust(ssh_alice)
    (signed.keys / "revoked_keys").write_bytes(ssh_mallory.public)
    ssh_alice.commit(origin)
    assert signed.check() == ssh_alice.shown
