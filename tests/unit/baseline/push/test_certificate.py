"""The receiver over TLS, and the renewal of its certificate."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.admission.serving import issue, trusting
from tests.unit.baseline.push.pushing import Replica, replica
from webhook.baseline.errors import ReceiverError
from webhook.baseline.push.connection import Limits


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Replica]:
    issue(tmp_path)
    with replica(tmp_path, Limits(header_time=0.5), certificates=tmp_path) as one:
        yield one


def presented(one: Replica) -> bytes | None:
    with one.raw() as plain, trusting().wrap_socket(plain) as connection:
        return connection.getpeercert(binary_form=True)


def test_a_push_comes_over_tls(one: Replica, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=tmp_path / "ca.crt")
    assert one.push(context=context).status == 202


def test_a_renewed_certificate_is_presented_to_the_next_connection(one: Replica, tmp_path: Path) -> None:
    for _ in range(2):
        renewed = issue(tmp_path)
        assert presented(one) == renewed


def test_a_broken_renewal_leaves_the_last_one_in_use_and_is_logged_once(
    one: Replica, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    last = issue(tmp_path)
    assert presented(one) == last
    (tmp_path / "tls.crt").write_text("no certificate")
    assert [presented(one), presented(one)] == [last, last]
    assert caplog.text.count("The one that was loaded before stays in use") == 1

    (tmp_path / "tls.key").unlink()
    assert presented(one) == last


def test_who_does_not_speak_tls_is_hung_up_on(one: Replica) -> None:
    assert not one.say(b"GET /livez HTTP/1.1\r\n\r\n").startswith(b"HTTP")
    assert not one.say(b"").startswith(b"HTTP")
    assert one.push(context=trusting()).status == 202


def test_without_a_certificate_it_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(ReceiverError, match=r"cannot use tls\.crt with tls\.key of .*: put a PEM chain"):
        Replica(tmp_path, certificates=tmp_path)


def test_who_does_not_shake_hands_gives_its_place_to_a_push(tmp_path: Path) -> None:
    issue(tmp_path)
    with replica(tmp_path, Limits(connections=1), certificates=tmp_path) as one, one.raw() as silent:
        assert one.push(context=trusting()).status == 202
        assert silent.recv(1) == b""
