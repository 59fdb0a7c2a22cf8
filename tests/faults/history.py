"""What happens to the commits of a repository."""

from __future__ import annotations

from tests.faults.team import Parts, Story, Team, Told, fails, followed
from tests.unit.baseline.trust.signing import need, ssh_signer
from webhook.baseline.refusal import Trouble
from webhook.baseline.snapshot_files import GIT_FOLDER


def _force_push(team: Team) -> str:
    """Put another commit in the place of the last one."""
    team.origin.git("reset", "--quiet", "--hard", "HEAD^")
    return team.change()


def _held(team: Team, commit: str, served: str) -> Told:
    return fails(
        Trouble.HELD,
        f"{team.at(commit)}: it does not descend from {served[:7]}, which is served (rewritten: hold)",
        f"if that is meant: baseward sync --accept {team.name}@{commit}",
    )


def a_force_push_is_followed_where_that_is_accepted(team: Team) -> Parts:
    team.settings["rewritten"] = "accept"
    team.commit({"README.md": "more"})
    yield None
    _force_push(team)
    yield followed()


def a_force_push_is_held_until_a_commit_descends_from_the_last(team: Team) -> Parts:
    team.settings["rewritten"] = "hold"
    served = team.commit({"README.md": "more"})
    yield None
    yield _held(team, _force_push(team), served)
    team.origin.git("reset", "--quiet", "--hard", served)
    team.change()
    yield None


def a_rewritten_history_is_held_until_somebody_accepts_it(team: Team) -> Parts:
    team.settings["rewritten"] = "hold"
    served = team.head
    yield None
    team.origin.git("checkout", "--quiet", "--orphan", "anew")
    commit = team.change()
    team.origin.git("branch", "--quiet", "--force", "main", "anew")
    yield _held(team, commit, served)
    accepted = team.baseward.call("sync", "--accept", f"{team.name}@{commit}")
    assert f"{team.name}@{commit[:7]}: 1 object" in accepted.stdout + accepted.stderr
    yield None


def an_unsigned_commit_where_a_signature_is_demanded(team: Team) -> Parts:
    need("ssh-keygen")
    keys = team.folder / "keys"
    keys.mkdir()
    alice = ssh_signer(team.folder, "alice")
    (keys / alice.file).write_bytes(alice.public)
    team.settings["verify"] = {"mode": "head", "keys": str(keys)}
    alice.commit(team.origin)
    yield None
    commit = team.change()
    yield fails(Trouble.UNTRUSTED, f"{team.at(commit)}: commit {commit[:7]} is not signed; sign it, or")
    alice.commit(team.origin)
    yield None


def our_copy_of_the_repository_is_damaged(team: Team) -> Parts:
    yield None
    copy = team.baseward.state / GIT_FOLDER / team.name / "repository.git"
    for path in (copy / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"not what git wrote")
    team.change()
    yield followed()


STORIES: tuple[Story, ...] = (
    a_force_push_is_followed_where_that_is_accepted,
    a_force_push_is_held_until_a_commit_descends_from_the_last,
    a_rewritten_history_is_held_until_somebody_accepts_it,
    an_unsigned_commit_where_a_signature_is_demanded,
    our_copy_of_the_repository_is_damaged,
)
