from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tests.unit.admission.serving import PATIENCE, Server, eventually, read_all

GET = b"GET /pid HTTP/1.1\r\nHost: x\r\n\r\n"


def test_on_sigterm_readiness_fails_first_and_what_is_in_flight_is_finished(
    start: Callable[..., Server],
) -> None:
    server = start(workers=2, drain=4)
    with server.tls() as client:
        client.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: server.logged("holding"))
        server.terminate()
        eventually(lambda: server.get("/readyz") == 503)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"in flight")
    assert server.wait() == 0
    assert server.logged("lifespan.shutdown")


def test_a_request_in_flight_longer_than_the_server_listens_is_finished(start: Callable[..., Server]) -> None:
    server = start(drain=0.1)
    with server.tls() as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
        server.terminate()
        eventually(lambda: not_listening(server))
        client.sendall(b"cde")
        assert read_all(client).endswith(b"abcde")
    assert server.wait() == 0


def not_listening(server: Server) -> bool:
    try:
        server.tcp().close()
    except ConnectionRefusedError:
        return True
    return False


def test_clients_that_keep_connections_are_told_to_go_elsewhere(start: Callable[..., Server]) -> None:
    server = start(drain=PATIENCE * 2, graceful_timeout=PATIENCE * 4)
    with server.tls() as kept:
        kept.sendall(GET)
        assert kept.recv(1000).startswith(b"HTTP/1.1 200 ")
        server.terminate()
        eventually(lambda: server.logged("stopping"))
        kept.sendall(GET)
        answer = read_all(kept)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_idle_connections_are_closed_in_order_and_do_not_hold_up_the_end(
    start: Callable[..., Server],
) -> None:
    server = start()
    with server.tls() as idle, server.tls() as silent:
        idle.sendall(GET)
        assert idle.recv(1000).startswith(b"HTTP/1.1 200 ")
        server.terminate()
        assert idle.recv(1000) == b""  # close_notify; a reset would raise
        assert silent.recv(1000) == b""
    assert server.wait() == 0
    assert server.logged("lifespan.shutdown")
    assert not server.logged("unanswered")


def test_a_request_that_is_never_answered_does_not_keep_the_server_from_stopping(
    start: Callable[..., Server],
) -> None:
    server = start(graceful_timeout=2)
    with server.tls() as client:
        client.sendall(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: server.logged("stuck"))
        server.terminate()
        assert server.wait() == 0
    assert server.logged("unanswered")
    assert server.logged("lifespan.shutdown")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_the_server_can_be_stopped_at_once(start: Callable[..., Server], how: signal.Signals) -> None:
    server = start(drain=PATIENCE * 2, graceful_timeout=PATIENCE * 4)
    os.kill(server.process.pid, how)
    assert server.wait() == 0


def test_a_killed_worker_is_replaced_and_its_end_told(start: Callable[..., Server]) -> None:
    server = start()
    killed = server.worker()
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: server.logged(f"exited {killed}"))
    assert server.worker() != killed


def test_on_sighup_workers_are_replaced_without_a_failed_call(start: Callable[..., Server]) -> None:
    server = start()
    first = server.worker()
    os.kill(server.process.pid, signal.SIGHUP)
    eventually(lambda: server.worker() != first)
    eventually(lambda: server.logged(f"exited {first}"))
    assert server.get("/readyz") == 200


@pytest.mark.parametrize(
    ("application", "why"), [("never starts", "no way"), ("cannot be made", "a fault of the application")]
)
def test_an_application_that_cannot_start_ends_the_server_with_2(
    start: Callable[..., Server], application: str, why: str
) -> None:
    server = start(ready=False, application=application)
    assert server.wait() == 2
    assert server.logged(why)
    assert [line for line in server.lines if not line.startswith(("{", "exited "))] == []
