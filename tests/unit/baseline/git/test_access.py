from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.baseline.git.servers import Certificates, Sshd, basic, needs_sshd, secret
from tests.unit.baseline.origin import HttpServer, Origin
from webhook.baseline.errors import AccessError, GitError, OverdueError
from webhook.baseline.git.access import Access
from webhook.baseline.git.repository import Repository

PASSWORD = "s3cr3t-of-the-test"
LOGIN = basic("reader", PASSWORD)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
def https(certificates: Certificates) -> Iterator[HttpServer]:
    with HttpServer(certificates.context) as server:
        yield server


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    needs_sshd()
    with Sshd(tmp_path / "sshd") as server:
        yield server


@pytest.fixture
def bare(origin: Origin, tmp_path: Path) -> Path:
    """Provide what the servers serve: a repository of one file."""
    origin.commit({"a.yaml": "1"})
    return origin.bare(tmp_path / "bare.git")


def opened(url: str, tmp_path: Path, files: dict[str, str] | None = None, **access: object) -> Repository:
    """Return the repository as seen with these files as its credentials; None is without any."""
    credentials = None if files is None else secret(tmp_path / "credentials", files)
    return Repository(url, tmp_path / "a state of 100%", Access(credentials, **access))  # type: ignore[arg-type]  # its fields


def content(repository: Repository) -> list[bytes]:
    head = repository.resolve("main")
    repository.fetch(head)
    return list(repository.read(repository.entries(head.commit, "")))


