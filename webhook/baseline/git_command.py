"""Run the ``git`` command, with nothing of the machine's or the user's own settings.

git finds its repository, its configuration and its credentials in many places. Each of them is
closed here: the environment is made anew, ``HOME`` is a folder of ours, no hook runs, no prompt
waits for a person, and only the transports that a source may name are allowed.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from webhook.baseline.errors import GitError
from webhook.core.printing import safe

_PASSED_ON = (
    *("PATH", "TMPDIR", "SSH_AUTH_SOCK"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",  # not ext, which runs any program
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a commit is what its name says
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "gc.autoDetach=false"),  # nothing is left running when a command has ended
    *("-c", "maintenance.autoDetach=false"),
)
# Of all places for settings only this file is read by the git that serves a local folder, and that
# one refuses folders of other users. Which folder is read was decided in our own configuration.
_HOME_CONFIGURATION = "[safe]\n\tdirectory = *\n"

_USERINFO = re.compile(r"(?<=://)[^/\s]+@")
_GRACE = 5.0
_MAX_ERROR = 300


def redact(text: str) -> str:
    """Take ``user:secret@`` out of the URLs in a text."""
    return _USERINFO.sub("***@", text)


class Git:
    """The git command for one repository: ``url`` is the remote one, ``home`` a folder of its own."""

    def __init__(self, home: Path, url: str) -> None:
        self.url = url
        self.repository = home / "repository.git"
        self._home = home

    def run(self, *arguments: str, timeout: float) -> bytes:
        """Run a command in the local repository and return what it wrote.

        Raises GitError, with what git said, where it failed or took longer than ``timeout`` seconds.
        """
        with self._start(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                output, complaint = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                raise self._failure(arguments[0], f"no end after {timeout:.0f} s") from None
            finally:
                _end(process)
        if process.returncode != 0:
            raise self._failure(arguments[0], _reason(complaint))
        return output

    @contextlib.contextmanager
    def reading(self, *arguments: str, stdin: IO[bytes]) -> Iterator[IO[bytes]]:
        """Run a command and read what it writes while it runs. Raises GitError where it failed."""
        with tempfile.TemporaryFile(dir=self._home) as complaint:
            with self._start(arguments, stdin=stdin, stderr=complaint) as process:
                try:
                    yield cast("IO[bytes]", process.stdout)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(_GRACE)
                finally:
                    _end(process)
            if process.returncode != 0:
                complaint.seek(0)
                raise self._failure(arguments[0], _reason(complaint.read()))

    def _start(
        self, arguments: tuple[str, ...], stdin: int | IO[bytes], stderr: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        command = ["git", *_SETTINGS, f"--git-dir={self.repository}", *arguments]
        try:
            # A session of its own: no terminal to prompt on, and its helpers can be ended with it.
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._environment(),
                start_new_session=True,
            )
        except FileNotFoundError:
            raise GitError("the program git is not on PATH: install git 2.30 or newer") from None
        except OSError as error:
            raise GitError(f"the program git cannot be started: {error.strerror}") from None

    def _environment(self) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {**passed_on, **_ENVIRONMENT, "HOME": str(self._home)}

    def prepare(self) -> None:
        """Make the folder and the empty local repository, where they are missing. Raises GitError."""
        if (self.repository / "HEAD").exists():
            return
        try:
            self.repository.mkdir(parents=True, exist_ok=True)
            (self._home / ".gitconfig").write_text(_HOME_CONFIGURATION)
        except OSError as error:
            raise GitError(
                f"cannot write to {self._home}: {error.strerror}; check who may write there, and free space"
            ) from None
        self.run("init", "--quiet", "--bare", "--template=", timeout=60)

    def _failure(self, command: str, reason: str) -> GitError:
        return GitError(f"git {command} of {redact(self.url)} failed: {redact(reason)}")


def _reason(complaint: bytes) -> str:
    """Return the line of git's complaint that says most: its first error, not what follows from it."""
    lines = [line for line in complaint.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    return safe((telling or lines[-1:] or ["git gave no reason"])[0], _MAX_ERROR)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command that still runs, and the helpers it started, so that none is left behind."""
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):  # first a chance to remove its lock files
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            return
