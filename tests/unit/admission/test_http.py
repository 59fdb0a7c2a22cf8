from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.admission.serving import Server, ask, read_all

GET = b"GET /pid HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def send(server: Server, request: bytes) -> bytes:
    """Send bytes on a connection of their own, and read until the server closes it."""
    with server.tls() as connection:
        connection.sendall(request)
        return read_all(connection)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"\x00\xff\xfe\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /pid HTTP/9.9\r\n\r\n",
        b"get /pid HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /p id HTTP/1.1\r\nHost: x\r\n\r\n",
        GET + b"Bad Name: x\r\n\r\n",
        GET + b"No colon\r\n\r\n",
        GET + b"Host: y\r\n\r\n",
        GET + b"X: a\x00b\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        CHUNKED + b"xyz\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"\r\n",
        CHUNKED + b"3\r\nabcdef\r\n",
        CHUNKED + b"3;a\rb\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    ],
)
def test_a_malformed_request_is_answered_400_and_the_worker_lives(
    server: Server, request_bytes: bytes
) -> None:
    worker, before = server.worker(), len(server.lines)
    answer = send(server, request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\nBad Request\n")
    assert server.worker() == worker
    assert server.lines[before:] in ([], ["disconnected"])


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", b"414 "),
        (GET + b"X: " + b"a" * 9000 + b"\r\n\r\n", b"431 "),
        (GET + b"".join(b"X%d: a\r\n" % i for i in range(101)) + b"\r\n", b"431 "),
        (b"GET /" + b"a" * 100_000, b"431 "),
        (GET + b"X: " + b"a" * 100_000, b"431 "),
        (CHUNKED + b"0" * 100_000, b"400 "),
        (CHUNKED + b"1;" + b"x" * 100_000, b"400 "),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * 20_000, b"400 "),
        (CHUNKED + b"1\r\nx\r\n" * 50_000, b"400 "),
    ],
)
def test_what_could_go_on_for_ever_is_bounded(server: Server, request_bytes: bytes, status: bytes) -> None:
    assert send(server, request_bytes).startswith(b"HTTP/1.1 " + status)


def test_a_fault_of_the_application_is_a_500_without_details_and_one_line_in_the_log(
    server: Server,
) -> None:
    before = len(server.log)
    answer = send(server, b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"Lookup" not in answer
    (line,) = server.log[before:]
    assert line["level"] == "error"
    assert line["exception"].endswith("LookupError: a fault of the application")


def test_an_answer_does_not_say_which_server_gave_it(server: Server) -> None:
    answers = send(server, GET + b"Connection: close\r\n\r\n") + send(server, b"NONSENSE\r\n\r\n")
    assert answers.count(b"\r\nDate: ") == 2
    assert b"gunicorn" not in answers
    assert b"server" not in answers.lower()


def test_a_connection_is_kept_for_further_requests(server: Server) -> None:
    client = server.client()
    ask(client, "/pid")
    connection = client.sock
    for size in (0, 1, 3_000, 100_000, 900_000):
        assert ask(client, "/echo", bytes(size)) == (200, bytes(size))
        assert client.sock is connection
    client.close()


def test_requests_sent_all_at_once_are_answered_in_order(server: Server) -> None:
    bodies = [b"first", b"second" * 50_000, b"third"]
    requests = [POST + b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies]
    answer = send(server, b"".join(requests) + GET + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    positions = [answer.index(b"\r\n\r\n" + body) for body in bodies]
    assert positions == sorted(positions)


def test_a_request_sent_right_after_an_answer_is_not_lost(server: Server) -> None:
    # While the application is still busy with the one before: gunicorn alone forgets such a request.
    client = server.client()
    for _ in range(3):
        assert ask(client, "/late")[0] == 200
    client.close()


def test_what_is_malformed_after_the_answer_gets_no_second_one(server: Server) -> None:
    with server.tls() as connection:
        connection.sendall(CHUNKED.replace(b"/echo", b"/early"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"nonsense\r\n")
        assert read_all(connection) == b""


def test_a_client_that_expects_100_continue_gets_it(server: Server) -> None:
    with server.tls() as connection:
        connection.sendall(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ab")
        assert read_all(connection).endswith(b"ab")


def test_a_client_that_has_its_answer_is_not_told_to_continue(server: Server) -> None:
    with server.tls() as connection:
        connection.sendall(
            b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"ab")
        assert read_all(connection) == b""


def test_a_request_to_become_a_websocket_is_answered_as_any_other(server: Server) -> None:
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Key: x\r\n\r\n"
    assert send(server, GET + upgrade).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "request_bytes", [GET + b"Connection: close\r\n\r\n", b"GET /pid HTTP/1.0\r\nHost: x\r\n\r\n"]
)
def test_the_last_answer_on_a_connection_says_so(server: Server, request_bytes: bytes) -> None:
    answer = send(server, request_bytes)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"\r\nConnection: close\r\n") == 1


def test_an_ipv6_address_can_be_served(start: Callable[..., Server]) -> None:
    assert start(address="[::1]:0").get("/pid") == 200
