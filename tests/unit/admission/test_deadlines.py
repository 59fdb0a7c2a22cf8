from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.unit.admission.serving import Server, ask, eventually, read_all
from webhook.admission.deadlines import Deadlines

SHORT = 0.4  # seconds
GET = b"GET /pid HTTP/1.1\r\nHost: x\r\n"


def test_connections_are_kept_longer_than_gos_clients_keep_them() -> None:
    assert Deadlines().idle >= 100


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01\x00"])
def test_a_stalled_handshake_is_dropped(start: Callable[..., Server], sent: bytes) -> None:
    server = start(deadlines={"handshake": SHORT})
    with server.tcp() as client:
        client.sendall(sent)
        assert read_all(client) == b""


def test_a_client_that_never_asks_anything_is_dropped(start: Callable[..., Server]) -> None:
    with start(deadlines={"header": SHORT}).tls() as client:
        assert read_all(client) == b""


def test_a_stalled_header_is_dropped(start: Callable[..., Server]) -> None:
    with start(deadlines={"header": SHORT}).tls() as client:
        client.sendall(GET)
        assert read_all(client).startswith(b"HTTP/1.1 408 ")


def test_the_stalled_header_of_a_second_request_is_dropped(start: Callable[..., Server]) -> None:
    with start(deadlines={"header": SHORT}).tls() as client:
        client.sendall(GET + b"\r\n" + GET)
        assert b"HTTP/1.1 408 " in read_all(client)


def test_a_header_that_trickles_in_is_dropped(start: Callable[..., Server]) -> None:
    # Time to read the answer: a reset, which follows when the client goes on sending, would discard it.
    with start(deadlines={"header": SHORT, "close": 10}).tls() as client:
        client.sendall(GET)
        client.settimeout(0.05)
        answer = b""
        for byte in itertools.cycle(b"X: y\r\n"):
            client.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                answer = client.recv(65536)
                break
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 10\r\n\r\n123", b"Transfer-Encoding: chunked\r\n\r\n3\r\n123"]
)
def test_a_stalled_body_is_dropped_and_the_application_told(
    start: Callable[..., Server], framing: bytes
) -> None:
    server = start(deadlines={"body": SHORT})
    with server.tls() as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\n" + framing)
        assert read_all(client).startswith(b"HTTP/1.1 408 ")
    eventually(lambda: server.logged("disconnected"))


def test_an_idle_connection_outlives_the_other_deadlines(start: Callable[..., Server]) -> None:
    server = start(deadlines={"handshake": SHORT, "header": SHORT, "body": SHORT})
    idle = server.client()
    ask(idle, "/pid")
    connection = idle.sock
    for _ in range(2):
        with server.tls() as stalled:
            assert read_all(stalled) == b""
    assert ask(idle, "/pid")[0] == 200
    assert idle.sock is connection
    idle.close()


def test_no_client_is_dropped_because_the_worker_was_paused(start: Callable[..., Server]) -> None:
    server = start(deadlines={"header": SHORT})
    worker = server.worker()
    clients = [server.tls() for _ in range(10)]
    for client in clients:
        client.sendall(GET)
    os.kill(worker, signal.SIGSTOP)
    try:
        for client in clients:
            client.sendall(b"Connection: close\r\n\r\n")
        time.sleep(2 * SHORT)  # the pause itself
    finally:
        os.kill(worker, signal.SIGCONT)
    for client in clients:
        assert read_all(client).startswith(b"HTTP/1.1 200 ")
        client.close()


def test_an_idle_connection_is_closed_in_the_end(start: Callable[..., Server]) -> None:
    with start(deadlines={"idle": SHORT}).tls() as client:
        client.sendall(GET + b"\r\n")
        assert read_all(client).count(b"HTTP/1.1 200 ") == 1


def test_an_application_that_never_answers_is_cut_off(start: Callable[..., Server]) -> None:
    server = start(deadlines={"answer": SHORT})
    with server.tls() as client:
        client.sendall(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_all(client) == b""
    eventually(lambda: server.logged("dropping a request"))


def test_a_client_that_does_not_read_its_answer_is_cut_off(start: Callable[..., Server]) -> None:
    server = start(deadlines={"answer": SHORT})
    with server.tls() as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: server.logged("dropping a request"))
    eventually(lambda: server.answers("/pid"))  # on a busy machine not each answer is written in time


def test_stalled_clients_do_not_hold_up_others(start: Callable[..., Server]) -> None:
    server = start()
    with contextlib.ExitStack() as stalled:
        for _ in range(40):
            stalled.enter_context(server.tcp())
            stalled.enter_context(server.tls()).sendall(GET)
            stalled.enter_context(server.tls()).sendall(b"POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\n1")
        assert server.get("/pid") == 200


def test_with_too_many_connections_those_go_that_never_asked_anything(start: Callable[..., Server]) -> None:
    server = start(connections=5)
    with contextlib.ExitStack() as open_connections:
        used = server.client()
        ask(used, "/pid")
        connection = used.sock
        silent = [open_connections.enter_context(server.tls()) for _ in range(20)]
        assert read_all(silent[0]) == b""
        assert server.get("/pid") == 200
        assert ask(used, "/pid")[0] == 200
        assert used.sock is connection
        used.close()


def test_with_too_many_connections_the_longest_idle_goes(start: Callable[..., Server]) -> None:
    server = start(connections=3)
    clients = [server.client() for _ in range(6)]
    for client in clients:
        assert ask(client, "/pid")[0] == 200
    assert clients[0].sock is not None
    assert read_all(clients[0].sock) == b""
    for client in clients:
        client.close()
