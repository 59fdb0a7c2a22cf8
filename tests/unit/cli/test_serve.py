"""`baseward serve` as it is started, over real TLS, with real workers and a real snapshot."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests.builders import Object, network_policy, put, review
from tests.unit.admission.judging import breaking_glass
from tests.unit.admission.serving import PATIENCE, eventually, issue
from tests.unit.cli.calling import Place, process

WEB = network_policy()
OPENED = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})
GOOD = json.dumps(review("CREATE", new=WEB)).encode()
JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024


def read(pipe: IO[str], lines: list[str]) -> None:
    """Gather lines as they come."""
    with pipe:
        for line in pipe:
            lines.append(line.rstrip("\n"))  # noqa: PERF401 (others look at the list meanwhile)


class Serving:
    """A running `baseward serve`, with all that it writes."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.scratch = place.folder / "scratch"
        self.scratch.mkdir()
        self.trust = ssl.create_default_context(cafile=str(place.folder / "tls" / "ca.crt"))
        environment = {"TMPDIR": str(self.scratch), "KUBECONFIG": os.devnull}
        self.process = process("--config", place.config, "serve", environment=environment)
        self.decisions: list[str] = []
        self.log: list[str] = []
        pipes = ((self.process.stdout, self.decisions), (self.process.stderr, self.log))
        self._readers = [threading.Thread(target=read, args=pipe) for pipe in pipes]
        for reader in self._readers:
            reader.start()

    def client(self) -> http.client.HTTPSConnection:
        host, port = self.place.address
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=self.trust)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, str]:
        with contextlib.closing(self.client()) as client:
            client.request(method, path, body, JSON if headers is None else headers, **more)
            answer = client.getresponse()
            return answer.status, answer.read().decode()

    def judge(self, document: Object) -> Object:
        status, text = self.ask("POST", "/validate?timeout=10s", json.dumps(document).encode())
        assert status == 200, text
        response: Object = json.loads(text)["response"]
        return response

    def answers(self, path: str, status: int) -> bool:
        assert self.process.poll() is None, self.log
        with contextlib.suppress(OSError):
            return self.ask("GET", path)[0] == status
        return False

    def end(self) -> int:
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code


