from __future__ import annotations

import ssl

import pytest

from tests.unit.admission.serving import Server, read_all, trusting


def test_nothing_is_answered_without_tls(server: Server) -> None:
    with server.tcp() as plain:
        plain.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in read_all(plain)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_a_client_of_tls_1_1_is_turned_away(server: Server) -> None:
    old = trusting()
    old.set_ciphers("ALL:@SECLEVEL=0")  # or this client would refuse before the server does
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"EOF|ALERT_PROTOCOL_VERSION"):
        server.tls(old)


def test_a_client_of_tls_1_2_is_served(server: Server) -> None:
    client = trusting()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with server.tls(client) as connection:
        assert connection.version() == "TLSv1.2"
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["h2"], None)]
)
def test_no_protocol_but_http_1_1_is_agreed_on(
    server: Server, offered: list[str], chosen: str | None
) -> None:
    client = trusting()
    client.set_alpn_protocols(offered)
    with server.tls(client) as connection:
        assert connection.selected_alpn_protocol() == chosen


def test_a_clients_bad_tls_leaves_no_trace_in_the_log(server: Server) -> None:
    before = len(server.lines)
    for garbage in (b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01garbage" * 99, bytes(5000)):
        with server.tcp() as client:
            client.sendall(garbage)
    distrusting = ssl.create_default_context()
    with server.tcp() as client, pytest.raises(ssl.SSLCertVerificationError):
        distrusting.wrap_socket(client, server_hostname="localhost")
    connection = server.tls()
    raw = connection.detach()
    with open(raw, "wb", buffering=0) as torn:  # noqa: PTH123 (a descriptor, not a path)
        torn.write(b"\x17\x03\x03\x00\x20" + bytes(32))
    assert server.get("/readyz") == 200
    assert server.lines[before:] == []
