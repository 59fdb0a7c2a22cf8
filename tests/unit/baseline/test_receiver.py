"""The push receiver, over real HTTP: who may wake it, and what it wakes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.unit.admission.serving import eventually
from tests.unit.baseline.push.pushing import (
    ALL,
    OF_PLATFORM,
    PAYLOAD,
    PLATFORM,
    SECRET,
    SOURCES,
    Replica,
    replica,
    signature,
    signed,
)
from webhook.baseline.errors import ReceiverError
from webhook.baseline.push.connection import Limits
from webhook.baseline.receiver import Receiver
from webhook.config import ReceiverConfig

BODY = json.dumps(PAYLOAD).encode()
WRONG = "0" * 64
TOKEN = "whsec_" + base64.b64encode(b"thirty-two bytes of a random key").decode()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Replica]:
    with replica(tmp_path) as one:
        yield one


# What the Git servers send: headers and payloads as they document them, cut to what matters.

GITHUB = {
    "ref": "refs/heads/main",
    "after": "3f2c1ab9d0e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4",
    "repository": {
        "full_name": "acme/platform",
        "html_url": "https://git.example.com/acme/platform",
        "url": "https://git.example.com/acme/platform",
        "git_url": "git://git.example.com/acme/platform.git",
        "ssh_url": "git@git.example.com:acme/platform.git",
        "clone_url": "https://git.example.com/acme/platform.git",
    },
    "pusher": {"name": "alice"},
    "commits": [{"message": "open everything", "modified": ["netpol.yaml"]}],
}
GITEA = {
    "ref": "refs/heads/main",
    "compare_url": "https://git.example.com/acme/platform/compare/a...b",
    "repository": {
        "full_name": "acme/platform",
        "html_url": "https://git.example.com/acme/platform",
        "ssh_url": "ssh://git@git.example.com:2222/acme/platform.git",
        "clone_url": "https://git.example.com/acme/platform.git",
    },
}
GITLAB = {
    "object_kind": "push",
    "ref": "refs/heads/main",
    "project": {
        "path_with_namespace": "acme/platform",
        "web_url": "https://git.example.com/acme/platform",
        "git_ssh_url": "git@git.example.com:acme/platform.git",
        "git_http_url": "https://git.example.com/acme/platform.git",
    },
    "repository": {"name": "platform", "url": "git@git.example.com:acme/platform.git"},
}
BITBUCKET = {
    "push": {"changes": [{"new": {"type": "branch", "name": "main"}}]},
    "repository": {
        "full_name": "acme/platform",
        "links": {
            "self": {"href": "https://api.example.com/2.0/repositories/acme/platform"},
            "html": {"href": "https://git.example.com/acme/platform"},
        },
    },
}


def standard(body: bytes, token: str = TOKEN, **changes: str) -> dict[str, str]:
    """Sign as GitLab does with a signing token."""
    headers = {"webhook-id": "4ea1e11c", "webhook-timestamp": "1700000000"}
    key = base64.b64decode(token.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {**headers, "webhook-signature": f"v1,{digest}", "X-Gitlab-Event": "Push Hook", **changes}


def github(body: bytes) -> dict[str, str]:
    sha1 = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    return {
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature": f"sha1={sha1}",
        "X-Hub-Signature-256": f"sha256={signature(body)}",
    }


def gitea(body: bytes) -> dict[str, str]:
    names = ("X-Gitea-Signature", "X-Gogs-Signature")
    return {**github(body), "X-Gitea-Event": "push", **dict.fromkeys(names, signature(body))}


def test_a_push_from_github_fetches_its_sources(one: Replica) -> None:
    body = json.dumps(GITHUB).encode()
    answer = one.push(body, github(body))
    assert (answer.status, answer.content) == (202, {"sources": ["platform", "network"]})
    assert one.requested == [OF_PLATFORM]


def test_a_push_from_github_may_be_a_form(one: Replica) -> None:
    body = urlencode({"payload": json.dumps(GITHUB)}).encode()
    headers = {**github(body), "Content-Type": "application/x-www-form-urlencoded"}
    assert one.push(body, headers).content == {"sources": ["platform", "network"]}


def test_a_push_from_gitea_forgejo_and_gogs_fetches_its_sources(one: Replica) -> None:
    body = json.dumps(GITEA).encode()
    assert one.push(body, gitea(body)).status == 202
    assert one.push(body, {**gitea(body), "X-Forgejo-Signature": signature(body)}).status == 202
    assert one.push(body, {"X-Gogs-Event": "push", "X-Gogs-Signature": signature(body)}).status == 202
    assert one.requested == [OF_PLATFORM] * 3


def test_a_push_from_gitlab_with_a_secret_token_fetches_its_sources(one: Replica) -> None:
    assert one.push(GITLAB, {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": SECRET}).status == 202
    assert one.requested == [OF_PLATFORM]


def test_a_push_from_gitlab_with_a_signing_token_fetches_its_sources(one: Replica) -> None:
    one.secret_file.write_text(TOKEN)
    body = json.dumps(GITLAB).encode()
    assert one.push(body, standard(body)).status == 202
    two = standard(body)["webhook-signature"]
    assert one.push(body, standard(body, **{"webhook-signature": f"v1,AAAA {two}"})).status == 202
    assert one.requested == [OF_PLATFORM] * 2


def test_a_push_from_bitbucket_fetches_its_sources(one: Replica) -> None:
    body = json.dumps(BITBUCKET).encode()
    headers = {"X-Event-Key": "repo:push", "X-Hub-Signature": f"sha256={signature(body)}"}
    assert one.push(body, headers).status == 202
    assert one.requested == [OF_PLATFORM]


def test_a_push_from_anything_else_is_signed_in_our_own_way(one: Replica) -> None:
    assert one.push(PAYLOAD, {"X-Baseward-Signature": f"sha256={signature(BODY)}"}).status == 202
    assert one.push(PAYLOAD, {"x-baseward-signature": f"sha256={signature(BODY).upper()}"}).status == 202
    assert one.requested == [OF_PLATFORM] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": f"sha256={WRONG}"},
        {"X-Hub-Signature-256": signature(BODY)},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": f"sha256={signature(BODY, 'another secret')}"},
        {"X-Hub-Signature-256": f"sha256={signature(BODY)[:-1]}"},
        {"X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()},
        {"X-Hub-Signature": f"sha512={signature(BODY)}"},
        {"X-Gitea-Signature": WRONG},
        {"X-Gitea-Signature": f"sha256={signature(BODY)}"},
        {"X-Forgejo-Signature": WRONG},
        {"X-Gogs-Signature": WRONG},
        {"X-Gitlab-Token": "another secret"},
        {"X-Gitlab-Token": ""},
        {"X-Gitlab-Token": f"{SECRET} "[:-2]},
        {"X-Gitlab-Token": "\xe9" * 20},
        {"X-Baseward-Signature": f"sha256={WRONG}"},
        {"X-Baseward-Signature": "sha256=\xe9"},
        {"Authorization": f"Bearer {SECRET}"},
        standard(BODY),
        {**signed(BODY), "X-Hub-Signature-256": f"sha256={WRONG}"},
        {**signed(BODY), "X-Gitlab-Token": ""},
    ],
)
def test_what_is_not_signed_with_the_secret_is_refused_in_one_way(
    one: Replica, headers: dict[str, str]
) -> None:
    answer = one.push(PAYLOAD, headers)
    assert (answer.status, answer.content) == (401, {"error": "not signed with the secret of this receiver"})
    assert one.requested == []


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "another"},
        {"webhook-timestamp": "1700000001"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1a," + standard(BODY)["webhook-signature"].removeprefix("v1,")},
        {"X-Gitlab-Token": "another"},
    ],
)
def test_a_standard_webhook_that_was_changed_is_refused(one: Replica, changes: dict[str, str]) -> None:
    one.secret_file.write_text(TOKEN)
    assert one.push(BODY, standard(BODY, **changes)).status == 401
    assert one.push(BODY, standard(BODY)).status == 202


@pytest.mark.parametrize("secret", ["whsec_is no base 64", "whsec_" + "=" * 12, TOKEN.removeprefix("whsec_")])
def test_a_secret_that_is_no_signing_token_signs_no_standard_webhook(one: Replica, secret: str) -> None:
    one.secret_file.write_text(secret)
    assert one.push(BODY, standard(BODY)).status == 401
    assert one.push(BODY, standard(BODY, "")).status == 401


@pytest.mark.parametrize("sign", [github, gitea, signed])
def test_a_body_that_was_changed_on_the_way_is_refused(one: Replica, sign: Any) -> None:
    headers = sign(BODY)
    assert one.push(BODY.replace(b"platform", b"platfoRm"), headers).status == 401
    assert one.push(BODY + b" ", headers).status == 401
    assert one.push(b"", headers).status == 401
    assert one.requested == []


def test_a_push_that_is_sent_again_only_fetches_again(one: Replica) -> None:
    assert [one.push().status for _ in range(3)] == [202] * 3
    assert one.requested == [OF_PLATFORM] * 3


def test_a_push_that_is_sent_again_and_again_does_not_fetch_again_at_once(tmp_path: Path) -> None:
    with replica(tmp_path, Limits(gap=60)) as one:
        assert [one.push().status for _ in range(20)] == [202] * 20
        assert one.requested == [OF_PLATFORM]
        assert one.push({"repository": {"clone_url": "git@git.example.com:acme/shop.git"}}).status == 202
        assert one.requested == [OF_PLATFORM, ("shop",)]


def test_the_last_of_many_pushes_is_fetched_in_the_end(tmp_path: Path) -> None:
    with replica(tmp_path, Limits(gap=0.5)) as one:
        assert [one.push().status for _ in range(2)] == [202] * 2
        eventually(lambda: one.requested == [OF_PLATFORM] * 2)


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/acme/platform",
        "https://git.example.com/acme/platform/",
        "http://GIT.example.com:8080/acme/platform.git",
        "ssh://git@git.example.com:2222/acme/platform.git",
        "git@git.example.com:acme/platform.git",
        "git@GIT.example.com:/acme/platform",
        "https://git.example.com/ACME/Platform",
        "git.example.com:acme/platform",
    ],
)
def test_a_repository_is_known_by_any_of_its_urls(one: Replica, url: str) -> None:
    assert one.push({"repository": {"clone_url": url}}).status == 202
    assert one.requested == [OF_PLATFORM]


NOT_TO_BE_TOLD = [
    {"repository": {"clone_url": "https://git.example.com/acme/another.git"}},
    {"repository": {"clone_url": "https://another.example.com/acme/platform.git"}},
    {"repository": {"clone_url": "/srv/git/acme/platform"}},
    {"repository": {"clone_url": "file:///srv/git/acme/platform"}},
    {"repository": {"clone_url": "https://[::1/acme/platform"}},
    {"repository": {"clone_url": 7, "links": [PLATFORM], "html_url": None}},
    {"repository": PLATFORM},
    {"project": [PLATFORM]},
    [PAYLOAD],
    b"",
    b"a commit was pushed",
    b"payload=",
    b"payload=%7B",
    b"payload&payload=x",
    b"payload=" + b"&a=b" * 20,
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("payload", NOT_TO_BE_TOLD)
def test_a_push_of_what_is_not_to_be_told_fetches_all_sources(one: Replica, payload: Any) -> None:
    answer = one.push(payload)
    assert (answer.status, answer.content) == (202, {"sources": list(ALL)})
    assert one.requested == [ALL]


@pytest.mark.parametrize(
    "event", [{"X-GitHub-Event": "ping"}, {"X-Gitea-Event": "ping"}, {"X-Event-Key": "diagnostics:ping"}]
)
def test_a_ping_fetches_nothing(one: Replica, event: dict[str, str]) -> None:
    answer = one.push({"zen": "Design for failure."}, signed(b'{"zen": "Design for failure."}') | event)
    assert (answer.status, answer.content) == (200, {"sources": []})
    assert one.push(PAYLOAD, event).status == 401
    assert one.requested == []


def test_a_secret_that_rotates_is_taken_up_at_once(one: Replica) -> None:
    one.secret_file.write_text("another secret, just as long\r\n")
    assert one.push().status == 401
    assert one.push(BODY, signed(BODY, "another secret, just as long")).status == 202


def test_without_a_secret_nothing_is_accepted_until_there_is_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "secret").write_text("\n")
    with replica(tmp_path) as one:
        assert one.push(BODY, signed(BODY, "")).status == 503
        assert one.push(BODY, {"X-Gitlab-Token": ""}).status == 503
        one.secret_file.unlink()
        assert one.push().status == 503
        one.secret_file.write_text("too short")
        assert one.push(BODY, signed(BODY, "too short")).status == 503
        assert one.requested == []

        one.secret_file.write_text(SECRET)
        assert one.push().status == 202

    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert warnings[0].startswith(f"pushes are refused: {one.secret_file} has no secret; put the one of")
    assert "fewer than 16 characters and could be guessed" in warnings[1]
    assert "too short" not in caplog.text


def test_a_secret_that_could_be_guessed_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("fifteen letters\n")
    with pytest.raises(ReceiverError, match="has fewer than 16 characters and could be guessed; make a long"):
        Replica(tmp_path)
    (tmp_path / "secret").write_text("sixteen letters.\n")
    with replica(tmp_path):
        pass


def test_refusals_are_logged_once_until_a_push_is_right(
    one: Replica, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        one.push(BODY, {"X-Gitlab-Token": "a guess of the secret", "X-GitHub-Event": "evil\tevent"})
    refusal = f"it was not signed with the secret in {one.secret_file}; give the Git server's webhook"
    assert caplog.text.count(refusal) == 1

    caplog.set_level(logging.INFO)
    one.push()
    one.push(BODY, {})
    assert caplog.text.count(refusal) == 2
    assert "a push: fetching platform, network" in caplog.text
    for secret in (SECRET, "a guess", "evil", "refs/heads/main"):
        assert secret not in caplog.text


def test_a_source_that_cannot_be_requested_is_a_failure_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_names: object) -> None:
        raise OSError("no space left")

    one = Replica(tmp_path)
    one.receiver.stop()
    receiver = Receiver(ReceiverConfig(address="127.0.0.1:0", secret=one.secret_file), SOURCES, broken)
    one.port = int(receiver.address.rpartition(":")[2])
    with receiver:
        answer = one.push()
        assert (answer.status, answer.content) == (500, {"error": "internal error"})
        assert one.ask("GET", "/livez").status == 200
    assert "no space left" in caplog.text


def test_it_says_that_it_is_alive(one: Replica) -> None:
    assert one.ask("GET", "/livez")[::2] == (200, {"live": True})


def test_it_knows_one_place_and_one_way(one: Replica) -> None:
    assert [one.ask("POST", path, b"x").status for path in ("/", "/hooks", "/hooks/git/", "/validate")] == [
        404
    ] * 4
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW"):
        answer = one.ask(method)
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert one.ask("POST", "/livez", b"x").headers["Allow"] == "GET"


def test_it_does_not_tell_what_it_is_made_of(one: Replica) -> None:
    for answer in (one.ask("GET", "/livez"), one.ask("GET", "/"), one.push()):
        assert set(answer.headers) == {"Content-Type", "Content-Length", "Connection"}


def test_an_address_that_is_taken_is_named(one: Replica, tmp_path: Path) -> None:
    with pytest.raises(ReceiverError, match=f"cannot listen on {one.receiver.address}: Address already in"):
        Replica(tmp_path, address=one.receiver.address)


def test_it_listens_on_ipv6(tmp_path: Path) -> None:
    with replica(tmp_path, address="[::1]:0") as one:
        assert one.receiver.address.startswith("[::1]:")
        assert one.push().status == 202


def test_when_it_has_stopped_its_address_is_free(tmp_path: Path) -> None:
    with replica(tmp_path) as one:
        address = one.receiver.address
    with replica(tmp_path, address=address) as two:
        assert two.push().status == 202
