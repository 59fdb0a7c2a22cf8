"""What strangers may take: a bounded number of connections, bytes and seconds, and no more."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.admission.serving import eventually
from tests.unit.baseline.push.pushing import OF_PLATFORM, PAYLOAD, UNPACED, Replica, read_all, replica, signed
from webhook.baseline.push.connection import Limits

SHORT = Limits(connections=4, header_time=0.5, body_time=0.5, closing_time=0.5, gap=0)
FEW = Limits(connections=4, gap=0)
HEAD = b"POST /hooks/git HTTP/1.1\r\nHost: a\r\n"
MIB = 2**20


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Replica]:
    with replica(tmp_path, SHORT) as one:
        yield one
        eventually(one.is_well)  # whatever went before


def status(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + b"\r\n", 411),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 411),
        (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: +5\r\n\r\n12345", 400),
        (HEAD + b"Content-Length: 0x5\r\n\r\n12345", 400),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (HEAD + b"Content-Length: %d\r\n\r\n" % (25 * MIB + 1), 413),
        (HEAD + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (25 * MIB + 1), 413),
        (HEAD + b"Content-Length: 9\r\n\r\nshort", 400),
        (HEAD + b"X: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (HEAD + b"".join(b"X-%d: x\r\n" % number for number in range(200)) + b"\r\n", 431),
        (b"POST /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"POST /hooks/git HTTP/2.0\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00 hello\r\n\r\n", 400),
        (b"what is this\r\n\r\n", 400),
        (b"POST\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_of_ours_is_refused(one: Replica, text: bytes, expected: int) -> None:
    answer = one.say(text, and_end=True)
    assert status(answer) == expected
    assert set(json.loads(answer.partition(b"\r\n\r\n")[2])) == {"error"}
    assert one.requested == []


def test_nothing_that_was_sent_is_sent_back(one: Replica) -> None:
    for text in (b"<script> <b> x\r\n\r\n", b"GET /<script> HTTP/1.1\r\n\r\n", b"A B <script>\r\n\r\n"):
        assert b"script" not in one.say(text, and_end=True)


@pytest.mark.parametrize(
    "begin",
    [b"", b"P", HEAD, HEAD + b"Content-Length: 100\r\n\r\n", HEAD + b"Content-Length: 2000000\r\n\r\n{"],
)
def test_who_stops_in_the_middle_is_told_and_hung_up_on(one: Replica, begin: bytes) -> None:
    assert status(one.say(begin)) == 408


@pytest.mark.parametrize(
    "begin",
    [HEAD + b"X: ", HEAD + b"Content-Length: 100000\r\n\r\n", HEAD + b"Content-Length: 2000000\r\n\r\n"],
)
def test_a_byte_now_and_then_gains_no_time(one: Replica, begin: bytes) -> None:
    with one.raw() as connection:
        connection.sendall(begin)
        connection.settimeout(0.05)
        assert status(_answer_while_dripping(connection)) == 408


def _answer_while_dripping(connection: socket.socket) -> bytes:
    while True:
        try:
            return connection.recv(1000)
        except TimeoutError:
            connection.sendall(b"x")


def test_an_answer_that_nobody_waits_for_costs_nothing(one: Replica) -> None:
    for _ in range(20):
        one.raw().close()
        with one.raw() as connection, contextlib.suppress(ConnectionError):
            connection.sendall(HEAD + b"Content-Length: 5\r\n\r\n12")


def test_who_is_silent_longest_gives_its_place_to_a_push_when_all_are_taken(tmp_path: Path) -> None:
    with replica(tmp_path, FEW) as one, contextlib.ExitStack() as stack:
        held = [stack.enter_context(one.raw()) for _ in range(FEW.connections)]
        assert one.push().status == 202
        assert read_all(held[0]) == b""
        for connection in held[1:]:
            connection.sendall(b"GET /livez HTTP/1.1\r\n\r\n")
            assert status(read_all(connection)) == 200


def test_a_host_with_many_connections_takes_places_from_itself_only(tmp_path: Path) -> None:
    body = json.dumps(PAYLOAD).encode()
    (name, value) = next(iter(signed(body).items()))
    with replica(tmp_path, FEW) as one, one.raw() as forge, contextlib.ExitStack() as stack:
        forge.sendall(HEAD + f"Content-Length: {len(body)}\r\n{name}: {value}\r\n\r\n".encode())
        many = [stack.enter_context(one.raw("127.0.0.2")) for _ in range(20)]
        assert [read_all(connection) for connection in many[:17]] == [b""] * 17
        forge.sendall(body)
        assert status(read_all(forge)) == 202


def test_hundreds_of_connections_at_once_leave_it_well(one: Replica) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(one.raw())
    eventually(one.is_well)


def test_large_pushes_that_stop_in_the_middle_do_not_keep_others_out(tmp_path: Path) -> None:
    body = json.dumps({**PAYLOAD, "commits": "x" * 2 * MIB}).encode()
    with replica(tmp_path) as one, contextlib.ExitStack() as stack:
        held = [stack.enter_context(one.raw()) for _ in range(UNPACED.large_bodies)]
        for connection in held:
            connection.sendall(HEAD + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body))
            assert status(connection.recv(1000)) == 100
            connection.sendall(body[:MIB])
        assert one.push(body).status == 202
        assert read_all(held[0]) == b""
        assert [one.push(body).status for _ in range(3)] == [202] * 3
    assert one.requested == [OF_PLATFORM] * 4


def test_a_body_that_keeps_coming_may_take_longer_than_one_that_stops(tmp_path: Path) -> None:
    body = json.dumps({**PAYLOAD, "commits": "x" * 500_000}).encode()
    (name, value) = next(iter(signed(body).items()))
    with replica(tmp_path, Limits(body_time=0.5, body_rate=100_000)) as one, one.raw() as connection:
        connection.sendall(HEAD + f"Content-Length: {len(body)}\r\n{name}: {value}\r\n\r\n".encode())
        for start in range(0, len(body), 150_000):
            connection.sendall(body[start : start + 150_000])
            time.sleep(0.2)
        assert status(read_all(connection)) == 202


def test_a_body_is_asked_for_when_the_client_waits_to_be_asked(one: Replica) -> None:
    body = json.dumps(PAYLOAD).encode()
    with one.raw() as connection:
        (name, value) = next(iter(signed(body).items()))
        head = f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n{name}: {value}\r\n\r\n"
        connection.sendall(HEAD + head.encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert status(read_all(connection)) == 202


def test_a_client_that_goes_on_sending_still_reads_why_it_was_refused(tmp_path: Path) -> None:
    with replica(tmp_path) as one, one.raw() as connection:
        connection.sendall(HEAD + b"Content-Length: 99999999\r\n\r\n" + b"x" * MIB)
        connection.shutdown(socket.SHUT_WR)
        assert status(read_all(connection)) == 413
