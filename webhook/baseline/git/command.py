"""Run the ``git`` command, with nothing of the machine's or the user's own settings.

git finds its repository, its configuration and its credentials in many places. Each of them is
closed here: the environment is made anew, ``HOME`` is a folder of ours, no hook runs, no prompt
waits for a person, and only the transports that a source may name are allowed. All settings go
through the environment: unlike arguments, it is seen by nobody else.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, NamedTuple, cast

from webhook.baseline.errors import GitError, OverdueError, SizeError
from webhook.baseline.git.process import arriving, end, memory, start, talk, wait
from webhook.config.sizes import format_size
from webhook.core.printing import safe

NOTHING: Mapping[str, str] = MappingProxyType({})

_PASSED_ON = (
    *("PATH", "TMPDIR", "SSH_AUTH_SOCK"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",  # not ext, which runs any program
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a commit is what its name says
    "GIT_NO_LAZY_FETCH": "1",  # what was left out stays out
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.bigFileThreshold": "16m",  # larger files go straight to the disk, however much they unpack to
    "pack.threads": "1",  # each takes memory of its own
    "protocol.ext.allow": "never",
    "http.lowSpeedLimit": "1",  # byte a second: a git whose parent was killed ends, too
    "http.lowSpeedTime": "60",
    "gc.autoDetach": "false",  # nothing is left running when a command has ended
    "maintenance.autoDetach": "false",
}
# Of all places for settings only this file is read by the git that serves a local folder, and that
# one refuses folders of other users. Which folder is read was decided in our own configuration.
_HOME_CONFIGURATION = "[safe]\n\tdirectory = *\n"

_USERINFO = re.compile(r"(?<=://)[^/\s]+@")
_OUT_OF_MEMORY = re.compile(
    r"(fatal|error): .*(out of memory|cannot allocate memory|unable to \w*alloc|over limit)", re.IGNORECASE
)
_MAX_COMPLAINT = 2**16
_MAX_ERROR = 300


def redact(text: str) -> str:
    """Take ``user:secret@`` out of the URLs in a text."""
    return _USERINFO.sub("***@", text)


class Answer(NamedTuple):
    """How a command ended: its exit code, and what it wrote to stdout and stderr."""

    code: int
    output: bytes
    complaint: bytes


class Git:
    """The git command for one local repository, below a ``home`` of its own; ``url`` is the remote one."""

    def __init__(self, home: Path, url: str, name: str = "repository.git") -> None:
        self.url = url
        self.home = home
        self.repository = home / name

    def run(
        self,
        *arguments: str,
        timeout: float,
        environment: Mapping[str, str] = NOTHING,
        settings: Mapping[str, str] = NOTHING,
        given: bytes = b"",
    ) -> bytes:
        """Run a command in the local repository and return what it wrote.

        ``environment`` and ``settings`` (such as ``gpg.format``) come on top of ours; ``given`` is its
        stdin. Raises GitError, with what git said, where it failed or took longer than ``timeout`` seconds.
        """
        answer = self.ask(
            *arguments, timeout=timeout, environment=environment, settings=settings, given=given
        )
        if answer.code != 0:
            raise self.failure(arguments[0], reason(answer.complaint))
        return answer.output

    def ask(
        self,
        *arguments: str,
        timeout: float,
        environment: Mapping[str, str] = NOTHING,
        settings: Mapping[str, str] = NOTHING,
        given: bytes = b"",
        watch: Callable[[], None] | None = None,
    ) -> Answer:
        """Run a command as ``run`` does, and return how it ended, whatever that is.

        ``watch`` is called several times a second; what it raises ends the command. Raises GitError
        where the command cannot be started, OverdueError where it takes longer than ``timeout`` seconds.
        """
        stdin = subprocess.PIPE if given else subprocess.DEVNULL
        surroundings = self._environment(environment, settings)
        with self._start(arguments, stdin, subprocess.PIPE, surroundings) as process:
            try:
                output, complaint = talk(process, given or None, timeout, watch)
            except subprocess.TimeoutExpired:
                raise self._overdue(arguments[0], timeout) from None
            finally:
                end(process)
        return Answer(process.returncode, output, complaint)

    @contextlib.contextmanager
    def reading(self, *arguments: str, stdin: int | IO[bytes]) -> Iterator[IO[bytes]]:
        """Run a command and read what it writes while it runs. Raises GitError where it failed.

        Whoever reads raises EOFError where there is less than there should be: git tells why.
        """
        complete = False
        with tempfile.TemporaryFile(dir=self.home) as complaint:
            surroundings = self._environment(NOTHING, NOTHING)
            with self._start(arguments, stdin, complaint, surroundings) as process:
                try:
                    with contextlib.suppress(EOFError):
                        yield cast("IO[bytes]", process.stdout)
                        complete = True
                    wait(process)
                finally:
                    end(process)
            if process.returncode != 0 or not complete:
                complaint.seek(0)
                raise self.failure(arguments[0], reason(complaint.read(_MAX_COMPLAINT)))

    def pieces(self, *arguments: str, timeout: float) -> Generator[bytes, None, None]:
        """Run a command and yield what it writes, in pieces; close this where not all of it is wanted.

        Raises GitError where it failed, OverdueError where it takes longer than ``timeout`` seconds.
        """
        with self.reading(*arguments, stdin=subprocess.DEVNULL) as output:
            try:
                yield from arriving(output, timeout)
            except TimeoutError:
                raise self._overdue(arguments[0], timeout) from None

    def _start(
        self,
        arguments: tuple[str, ...],
        stdin: int | IO[bytes],
        stderr: int | IO[bytes],
        environment: Mapping[str, str],
    ) -> subprocess.Popen[bytes]:
        command = ["git", f"--git-dir={self.repository}", *arguments]
        try:
            return start(command, stdin, stderr, environment)
        except FileNotFoundError:
            raise GitError("the program git is not on PATH: install git 2.34 or newer") from None
        except OSError as error:
            raise GitError(f"the program git cannot be started: {error.strerror}") from None

    def _environment(self, more: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {
            **passed_on,
            **_ENVIRONMENT,
            "HOME": str(self.home),
            "GIT_ALLOC_LIMIT": str(memory()),  # bytes, for any one object
            **_configuration({**_SETTINGS, **settings}),
            **more,
        }

    def prepare(self) -> None:
        """Make the folder and the empty local repository, where they are missing. Raises GitError."""
        if (self.repository / "HEAD").exists():
            return
        try:
            self.repository.mkdir(parents=True, exist_ok=True)
            (self.home / ".gitconfig").write_text(_HOME_CONFIGURATION)
        except OSError as error:
            raise GitError(
                f"cannot write to {self.home}: {error.strerror}; check who may write there, and free space"
            ) from None
        self.run("init", "--quiet", "--bare", "--template=", timeout=60)

    def failure(self, command: str, why: str) -> GitError:
        """Return the error that says which command failed, on which repository, and why."""
        said = f"git {command} of {redact(self.url)} failed: {redact(why)}"
        if _OUT_OF_MEMORY.match(why):
            return SizeError(
                f"{said}: something in the repository needs more memory than the {format_size(memory())} that"
                " git may have, half of this container's at most; take it out"
            )
        return GitError(said)

    def _overdue(self, command: str, timeout: float) -> OverdueError:
        return OverdueError(str(self.failure(command, f"no end after {timeout:.0f} s")))


def reason(complaint: bytes) -> str:
    """Return the line of git's complaint that says most: its first error, not what follows from it."""
    lines = [line for line in complaint.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    return safe((telling or lines[-1:] or ["git gave no reason"])[0], _MAX_ERROR)


def _configuration(settings: Mapping[str, str]) -> dict[str, str]:
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables
