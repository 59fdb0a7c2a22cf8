from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.baseline.git.servers import secret
from webhook.baseline.errors import AccessError, GitError
from webhook.baseline.git.access import Access
from webhook.baseline.git.repository import Repository

HTTPS = "https://127.0.0.1:1/x.git"
SSH = "ssh://git@127.0.0.1:1/x.git"
SHORT_SSH = "git@127.0.0.1:x.git"


def fault(url: str, folder: Path) -> str:
    with pytest.raises(AccessError) as caught:
        Repository(url, folder.parent / "state", Access(folder)).resolve("main")
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "files", "problem"),
    [
        (HTTPS, {}, "there is neither password nor token nor bearerToken; put one there"),
        (HTTPS, {"known_hosts": "x"}, "there is neither password nor token nor bearerToken; put one there"),
        (HTTPS, {"username": "x"}, "there is neither password nor token nor bearerToken; put one there"),
        (HTTPS, {"token": "x", "bearerToken": "y"}, "there are token and bearerToken; keep one of them"),
        (HTTPS, {"token": "\n"}, "token is empty"),
        (HTTPS, {"username": "", "password": "x"}, "username is empty"),
        (HTTPS, {"bearerToken": "x\nHost: y"}, "bearerToken has more than one line"),
        (HTTPS, {"username": "x\ny", "password": "z"}, "username has more than one line"),
        (SSH, {"known_hosts": "x"}, "identity, ssh-privatekey or sshPrivateKey is missing, which ssh needs"),
        (
            SSH,
            {"identity": "x"},
            "known_hosts is missing, which ssh needs; `ssh-keyscan HOST` prints its lines",
        ),
        (SHORT_SSH, {"identity": "x", "known_hosts": ""}, "known_hosts is empty"),
        (HTTPS, {"tls.crt": "x"}, "tls.key is missing; a certificate and its key belong together"),
        (
            HTTPS,
            {"keyFile": "x", "token": "y"},
            "certFile is missing; a certificate and its key belong together",
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, url: str, files: dict[str, str], problem: str) -> None:
    folder = secret(tmp_path / "credentials", files)
    assert fault(url, folder) == f"credentials in {folder}: {problem}"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("githubAppID", "put a token of the app's installation into token, and renew it there"),
        ("githubAppPrivateKey", "put a token of the app's installation into token, and renew it there"),
        ("gcpServiceAccountKey", "put an access token of the account into token, and renew it there"),
        ("proxy", "name the proxy as the source's `proxy`"),
        (".netrc", "put its login into username, and its password into password"),
    ],
)
@pytest.mark.parametrize("url", [HTTPS, SSH])
def test_what_others_would_use_is_not_left_aside_in_silence(
    tmp_path: Path, url: str, name: str, advice: str
) -> None:
    folder = secret(tmp_path / "credentials", {name: "x", "token": "y"})
    assert fault(url, folder) == f"credentials in {folder}: {name} is not supported; {advice}"


def test_what_argo_cd_puts_beside_them_does_no_harm(tmp_path: Path) -> None:
    files = {"type": "git", "url": HTTPS, "project": "x", "name": "y", "password": "z"}
    assert "nothing answers at 127.0.0.1:1" in fault(HTTPS, secret(tmp_path / "credentials", files))


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    assert fault(HTTPS, folder) == f"credentials in {folder}: there is no such folder; mount the Secret there"


@pytest.mark.parametrize(("url", "name"), [(HTTPS, "token"), (HTTPS, "ca.crt"), (SSH, "identity")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, url: str, name: str) -> None:
    folder = tmp_path / "credentials"
    (folder / name).mkdir(parents=True)
    assert fault(url, folder) == f"credentials in {folder}: {name} cannot be read: Is a directory"


def test_credentials_that_nobody_asks_for_do_no_harm(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="does not appear to be a git repository"):
        Repository(f"{tmp_path}/x", tmp_path / "state", Access(tmp_path / "missing")).resolve("main")
