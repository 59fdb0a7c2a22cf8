"""A push reaches one replica, and the others through it: real receivers on two addresses of loopback."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.admission.serving import PATIENCE, eventually, issue, trusting
from tests.unit.baseline.push.pushing import (
    OF_PLATFORM,
    PAYLOAD,
    SECRET,
    Replica,
    read_all,
    relays_are_done,
    replica,
    signed,
)
from webhook.baseline.push.connection import Limits
from webhook.baseline.push.relay import Relay, Where

HOSTS = ("127.0.0.1", "127.0.0.2")


@pytest.fixture
def port() -> int:
    """Return a port that is free on every address, as all replicas have the same one."""
    with socket.create_server(("", 0)) as free:
        return int(free.getsockname()[1])


@contextlib.contextmanager
def two(folder: Path, port: int, scheme: str = "http", **config: Any) -> Iterator[list[Replica]]:
    peers = tuple(f"{scheme}://{host}:{port}" for host in HOSTS)
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(replica(folder, address=f"{host}:{port}", peers=peers, **config))
            for host in HOSTS
        ]


def test_a_push_to_one_replica_reaches_the_other_once(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # of no concern to peers
    with two(tmp_path, port) as (first, second):
        assert first.push().status == 202
        eventually(lambda: second.requested)
        relays_are_done()
        assert (first.requested, second.requested) == ([OF_PLATFORM], [OF_PLATFORM])

        assert second.push(PAYLOAD, {"X-Gitlab-Token": SECRET}).status == 202
        eventually(lambda: len(first.requested) > 1)
        relays_are_done()
        assert (len(first.requested), len(second.requested)) == (2, 2)


def test_a_push_that_was_relayed_is_not_relayed_again(tmp_path: Path, port: int) -> None:
    with two(tmp_path, port) as (first, second):
        body = b"{}"
        assert first.push(body, {**signed(body), "Baseward-Relayed": "1"}).status == 202
        relays_are_done()
        assert (len(first.requested), second.requested) == (1, [])


def test_what_is_refused_and_what_is_a_ping_is_not_relayed(tmp_path: Path, port: int) -> None:
    with two(tmp_path, port) as (first, second):
        assert first.push(PAYLOAD, {"X-Gitlab-Token": "a wrong one"}).status == 401
        assert first.push(PAYLOAD, {"X-Gitlab-Token": SECRET, "X-GitHub-Event": "ping"}).status == 200
        relays_are_done()
        assert second.requested == []


def test_a_relayed_push_is_judged_like_any_other(tmp_path: Path, port: int) -> None:
    with two(tmp_path, port) as (first, _):
        assert first.push(PAYLOAD, {"Baseward-Relayed": "1"}).status == 401
        assert first.requested == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0"])  # noqa: S104  # what is the default
def test_a_replica_does_not_push_to_itself(tmp_path: Path, port: int, host: str) -> None:
    own = "127.0.0.2" if host == "127.0.0.2" else "127.0.0.1"
    peers = (f"http://{own}:{port}",)
    with replica(tmp_path, address=f"{host}:{port}", peers=peers) as one:
        assert one.push().status == 202
        relays_are_done()
        assert one.requested == [OF_PLATFORM]


def test_every_address_of_a_name_is_told(tmp_path: Path, port: int) -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> Sequence[Where]:
        asked.append((host, port))
        return [(socket.AF_INET, (address, port)) for address in ("127.0.0.3", *HOSTS)]

    with two(tmp_path, port) as (first, second):
        relay = Relay([f"http://baseward-sync:{port}"], ("127.0.0.9", port), resolve=resolve)
        relay.send(b"{}", SECRET.encode())
        eventually(lambda: first.requested and second.requested)
    assert asked == [("baseward-sync", port)]


class Peer:
    """A peer that is none of ours: says what it was given to every connection, and hears what comes."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def hear(self) -> bytes:
        connection, _ = self.listener.accept()
        with connection:
            heard = b""
            while b"\r\n\r\n{" not in heard:
                heard += connection.recv(65_536)
            connection.sendall(self.answer)
            connection.shutdown(socket.SHUT_WR)
            return heard + read_all(connection)