def fault(repository: Repository, kind: type[GitError] = AccessError) -> str:
    with pytest.raises(kind) as caught:
        repository.resolve("main")
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def all_commands() -> list[str]:
    """Return what all processes were called with."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended
    return found


# https


@pytest.mark.parametrize(
    ("files", "login"),
    [
        ({"username": "reader", "password": PASSWORD}, LOGIN),
        ({"username": "reader\n", "password": f"{PASSWORD}\n"}, LOGIN),
        ({"username": "reader", "token": PASSWORD}, LOGIN),
        ({"token": PASSWORD}, basic("x-access-token", PASSWORD)),
        ({"password": PASSWORD}, basic("x-access-token", PASSWORD)),
        ({"bearerToken": PASSWORD}, f"Bearer {PASSWORD}"),
        ({"username": "ä b", "password": "%s\\n $(x) `y` 'z' \"ü"}, basic("ä b", "%s\\n $(x) `y` 'z' \"ü")),
    ],
)
def test_a_server_is_told_what_is_in_the_files(
    https: HttpServer,
    certificates: Certificates,
    bare: Path,
    tmp_path: Path,
    files: dict[str, str],
    login: str,
) -> None:
    https.login = login
    files = {**files, "ca.crt": certificates.authority}
    assert content(opened(https.url("v2", bare), tmp_path, files)) == [b"1"]


def test_a_server_that_wants_no_credentials_needs_no_more_than_its_ca(
    https: HttpServer, certificates: Certificates, bare: Path, tmp_path: Path
) -> None:
    for name in ("ca.crt", "caFile"):
        files = {name: certificates.authority}
        assert content(opened(https.url("v2", bare), tmp_path, files)) == [b"1"]


@pytest.mark.parametrize(
    "names", [("tls.crt", "tls.key"), ("certFile", "keyFile"), ("tlsClientCertData", "tlsClientCertKey")]
)
def test_a_server_that_wants_to_know_our_certificate_is_shown_it(
    https: HttpServer, certificates: Certificates, bare: Path, tmp_path: Path, names: tuple[str, str]
) -> None:
    certificates.demand_client()
    files = {"ca.crt": certificates.authority, **dict(zip(names, certificates.client(), strict=True))}
    assert content(opened(https.url("v2", bare), tmp_path, files)) == [b"1"]


def test_a_certificate_of_ours_that_cannot_be_used_is_said(
    https: HttpServer, certificates: Certificates, bare: Path, tmp_path: Path
) -> None:
    certificates.demand_client()
    url, files = https.url("v2", bare), {"ca.crt": certificates.authority}
    files |= {"tls.crt": certificates.client()[0], "tls.key": "no PEM"}
    assert "must hold a certificate and its key in PEM" in fault(opened(url, tmp_path, files))
    files["tls.key"] = certificates.client()[1]  # of another certificate
    assert "must hold a certificate and its key in PEM" in fault(opened(url, tmp_path, files))


def test_rotated_credentials_are_picked_up(http: HttpServer, bare: Path, tmp_path: Path) -> None:
    repository = opened(http.url("v2", bare), tmp_path, {"username": "reader", "password": PASSWORD})
    http.login = LOGIN
    assert content(repository) == [b"1"]
    http.login = basic("reader", "another")
    assert fault(repository) == (
        f"{http.url('v2', bare)} refused the credentials in {tmp_path}/credentials: see whether they are"
        " valid and may read it"
    )
    secret(tmp_path / "credentials", {"username": "reader", "password": "another"})
    assert content(repository) == [b"1"]


@pytest.mark.parametrize("name", ["token", "bearerToken"])
def test_wrong_credentials_are_told_from_missing_ones(
    http: HttpServer, bare: Path, tmp_path: Path, name: str
) -> None:
    http.login = LOGIN
    url = http.url("v2", bare)
    assert f"{url} refused the credentials in" in fault(opened(url, tmp_path, {name: PASSWORD}))
    assert fault(opened(url, tmp_path)) == (
        f"{url} asks for credentials: name their folder as the source's `credentials`"
    )


def test_wrong_credentials_are_not_tried_again_and_again(
    http: HttpServer, bare: Path, tmp_path: Path
) -> None:
    repository = opened(http.url("v2", bare), tmp_path, {"token": PASSWORD})
    head = repository.resolve("main")
    http.login = LOGIN
    with pytest.raises(AccessError, match=f"commit {head.commit[:7]} could not be fetched: .* refused"):
        repository.fetch(head)
    assert [login for login in http.logins if login] == [basic("x-access-token", PASSWORD)]


def test_what_credentials_may_not_see_is_said(http: HttpServer, bare: Path, tmp_path: Path) -> None:
    repository = opened(http.url("v2", bare), tmp_path, {"token": PASSWORD})
    http.status = 403
    assert "forbids this (403): see whether the owner of the credentials in" in fault(repository)
    http.status = 404
    assert "there is no repository at http://127.0.0.1" in fault(repository)


@pytest.mark.parametrize("files", [{"username": "reader", "password": PASSWORD}, {"bearerToken": PASSWORD}])
def test_a_redirect_to_another_server_gets_no_credentials(
    http: HttpServer, bare: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    with HttpServer() as other:
        http.moved_to = f"http://{other.address}"
        repository = opened(http.url("v2", bare), tmp_path, files)
        if "password" in files:
            assert content(repository) == [b"1"]
            other.login = LOGIN
            assert "refused the credentials" in fault(repository)
            other.login = None
        http.login = LOGIN if "password" in files else f"Bearer {PASSWORD}"
        assert "redirects to another address: write that one" in fault(repository)
        assert http.login in http.logins
        assert not any(other.logins)


def test_an_unknown_ca_is_said(
    https: HttpServer, certificates: Certificates, bare: Path, tmp_path: Path
) -> None:
    url = https.url("v2", bare)
    for files in (None, {"token": PASSWORD}, {"ca.crt": Certificates(tmp_path).authority}):
        assert f"the certificate of {https.address} is not valid, or its CA not trusted" in fault(
            opened(url, tmp_path, files)
        )
    assert "ca.crt in" in fault(opened(url, tmp_path, {"ca.crt": "no PEM"}))
    localhost = url.replace("127.0.0.1", "localhost")
    files = {"ca.crt": certificates.authority}
    assert "the certificate of localhost:" in fault(opened(localhost, tmp_path, files))
    assert "has another name" in fault(opened(localhost, tmp_path, files))


def test_a_host_without_an_address_is_said(tmp_path: Path) -> None:
    host = f"{'x' * 64}.test"  # longer than a name may be: no server is asked
    assert fault(opened(f"https://{host}/x.git", tmp_path)) == (
        f"the name of {host} has no address (DNS): correct it, or see to this machine's resolver"
    )


@pytest.mark.parametrize("scheme", ["http", "https", "ssh"])
def test_a_server_that_is_down_or_says_nothing_is_said(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        repository = opened(f"{scheme}://{address}/x.git", tmp_path, timeout=1)
        assert f"{address} did not answer to the end within 1 s" in fault(repository, OverdueError)
    assert f"nothing answers at {address}: see whether the server runs" in fault(repository)


# Proxies


def test_a_proxy_is_used_whatever_the_surroundings_say(
    http: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    repository = opened("http://git.invalid/x.git", tmp_path, proxy=f"http://{http.address}")
    fault(repository)
    assert http.requests[0].startswith("http://git.invalid/x.git/info/refs")


def test_a_proxy_that_is_down_is_named(tmp_path: Path) -> None:
    message = fault(opened("https://git.invalid/x.git", tmp_path, proxy="http://127.0.0.1:1"))
    assert message.startswith("nothing answers at git.invalid, through the proxy http://127.0.0.1:1: see")


# ssh


@pytest.mark.parametrize("name", ["identity", "ssh-privatekey", "sshPrivateKey"])
def test_ssh_takes_the_key_and_the_known_hosts_of_the_files(
    sshd: Sshd, bare: Path, tmp_path: Path, name: str
) -> None:
    files = {name: sshd.key.rstrip("\n"), "known_hosts": sshd.known_hosts}
    assert content(opened(sshd.url(bare), tmp_path, files)) == [b"1"]


def test_an_unknown_host_is_not_talked_to(sshd: Sshd, bare: Path, tmp_path: Path) -> None:
    files = {"identity": sshd.key, "known_hosts": f"other.test {sshd.known_hosts.partition(' ')[2]}"}
    repository = opened(sshd.url(bare), tmp_path, files)
    assert f"the host key of {sshd.address} is unknown: put it into known_hosts in" in fault(repository)
    secret(tmp_path / "credentials", {"identity": sshd.key, "known_hosts": sshd.known_hosts})
    assert content(repository) == [b"1"]


def test_a_changed_host_key_is_not_accepted(sshd: Sshd, bare: Path, tmp_path: Path) -> None:
    files = {"identity": sshd.key, "known_hosts": sshd.known_hosts}
    repository = opened(sshd.url(bare), tmp_path, files)
    assert content(repository) == [b"1"]
    sshd.replace_host_key()
    assert f"the host key of {sshd.address} is not the one in known_hosts in" in fault(repository)


def test_a_key_that_is_not_known_or_not_readable_is_said(sshd: Sshd, bare: Path, tmp_path: Path) -> None:
    with Sshd(tmp_path / "another") as another:
        files = {"identity": another.key, "known_hosts": sshd.known_hosts}
        assert " refused the credentials in" in fault(opened(sshd.url(bare), tmp_path, files))
    files["identity"] = PASSWORD
    assert "must be a private key without a passphrase" in fault(opened(sshd.url(bare), tmp_path, files))


def test_a_host_that_nobody_vouched_for_is_not_talked_to_without_credentials_either(
    sshd: Sshd, bare: Path, tmp_path: Path
) -> None:
    assert "the host key of" in fault(opened(sshd.url(bare), tmp_path))


def test_a_missing_ssh_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    message = fault(opened("ssh://git@127.0.0.1:1/x.git", tmp_path))
    assert message == "the program ssh is not on PATH: install openssh-client"


# Secrets


def test_no_secret_is_seen_in_a_process_list_or_left_in_a_file(
    https: HttpServer, certificates: Certificates, sshd: Sshd, bare: Path, tmp_path: Path
) -> None:
    commands: list[str] = []
    https.watch = sshd.watch = lambda: commands.extend(all_commands())
    for files in ({"username": "reader", "password": PASSWORD}, {"bearerToken": PASSWORD}):
        https.login = LOGIN if "password" in files else f"Bearer {PASSWORD}"
        repository = opened(https.url("v2", bare), tmp_path, files | {"ca.crt": certificates.authority})
        assert content(repository) == [b"1"]
    ssh = {"identity": sshd.key, "known_hosts": sshd.known_hosts}
    assert content(Repository(sshd.url(bare), tmp_path / "ssh", Access(secret(tmp_path / "b", ssh)))) == [
        b"1"
    ]
    assert any("remote-https" in command for command in commands)
    assert any(command.startswith("ssh ") for command in commands)
    assert not any(PASSWORD in command or LOGIN.split()[1] in command for command in commands)
    left = [path for state in ("a state of 100%", "ssh") for path in (tmp_path / state).rglob("*")]
    assert left
    for path in filter(Path.is_file, left):
        assert PASSWORD.encode() not in path.read_bytes()
        assert b"PRIVATE KEY" not in path.read_bytes()
