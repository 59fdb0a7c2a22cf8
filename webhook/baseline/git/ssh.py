"""How git runs ssh: with the key and the known hosts of a source, and nothing of the user's own."""

from __future__ import annotations

import contextlib
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from webhook.baseline.errors import GitError
from webhook.baseline.git.credentials import Credentials

_OPTIONS = (
    *("-F", "none"),  # no configuration of the user or the machine
    *("-o", "BatchMode=yes"),  # nobody is there to be asked
    *("-o", "StrictHostKeyChecking=yes"),
    *("-o", "UpdateHostKeys=no"),
    *("-o", "ServerAliveInterval=15"),
)


def agent_command() -> str:
    """Return the ssh command for a source without credentials: the user's own keys, agent and known hosts."""
    return shlex.join(["ssh", *_OPTIONS])


@contextlib.contextmanager
def key_command(credentials: Credentials, folder: Path) -> Iterator[str]:
    """Return the ssh command for a source's key, for as long as it is needed.

    ssh refuses a key that others may read, as they may in a mounted Secret, and one whose last line has
    no end: both files are copied into ``folder``, which is removed afterwards. Raises GitError.
    """
    files = {"key": credentials.ssh_key(), "known_hosts": credentials.known_hosts()}
    try:
        _write(folder, files)
        yield _command(folder / "key", folder / "known_hosts")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)  # what was left when we were killed
        folder.mkdir(mode=0o700)
        for name, text in files.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_bytes(f"{text}\n".encode(errors="surrogateescape"))
    except OSError as error:
        advice = "check who may write there, and free space"
        raise GitError(f"cannot write to {folder}: {error.strerror}; {advice}") from None


def _command(key: Path, known_hosts: Path) -> str:
    options = {
        "IdentityFile": _quoted(key),
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PreferredAuthentications": "publickey",
        "UserKnownHostsFile": _quoted(known_hosts),
        "GlobalKnownHostsFile": "none",
    }
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return shlex.join(["ssh", *_OPTIONS, *given])


def _quoted(path: Path) -> str:
    """Write a path as ssh reads it: the space ends a word, and ``%h`` is the host."""
    return '"' + str(path.absolute()).replace("%", "%%") + '"'
