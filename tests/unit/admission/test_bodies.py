from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

from tests.unit.admission.serving import PATIENCE, Server, ask, eventually, read_all
from webhook.admission.bodies import LARGE, MAX_UNREAD, Body, BodyBudget

POST = b"POST /%b HTTP/1.1\r\nHost: x\r\n"


class Reading:
    """What a body needs of its connection: somebody to tell when to read on."""

    def __init__(self, budget: BodyBudget, limit: int) -> None:
        self.worker = SimpleNamespace(bodies=budget, body_limit=limit)
        self._paused = False

    def is_paused(self) -> bool:
        return self._paused

    def _pause_reading(self) -> None:
        self._paused = True

    def _resume_reading(self) -> None:
        self._paused = False


def body_of(content_length: int, budget: BodyBudget, limit: int = 10 * LARGE) -> tuple[Body, Reading]:
    reading = Reading(budget, limit)
    return Body(SimpleNamespace(content_length=content_length, chunked=not content_length), reading), reading


def take(body: Body) -> bytes:
    """Receive what is there, as an application does."""
    return bytes(asyncio.run(body.receive())["body"])


def test_a_client_ahead_of_the_application_has_to_wait() -> None:
    body, reading = body_of(LARGE, BodyBudget(0))
    body.feed(bytes(MAX_UNREAD))
    assert not reading.is_paused()
    body.feed(b"x")
    assert reading.is_paused()
    assert len(take(body)) == MAX_UNREAD + 1
    assert not reading.is_paused()


def test_a_body_in_many_chunks_is_handed_over_in_one_message() -> None:
    body, _ = body_of(3, BodyBudget(0))
    for chunk in (b"a", b"b", b"c"):
        body.feed(chunk)
    body.set_complete()
    assert take(body) == b"abc"


def test_a_small_body_needs_no_budget() -> None:
    body, reading = body_of(LARGE, BodyBudget(0))
    body.feed(bytes(LARGE))
    take(body)
    assert not reading.is_paused()


def test_a_large_body_waits_until_another_is_done() -> None:
    budget = BodyBudget(3 * LARGE)
    (first, reading_first), (second, reading_second) = body_of(2 * LARGE, budget), body_of(2 * LARGE, budget)
    for body in (first, second):
        body.feed(bytes(LARGE + 1))
        take(body)
    assert (reading_first.is_paused(), reading_second.is_paused()) == (False, True)
    first.give_back()
    assert not reading_second.is_paused()
    second.give_back()


def test_a_body_that_waits_is_not_read_on_because_the_application_caught_up() -> None:
    body, reading = body_of(LARGE * 2, BodyBudget(0))
    body.feed(bytes(LARGE + 1))
    take(body)
    assert reading.is_paused()


def test_a_body_of_unknown_length_counts_as_the_largest_allowed() -> None:
    budget = BodyBudget(10 * LARGE)
    (unknown, _), (known, reading) = body_of(0, budget), body_of(LARGE + 1, budget)
    for body in (unknown, known):
        body.feed(bytes(LARGE + 1))
        take(body)
    assert reading.is_paused()


def test_a_body_larger_than_allowed_reserves_no_more_than_is_allowed() -> None:
    body, reading = body_of(10**15, BodyBudget(10 * LARGE))
    body.feed(bytes(LARGE + 1))
    take(body)
    assert not reading.is_paused()


def test_who_gives_up_waiting_holds_up_nobody() -> None:
    budget = BodyBudget(2 * LARGE)
    (first, _), (second, _), (third, reading) = (body_of(2 * LARGE, budget) for _ in range(3))
    for body in (first, second, third):
        body.feed(bytes(LARGE + 1))
        take(body)
    second.give_back()
    assert reading.is_paused()
    first.give_back()
    assert not reading.is_paused()


def chunked(chunk: bytes, count: int) -> bytes:
    return b"%x\r\n%b\r\n" % (len(chunk), chunk) * count + b"0\r\n\r\n"


def test_a_chunked_body_arrives_whole(start: Callable[..., Server]) -> None:
    framing = b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    server = start()
    for chunk, count in ((b"x", 10_000), (b"0123456789", 50_000), (bytes(250_000), 4)):
        with server.tls() as client:
            client.sendall(POST % b"echo" + framing + chunked(chunk, count))
            assert read_all(client).partition(b"\r\n\r\n")[2] == chunk * count


def test_a_client_that_is_still_sending_can_read_the_413(start: Callable[..., Server]) -> None:
    server = start(deadlines={"close": PATIENCE})
    size = 32 * 1024 * 1024
    for framing, body in (
        (b"Content-Length: %d\r\n\r\n" % size, bytes(size)),
        (b"Transfer-Encoding: chunked\r\n\r\n", chunked(bytes(1024), size // 1024)),
    ):
        with server.tls() as client:
            client.sendall(POST % b"echo" + framing + body)
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"\r\nConnection: close\r\n" in answer
            assert answer.endswith(b"too large")


def test_what_the_application_does_not_read_is_not_kept_in_memory(start: Callable[..., Server]) -> None:
    server = start(deadlines={"body": 1, "close": PATIENCE})
    before = memory(server)
    with server.tls() as client:
        client.sendall(POST % b"stuck" + b"Content-Length: 999999999\r\n\r\n")
        eventually(lambda: server.logged("stuck"))
        client.sendall(bytes(256 * 1024 * 1024))  # until the deadline nobody reads it, then it is thrown away
    assert memory(server) - before < 32 * 1024


def memory(server: Server) -> int:
    client = server.client()
    status, kibibytes = ask(client, "/memory")
    client.close()
    assert status == 200
    return int(kibibytes)


def test_large_bodies_beyond_the_budget_are_answered_in_turn(start: Callable[..., Server]) -> None:
    server = start(body_limit=200_000)
    body = bytes(190_000)
    clients = [server.tls() for _ in range(8)]
    for client in clients:
        client.sendall(
            POST % b"echo" + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body[:150_000]
        )
    for client in clients:
        client.sendall(body[150_000:])
    for client in clients:
        assert read_all(client).endswith(b"\r\n\r\n" + body)
        client.close()


def test_a_kept_connection_can_send_one_large_body_after_the_other(start: Callable[..., Server]) -> None:
    client = start(body_limit=1_000_000).client()
    for _ in range(6):
        assert ask(client, "/echo", bytes(900_000)) == (200, bytes(900_000))
    client.close()
