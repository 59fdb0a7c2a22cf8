"""`baseward certs issue`, as a person types it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from certs import expiry
from webhook.cli.certs import certs_group

if TYPE_CHECKING:
    from pathlib import Path


def certs(*arguments: str | Path) -> Result:
    return CliRunner().invoke(
        certs_group, [str(argument) for argument in arguments], prog_name="baseward certs"
    )


def names_in(path: Path) -> list[str]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in names]


def lasts(path: Path, days: int) -> bool:
    """Tell whether the certificate ends about this many days from now."""
    return abs(expiry(path.read_bytes()) - datetime.now(UTC) - timedelta(days=days)) < timedelta(hours=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--name", "localhost", "--name", "127.0.0.1"),
        ("--name", "localhost", "127.0.0.1"),
    ],
)
def test_issue_writes_a_ca_and_a_certificate_for_the_names(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    out = tmp_path / "tls"
    result = certs("issue", "--out", out, *arguments)

    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == ["ca.crt", "tls.crt", "tls.key"]
    assert names_in(out / "tls.crt") == ["localhost", "127.0.0.1"]
    assert lasts(out / "tls.crt", 365)
    assert lasts(out / "ca.crt", 3650)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(out / "tls.crt", out / "tls.key")
    ssl.create_default_context(cafile=out / "ca.crt")


def test_issue_says_what_it_wrote_until_when_and_what_comes_next(tmp_path: Path) -> None:
    out = tmp_path / "the tls"
    result = certs("issue", "--out", out, "--name", "localhost")

    assert f"Wrote ca.crt, tls.crt and tls.key to {out}" in result.stdout
    assert f"until {expiry((out / 'tls.crt').read_bytes()):%Y-%m-%d}" in result.stdout
    assert f"webhook-config --ca-file '{out}/ca.crt'" in result.stdout
    assert "PRIVATE KEY" not in result.stdout


def test_issue_names_a_service_as_the_api_server_calls_it(tmp_path: Path) -> None:
    result = certs(
        "issue", "--out", tmp_path, "--service", "baseward", "--namespace", "prod", "--name", "localhost"
    )

    assert result.exit_code == 0
    assert names_in(tmp_path / "tls.crt") == ["localhost", "baseward.prod.svc"]


def test_days_set_how_long_the_certificates_last(tmp_path: Path) -> None:
    result = certs("issue", "--out", tmp_path, "--name", "localhost", "--days", "7", "--ca-days", "30")

    assert result.exit_code == 0
    assert lasts(tmp_path / "tls.crt", 7)
    assert lasts(tmp_path / "ca.crt", 30)


def test_the_same_command_again_renews(tmp_path: Path) -> None:
    command = ("issue", "--out", tmp_path, "--name", "localhost")
    certs(*command)
    first = (tmp_path / "tls.crt").read_bytes()

    assert certs(*command).exit_code == 0
    assert (tmp_path / "tls.crt").read_bytes() != first


def test_force_overwrites_what_baseward_did_not_issue(tmp_path: Path) -> None:
    (tmp_path / "tls.key").write_text("of another program")
    command = ("issue", "--out", tmp_path, "--name", "localhost")

    refused = certs(*command)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "tls.key was not issued by Baseward" in refused.stderr
    assert certs(*command, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "at least one DNS name or IP address"),
        (("--name", ""), "'' is neither a DNS name nor an IP address"),
        (("--name", "two words"), "'two words' is neither"),
        (("--name", "https://localhost:8443"), "without scheme or port"),
        (("--service", "baseward"), "--service and --namespace belong together"),
        (("--namespace", "prod"), "--service and --namespace belong together"),
        (("--service", "base ward", "--namespace", "prod"), "'base ward' is no service name"),
        (("--name", "localhost", "--days", "31", "--ca-days", "30"), "after its CA"),
    ],
)
def test_bad_input_ends_with_2_and_one_line_and_writes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = certs("issue", "--out", tmp_path / "tls", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "tls").exists()


def test_a_directory_that_cannot_be_written_to_ends_with_2_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = certs("issue", "--out", tmp_path / "file" / "tls", "--name", "localhost")

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"cannot write certificates at {tmp_path}/file/tls: Not a directory" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("issue",), ("issue", "--out", "x", "--name", "a", "--days", "0")])
def test_a_wrong_option_ends_with_2(arguments: tuple[str, ...]) -> None:
    result = certs(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")


def test_help_teaches_by_example() -> None:
    result = certs("issue", "--help")

    assert result.exit_code == 0
    assert "  baseward certs issue --out tls --name localhost --name 127.0.0.1\n" in result.stdout
    assert "To renew" in result.stdout
