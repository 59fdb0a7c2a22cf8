"""What is in the files of a commit."""

from __future__ import annotations

import random

from tests.builders import role
from tests.faults.team import Parts, Story, Team, fails, followed, manifest
from webhook.baseline.refusal import Trouble

MIB = 1024 * 1024
# Each line stands for ten of the line before: a billion in the end.
BOMB = "a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def a_file_is_no_yaml(team: Team) -> Parts:
    yield None
    commit = team.change({"broken.yaml": "kind: Role\nmetadata: [\n"})
    yield fails(Trouble.BROKEN, f"{team.at(commit)} broken.yaml:3: ")
    team.commit({"broken.yaml": None})
    yield None


def a_file_is_an_alias_bomb(team: Team) -> Parts:
    yield None
    commit = team.change({"bomb.yaml": BOMB})
    yield fails(Trouble.BROKEN, f"{team.at(commit)} bomb.yaml:", "aliases repeat over 1,000,000 characters")
    team.commit({"bomb.yaml": None})
    yield None


def a_file_has_200_mebibytes(team: Team) -> Parts:
    yield None
    team.origin.git("config", "core.compression", "1")
    commit = team.change({"huge.yaml": b"#" * 200 * MIB})
    yield fails(
        Trouble.BROKEN, f"{team.at(commit)} huge.yaml:1: larger than 16 MiB; exclude the file, or split it"
    )
    team.commit({"huge.yaml": None})
    yield None


def there_is_more_to_fetch_than_max_size(team: Team) -> Parts:
    team.settings["maxSize"] = "1Mi"
    yield None
    commit = team.change({"noise": random.Random(4).randbytes(2 * MIB)})  # noqa: S311  # no secret
    yield fails(
        Trouble.BROKEN,
        f"{team.at(commit)}: commit {commit[:7]} could not be fetched: ",
        "has more to fetch than the 1Mi of `maxSize`: raise it, or name a smaller path",
    )
    team.commit({"noise": None})
    yield None


def a_symbolic_link_that_leads_out_is_passed_over(team: Team) -> Parts:
    yield None
    (team.origin.folder / "link.yaml").symlink_to("/etc/passwd")
    commit = team.change()
    yield followed(f"{team.at(commit)} link.yaml: a symbolic link, passed over; exclude it if")


def an_object_is_declared_twice(team: Team) -> Parts:
    yield None
    commit = team.change({"twice.yaml": manifest(team.before)})
    yield fails(
        Trouble.BROKEN,
        f"{team.at(commit)} twice.yaml:1: Role {team.name}/reader is already declared at"
        f" {team.at(commit)} role.yaml:1; keep one of them",
    )
    team.commit({"twice.yaml": None})
    yield None


def the_folder_is_emptied(team: Team) -> Parts:
    yield None
    commit = team.commit({team.file: None, "README.md": "empty"})
    yield fails(
        Trouble.HELD,
        f"{team.at(commit)}: it would take away 1 of 1 object (maxShrink: 50%)",
        f"if that is meant: baseward sync --accept {team.name}@{commit}",
    )
    team.change()
    yield None


def another_source_declares_the_object_already(team: Team) -> Parts:
    other = Team(team.folder / "other", "the-other")
    disputed = {"disputed.yaml": manifest(role("disputed", {"namespace": "the-other"}))}
    served = other.commit(disputed)
    team.beside.append(other)
    yield None
    commit = team.change(disputed)
    yield fails(
        Trouble.BROKEN,
        f"{team.at(commit)} disputed.yaml:1: Role the-other/disputed is already declared at"
        f" {other.at(served)} disputed.yaml:1; keep one of them",
    )
    other.commit({"disputed.yaml": None})
    yield None


STORIES: tuple[Story, ...] = (
    a_file_is_no_yaml,
    a_file_is_an_alias_bomb,
    a_file_has_200_mebibytes,
    there_is_more_to_fetch_than_max_size,
    a_symbolic_link_that_leads_out_is_passed_over,
    an_object_is_declared_twice,
    the_folder_is_emptied,
    another_source_declares_the_object_already,
)