@pytest.fixture
def stranger() -> Iterator[Peer]:
    peer = Peer(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
    with peer.listener:
        yield peer


def test_what_a_peer_hears_is_the_body_and_a_signature_and_never_the_secret(
    tmp_path: Path, stranger: Peer
) -> None:
    with replica(tmp_path, peers=(stranger.url,)) as one:
        headers = {"X-Gitlab-Token": SECRET, "Cookie": "c", "X-Forwarded-For": "1.2.3.4"}
        assert one.push({"repository": {}}, headers).status == 202
        head, _, body = stranger.hear().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], body) == ("POST /hooks/git HTTP/1.1", b'{"repository": {}}')
    names = {line.partition(":")[0] for line in lines[1:]}
    assert names == {
        *("Host", "Accept-Encoding", "Content-Length", "X-Baseward-Signature", "Baseward-Relayed")
    }
    assert SECRET not in head.decode()


def test_a_push_that_is_sent_again_and_again_is_relayed_once(tmp_path: Path, stranger: Peer) -> None:
    with replica(tmp_path, Limits(gap=60), peers=(stranger.url,)) as one:
        assert [one.push().status for _ in range(5)] == [202] * 5
        stranger.hear()
        relays_are_done()
        stranger.listener.settimeout(PATIENCE)
        assert one.push({"another": "push"}).status == 202
        assert stranger.hear().endswith(b'{"another": "push"}')


def test_a_redirect_is_not_followed_and_is_logged_once(
    tmp_path: Path, stranger: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    with replica(tmp_path, peers=(stranger.url,)) as one:
        for _ in range(2):
            assert one.push().status == 202
            stranger.hear()
            relays_are_done()
    assert caplog.text.count(f"a push was relayed to {stranger.url} at 127.0.0.1, which answered 302") == 1
    stranger.listener.setblocking(False)  # noqa: FBT003  # the socket's own
    with pytest.raises(BlockingIOError):
        stranger.listener.accept()


def test_a_peer_that_says_nothing_delays_nobody(tmp_path: Path, stranger: Peer) -> None:
    with replica(tmp_path, peers=(stranger.url, stranger.url)) as one:
        assert [one.push().status for _ in range(40)] == [202] * 40
    assert one.requested == [OF_PLATFORM] * 40
    stranger.listener.close()
    relays_are_done()


def test_a_peer_that_is_away_is_logged_once_until_that_changes(
    tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    peer = f"http://127.0.0.2:{port}"
    with replica(tmp_path, address=f"127.0.0.1:{port}", peers=(peer,)) as one:
        for _ in range(2):
            assert one.push().status == 202
            relays_are_done()
        away = f"a push was not relayed to {peer} at 127.0.0.2: [Errno 111] Connection refused"
        assert caplog.text.count(away) == 1

        with replica(tmp_path, address=f"127.0.0.2:{port}") as other:
            assert one.push().status == 202
            relays_are_done()
            assert other.requested == [OF_PLATFORM]
        assert one.push().status == 202
        relays_are_done()
        assert caplog.text.count(away) == 2


def test_a_name_without_an_address_is_logged_once_until_it_has_one(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[list[Where] | None] = [None, None, [], None]

    def resolve(_host: str, _port: int) -> Sequence[Where]:
        if (answer := answers.pop(0)) is None:
            raise socket.gaierror(-2, "Name or service not known")
        return answer

    relay = Relay(["http://baseward-sync"], ("127.0.0.1", 9444), resolve=resolve)
    while answers:
        relay.send(b"{}", SECRET.encode())
        relays_are_done()
    assert caplog.text.count("a push was not relayed to http://baseward-sync: [Errno -2] Name or") == 2


def test_an_answer_that_is_no_http_is_logged_and_made_safe(
    tmp_path: Path, stranger: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    stranger.answer = b"\x1b[31mred\r\n"
    with replica(tmp_path, peers=(stranger.url,)) as one:
        one.push()
        stranger.hear()
        relays_are_done()
    assert "at 127.0.0.1: \\x1b[31mred" in caplog.text


def test_peers_on_https_are_verified_with_our_own_authorities(tmp_path: Path, port: int) -> None:
    issue(tmp_path)
    with two(tmp_path, port, "https", certificates=tmp_path) as (first, second):
        assert second.push(context=trusting()).status == 202
        eventually(lambda: first.requested)


def test_a_peer_whose_certificate_is_not_to_be_trusted_is_not_told(
    tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    issue(tmp_path)
    peers = (f"https://127.0.0.1:{port}",)
    ours = tmp_path / "ours"
    ours.mkdir()
    issue(ours)
    with (
        replica(tmp_path, address=f"127.0.0.1:{port}", certificates=tmp_path) as first,
        replica(tmp_path, address=f"127.0.0.2:{port}", certificates=ours, peers=peers) as second,
    ):
        assert second.push(context=trusting()).status == 202
        relays_are_done()
        assert first.requested == []
    assert "certificate verify failed" in caplog.text
