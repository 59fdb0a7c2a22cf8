"""What happens between us and the server of a repository."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.relay import Relay
from tests.faults.team import Parts, Story, Team, Told, fails
from tests.unit.baseline.git.servers import Certificates, basic, secret
from tests.unit.baseline.origin import HttpServer
from webhook.baseline.refusal import Trouble

PASSWORDS = ("the-first-pa55word", "the-second-pa55word", "a-wrong-pa55word")
FIRST, SECOND, WRONG = PASSWORDS


@contextmanager
def _relay(team: Team) -> Iterator[Relay]:
    """Serve the repository by http, behind a relay."""
    with HttpServer() as server, Relay(server.address) as relay:
        url = server.url("v2", team.origin.folder / ".git")
        team.settings["repository"] = url.replace(server.address, relay.address)
        yield relay


@contextmanager
def _https(team: Team) -> Iterator[HttpServer]:
    """Serve the repository by https, to whom knows the first password; it is in the team's credentials."""
    certificates = Certificates(team.folder)
    with HttpServer(certificates.context) as server:
        server.login = basic("reader", FIRST)
        team.settings |= {
            "repository": server.url("v2", team.origin.folder / ".git"),
            "credentials": str(team.folder / "credentials"),
        }
        secret(
            team.folder / "credentials",
            {"username": "reader", "password": FIRST, "ca.crt": certificates.authority},
        )
        yield server


def _password(team: Team) -> Path:
    return team.folder / "credentials" / "password"


def _refused(team: Team) -> Told:
    return fails(
        Trouble.UNREACHABLE,
        f"{team.name}: {team.settings['repository']} refused the credentials in {team.folder}/credentials",
    )


def the_server_is_down(team: Team) -> Parts:
    with _relay(team) as relay:
        yield None
        relay.stop()
        team.change()
        yield fails(Trouble.UNREACHABLE, f"{team.name}: nothing answers at {relay.address}: see whether")
        relay.start_again()
        yield None


def the_server_accepts_and_says_nothing(team: Team) -> Parts:
    team.settings["timeout"] = "3s"
    with _relay(team) as relay:
        yield None
        relay.limit = 0
        team.change()
        yield fails(
            Trouble.UNREACHABLE, f"{team.name}: {relay.address} did not answer to the end within 3 s: see"
        )
        relay.limit = None
        yield None


def the_repository_is_gone(team: Team) -> Parts:
    yield None
    team.change()
    moved = team.origin.folder.rename(team.folder / "elsewhere")
    yield fails(Trouble.UNREACHABLE, f"{team.name}: git ls-remote of {team.origin.folder} failed: ")
    moved.rename(team.origin.folder)
    yield None


def the_credentials_are_wrong(team: Team) -> Parts:
    with _https(team):
        yield None
        team.change()
        _password(team).write_text(WRONG)
        yield _refused(team)
        _password(team).write_text(FIRST)
        yield None


def the_credentials_are_rotated(team: Team) -> Parts:
    with _https(team) as server:
        yield None
        team.change()
        server.login = basic("reader", SECOND)
        yield _refused(team)
        _password(team).write_text(SECOND)
        yield None


STORIES: tuple[Story, ...] = (
    the_server_is_down,
    the_server_accepts_and_says_nothing,
    the_repository_is_gone,
    the_credentials_are_wrong,
    the_credentials_are_rotated,
)
