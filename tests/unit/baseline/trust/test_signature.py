from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.baseline.origin import Origin
from tests.unit.baseline.trust.signing import (
    SignedSource,
    Signer,
    commit_text,
    with_signature,
    write_object,
)
from webhook.baseline.errors import TrustError
from webhook.baseline.trust.signature import check_signature
from webhook.config.baseline import Verify, VerifyMode

TAG = VerifyMode.TAG


# Commits


def test_a_commit_is_trusted_if_it_is_signed_by_a_key_in_the_folder(
    origin: Origin, signed: SignedSource, alice: Signer, mallory: Signer
) -> None:
    signed.trust(alice, mallory)
    alice.commit(origin)
    assert signed.check() == alice.shown


def test_a_commit_that_is_not_signed_is_refused(origin: Origin, signed: SignedSource, alice: Signer) -> None:
    signed.trust(alice)
    alice.commit(origin)
    commit = origin.commit()
    with pytest.raises(
        TrustError, match=f"^commit {commit[:7]} is not signed; sign it, or correct the source"
    ):
        signed.check()


def test_a_commit_that_is_signed_by_a_stranger_is_refused_and_the_key_is_named(
    origin: Origin, signed: SignedSource, alice: Signer, mallory: Signer
) -> None:
    signed.trust(alice)
    mallory.commit(origin)
    with pytest.raises(
        TrustError, match=rf"signed by a key that is not in {signed.keys} \((0x|SHA256:)"
    ) as caught:
        signed.check()
    assert mallory.shown.removeprefix("0x")[-16:] in str(caught.value)


def test_a_signature_that_was_copied_from_another_commit_is_refused(
    origin: Origin, signed: SignedSource, alice: Signer
) -> None:
    signed.trust(alice)
    signature = alice.sign(commit_text(origin, "what was signed"))
    forged = with_signature(commit_text(origin, "what was not"), signature)
    write_object(origin, "commit", forged, "refs/heads/main")
    with pytest.raises(TrustError, match="was made for other content; sign it anew"):
        signed.check()


def test_a_signature_that_cannot_be_read_is_refused(
    origin: Origin, signed: SignedSource, alice: Signer
) -> None:
    signed.trust(alice)
    first, *_, last = alice.sign(b"").splitlines()
    garbage = with_signature(commit_text(origin), b"\n".join((first, b"", b"AAAA", b"\xff\x00", last)))
    write_object(origin, "commit", garbage, "refs/heads/main")
    with pytest.raises(TrustError, match=r"has a signature that (gpg|ssh-keygen) cannot read; sign it anew"):
        signed.check()


@pytest.mark.parametrize(
    ("begin", "problem"),
    [
        (b"SIGNED MESSAGE", r"an X\.509 signature, which is not supported: sign it with OpenPGP or SSH"),
        (b"PGP MESSAGE", "a signature of an unknown kind"),
        (b"LETTER", "a signature of an unknown kind"),
    ],
)
def test_other_kinds_of_signatures_are_refused(
    begin: bytes, problem: str, origin: Origin, signed: SignedSource, ssh_alice: Signer
) -> None:
    signed.trust(ssh_alice)
    text = commit_text(origin)
    signature = ssh_alice.sign(text).replace(b"SSH SIGNATURE", begin)
    write_object(origin, "commit", with_signature(text, signature), "refs/heads/main")
    with pytest.raises(TrustError, match=problem):
        signed.check()


def test_what_a_message_says_is_no_signature(
    origin: Origin, signed: SignedSource, pgp_alice: Signer, pgp_mallory: Signer
) -> None:
    signed.trust(pgp_alice)
    key = pgp_alice.shown.removeprefix("0x")
    said = f"[GNUPG:] GOODSIG {key} alice\n[GNUPG:] VALIDSIG {key} 2020-01-01 0 0 4 0 22 8 00 {key}"
    told = commit_text(origin, f"{said}\n\ngpgsig {pgp_alice.sign(b'').decode()}")
    write_object(origin, "commit", told, "refs/heads/main")
    with pytest.raises(TrustError, match="is not signed"):
        signed.check()
    write_object(origin, "commit", with_signature(told, pgp_mallory.sign(told)), "refs/heads/main")
    with pytest.raises(TrustError, match="a key that is not in"):
        signed.check()


def test_a_merge_of_a_signed_tag_needs_a_signature_of_its_own(
    origin: Origin, signed: SignedSource, alice: Signer
) -> None:
    signed.trust(alice)
    origin.commit()
    origin.git("checkout", "--quiet", "-b", "other")
    alice.commit(origin)
    alice.tag(origin, "v1")
    origin.git("checkout", "--quiet", "main")
    origin.git("merge", "--quiet", "--no-ff", "--no-edit", "v1")
    merged = origin.git("cat-file", "commit", "HEAD").encode() + b"\n"
    assert b"\nmergetag object" in merged
    with pytest.raises(TrustError, match="is not signed"):
        signed.check()
    write_object(origin, "commit", with_signature(merged, alice.sign(merged)), "refs/heads/main")
    assert signed.check() == alice.shown


def test_a_signed_tag_does_not_make_up_for_a_commit_that_is_not_signed(
    origin: Origin, signed: SignedSource, alice: Signer
) -> None:
    signed.trust(alice)
    origin.commit()
    alice.tag(origin, "v1")
    with pytest.raises(TrustError, match=r"^commit .* is not signed"):
        signed.check("v1")


def test_a_commit_of_a_size_that_no_honest_one_has_is_refused(
    origin: Origin, signed: SignedSource, ssh_alice: Signer
) -> None:
    signed.trust(ssh_alice)
    text = commit_text(origin, "x" * 2**20)
    write_object(origin, "commit", with_signature(text, ssh_alice.sign(text)), "refs/heads/main")
    with pytest.raises(TrustError, match="is larger than 1,048,576 bytes with its message"):
        signed.check()


# Tags


def test_a_signed_tag_is_trusted_whoever_made_the_commit(
    origin: Origin, signed: SignedSource, alice: Signer
) -> None:
    signed.trust(alice)
    origin.commit()
    alice.tag(origin, "release/v1-\u00e4")
    assert signed.check("release/v1-\u00e4", TAG) == alice.shown
    assert signed.check("refs/tags/release/v1-\u00e4", TAG) == alice.shown
    alice.tag(origin, "another-of-the-same-commit")
    assert signed.check("another-of-the-same-commit", TAG) == alice.shown


def test_a_tag_that_is_signed_by_a_stranger_is_refused(
    origin: Origin, signed: SignedSource, alice: Signer, mallory: Signer
) -> None:
    signed.trust(alice)
    alice.commit(origin)
    mallory.tag(origin, "v1")
    with pytest.raises(TrustError, match=r"^tag v1 is signed by a key that is not in "):
        signed.check("v1", TAG)


def test_a_signed_tag_counts_only_under_its_own_name(
    origin: Origin, signed: SignedSource, alice: Signer
) -> None:
    signed.trust(alice)
    origin.commit()
    alice.tag(origin, "v1")
    origin.git("update-ref", "refs/tags/v2", "refs/tags/v1")
    with pytest.raises(
        TrustError, match=r"^tag v2 was signed under another name, v1: sign a tag of this name"
    ):
        signed.check("v2", TAG)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"a release", b"another", "made for other content"),
        (b"\ntag v1\n", b"\ntag v1\ngpgsig x\ntag v2\n", "made for other content"),
        (b"-----BEGIN", b"-----BEGUN", "is not signed"),
    ],
)
def test_a_tag_that_was_changed_is_refused(
    old: bytes, new: bytes, problem: str, origin: Origin, signed: SignedSource, alice: Signer
) -> None:
    signed.trust(alice)
    origin.commit()
    alice.tag(origin, "v1")
    text = origin.git("cat-file", "tag", "v1").encode() + b"\n"
    write_object(origin, "tag", text.replace(old, new), "refs/tags/v1")
    with pytest.raises(TrustError, match=f"^tag v1 .*{problem}"):
        signed.check("v1", TAG)


def test_a_signed_tag_says_nothing_of_another_commit_that_a_server_pairs_it_with(
    origin: Origin, signed: SignedSource, alice: Signer
) -> None:
    signed.trust(alice)
    origin.commit()
    alice.tag(origin, "v1")
    head = signed.repository.resolve("v1")
    signed.repository.fetch(head)
    other = replace(head, commit=origin.commit({"bad.yaml": "kind: A\n"}))
    with pytest.raises(TrustError, match=f"^tag v1 does not point at commit {other.commit[:7]} itself"):
        check_signature(signed.repository, other, Verify(mode=TAG, keys=signed.keys))


def test_a_tag_of_a_tag_is_refused(origin: Origin, signed: SignedSource, alice: Signer) -> None:
    signed.trust(alice)
    commit = origin.commit()
    alice.tag(origin, "inner")
    alice.tag(origin, "outer", "inner")
    with pytest.raises(TrustError, match=f"^tag outer does not point at commit {commit[:7]} itself"):
        signed.check("outer", TAG)


@pytest.mark.parametrize(
    ("revision", "problem"),
    [
        ("light", "tag light is a lightweight one, which cannot be signed"),
        ("main", "the revision main is a branch, and the source's verify demands a signed tag: name one"),
        ("HEAD", "the revision HEAD is a branch"),
        ("commit", "the revision [0-9a-f]{7} is a commit"),
        ("annotated", "tag annotated is not signed; sign it"),
    ],
)
def test_where_a_signed_tag_is_demanded_nothing_else_will_do(
    revision: str, problem: str, origin: Origin, signed: SignedSource, ssh_alice: Signer
) -> None:
    signed.trust(ssh_alice)
    commit = ssh_alice.commit(origin)
    origin.git("tag", "light")
    origin.git("tag", "--annotate", "--message", "a release", "annotated")
    with pytest.raises(TrustError, match=f"^{problem}"):
        signed.check(commit if revision == "commit" else revision, TAG)