@contextlib.contextmanager
def serving(place: Place, path: str, status: int) -> Iterator[Serving]:
    """Serve until the block ends; it begins when a path is answered with a status."""
    issue(place.folder / "tls")
    server = Serving(place)
    try:
        eventually(lambda: server.answers(path, status))
        yield server
    finally:
        server.end()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Two workers, whose Git declares one NetworkPolicy, shop/web."""
    place = Place(tmp_path_factory.mktemp("serve"))
    address = "{}:{}".format(*place.address)
    place.configure(serve={"address": address, "certificates": "tls", "workers": 2})
    place.declare(WEB)
    with serving(place, "/readyz", 200) as running:
        yield running


# Judging


def test_a_change_is_judged_over_tls(server: Serving) -> None:
    assert server.judge(review("CREATE", new=WEB))["allowed"]
    denied = server.judge(review("UPDATE", old=WEB, new=OPENED))
    assert not denied["allowed"]
    assert (denied["status"]["code"], denied["status"]["reason"]) == (403, "Forbidden")


def test_every_decision_is_a_line_on_standard_output(server: Serving) -> None:
    server.judge(review("DELETE", old=WEB, uid="a-uid-of-this-test"))
    eventually(lambda: any("a-uid-of-this-test" in line for line in server.decisions))
    line = json.loads(next(line for line in server.decisions if "a-uid-of-this-test" in line))
    assert (line["operation"], line["decision"], line["reason"]) == ("DELETE", "denied", "deletion")
    assert [line for line in server.decisions if not line.startswith('{"time":')] == []


def test_without_credentials_for_the_cluster_nobody_breaks_the_glass(server: Serving) -> None:
    denied = server.judge(review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall"))
    assert denied["auditAnnotations"]["reason"] == "break-glass-rejected"
    assert "no credentials for the Kubernetes API" in denied["status"]["message"].replace("\n", " ")


# Bad input, and the process alive after each


def assert_it_still_judges(server: Serving) -> None:
    assert server.ask("POST", "/validate", GOOD)[0] == 200


def in_chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // MIB):
        yield b" " * MIB


DEEP = GOOD.replace(b'"podSelector": {', b'"deep": ' + b"[" * 10_000 + b"]" * 10_000 + b', "podSelector": {')


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"{", JSON, 400, id="malformed"),
        pytest.param(b"", JSON, 400, id="empty"),
        pytest.param(GOOD.replace(b'"uid"', b'"di"'), JSON, 400, id="no uid"),
        pytest.param(DEEP, JSON, 400, id="10,000 deep"),
        pytest.param(GOOD, {"Content-Type": "text/yaml"}, 415, id="wrong type"),
        pytest.param(GOOD, {}, 415, id="no type"),
        pytest.param(b" " * (32 * MIB + 1), JSON, 413, id="too large"),
        pytest.param(GOOD.replace(b"NetworkPolicy", b"Widget"), JSON, 200, id="unknown kind"),
    ],
)
def test_bad_input_gets_its_status_and_does_no_harm(
    server: Serving, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert server.ask("POST", "/validate", body, headers)[0] == status
    assert_it_still_judges(server)
    assert server.process.poll() is None


def test_a_body_in_chunks_that_is_too_large_is_413(server: Serving) -> None:
    with contextlib.closing(server.client()) as client:
        # The server answers before it has read it all: it may close while we still send.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            client.request("POST", "/validate", in_chunks(40 * MIB), JSON, encode_chunked=True)
        assert client.getresponse().status == 413
    assert_it_still_judges(server)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/validate", 405), ("POST", "/livez", 405), ("GET", "/", 404), ("POST", "/nowhere", 404)],
)
def test_wrong_methods_and_paths(server: Serving, method: str, path: str, status: int) -> None:
    assert server.ask(method, path)[0] == status
    assert_it_still_judges(server)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/status", "/metrics"])
def test_head_is_get_without_a_body_and_the_connection_stays_usable(server: Serving, path: str) -> None:
    with contextlib.closing(server.client()) as client:
        client.request("HEAD", path)
        head = client.getresponse()
        assert head.status == 200
        assert int(head.headers["Content-Length"]) > 0
        assert head.read() == b""
        connection = client.sock
        client.request("GET", "/livez")
        assert client.getresponse().read() == b"ok\n"
        assert client.sock is connection


def test_a_refusal_leaves_the_connection_usable_or_closes_it(server: Serving) -> None:
    with contextlib.closing(server.client()) as client:
        for body in (b"{", GOOD, b"x" * 100_000, GOOD):
            client.request("POST", "/validate", body, JSON)
            answer = client.getresponse()
            assert answer.status == (200 if body is GOOD else 400)
            answer.read()


# How it is


def test_all_workers_count_together(server: Serving) -> None:
    for _ in range(20):  # each on a connection of its own: some come to the one worker, some to the other
        server.judge(review("CREATE", new=network_policy("counted")))
    pages = {server.ask("GET", "/metrics")[1] for _ in range(6)}
    label = 'decision="denied",kind="NetworkPolicy",operation="CREATE",reason="undeclared"'
    counted = {line for page in pages for line in page.splitlines() if label in line}
    assert counted == {f"baseward_requests_total{{{label}}} 20.0"}


def test_status_and_readiness_tell_of_the_snapshot(server: Serving) -> None:
    assert server.ask("GET", "/readyz") == (200, "ok\n")
    status = json.loads(server.ask("GET", "/status")[1])
    assert status["ready"]
    assert status["snapshot"]["objects"] == 1


# From the first snapshot to the end


def test_from_no_snapshot_to_the_first_to_the_next_to_the_end(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with serving(place, "/livez", 200) as server:
        status, why = server.ask("GET", "/readyz")
        assert (status, "no snapshot has been loaded yet" in why) == (503, True)
        assert server.ask("POST", "/validate", GOOD)[0] == 503

        place.declare(WEB)
        eventually(lambda: server.answers("/readyz", 200))
        assert server.judge(review("CREATE", new=WEB))["allowed"]

        place.declare(OPENED)
        eventually(lambda: server.judge(review("CREATE", new=OPENED))["allowed"])

        assert list(server.scratch.iterdir()) != []  # the counters of its workers
        assert server.end() == 0
        assert list(server.scratch.iterdir()) == []
        assert "Traceback" not in "\n".join(server.log)
        assert [line for line in server.log if not line.startswith("{")] == []


# What is wrong


def test_without_certificates_it_does_not_start_and_says_what_to_do(tmp_path: Path) -> None:
    started = process("--config", Place(tmp_path).config, "serve")
    output, errors = started.communicate(timeout=PATIENCE)
    assert (started.returncode, output) == (2, "")
    assert f"{tmp_path}/tls" in errors
    assert "baseward certs issue" in errors
    assert "Traceback" not in errors
