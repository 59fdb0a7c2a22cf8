from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.baseline.origin import HttpServer, Origin
from webhook.baseline.errors import AccessError, GitError, SizeError
from webhook.baseline.git.access import Access
from webhook.baseline.git.repository import Repository


@pytest.mark.parametrize("root", ["v2", "v0", "dumb"])
def test_a_commit_descends_from_those_before_it(
    origin: Origin, http: HttpServer, tmp_path: Path, root: str
) -> None:
    first = origin.commit({"a.yaml": "1"})
    second = origin.commit({"a.yaml": "2"})
    origin.git("checkout", "--quiet", "-b", "side", first)
    side = origin.commit({"a.yaml": "3"})
    bare = origin.bare(tmp_path / "bare.git")
    origin.git("--git-dir", str(bare), "update-server-info")
    repository = Repository(http.url(root, bare), tmp_path / "state")
    assert repository.is_ancestor(first, second)
    assert repository.is_ancestor(second, second)
    assert not repository.is_ancestor(second, first)
    assert not repository.is_ancestor(second, side)
    assert not repository.is_ancestor(side, second)


def test_after_a_force_push_the_new_commit_does_not_descend_from_the_lost_one(
    origin: Origin, repository: Repository
) -> None:
    origin.commit({"a.yaml": "1"})
    lost = origin.commit({"a.yaml": "2"})
    repository.fetch(repository.resolve("main"))
    origin.git("reset", "--quiet", "--hard", "HEAD~")
    rewritten = origin.commit({"a.yaml": "3"})
    origin.git("reflog", "expire", "--expire=now", "--all")
    origin.git("gc", "--quiet", "--prune=now")
    assert not repository.is_ancestor(lost, rewritten)
    assert repository.is_ancestor(rewritten, origin.commit({"a.yaml": "4"}))


def test_history_comes_without_files_and_is_asked_for_once(
    origin: Origin, http: HttpServer, tmp_path: Path
) -> None:
    commits = [origin.commit({"a.yaml": f"{number}"}) for number in range(5)]
    repository = Repository(http.url("v2", origin.bare(tmp_path / "bare.git")), tmp_path / "state")
    assert repository.is_ancestor(commits[0], commits[4])
    command = ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]
    types = subprocess.run(command, cwd=tmp_path / "state/history.git", capture_output=True, check=True)
    assert types.stdout.split() == [b"commit"] * 5
    http.requests.clear()
    assert repository.is_ancestor(commits[3], commits[4])
    assert http.requests == []


def test_files_are_fetched_as_ever_beside_a_known_history(
    origin: Origin, http: HttpServer, tmp_path: Path
) -> None:
    first = origin.commit({"prod/a.yaml": "1", "prod/same.yaml": "1"})
    repository = Repository(http.url("v2", origin.bare(tmp_path / "bare.git")), tmp_path / "state")
    repository.fetch(repository.resolve("main"), "prod")
    second = origin.commit({"prod/a.yaml": "2"})
    origin.git("push", "--quiet", str(tmp_path / "bare.git"), "main")
    assert repository.is_ancestor(first, second)
    head = repository.resolve("main")
    repository.fetch(head, "prod")
    assert list(repository.read(repository.entries(head.commit, "prod"))) == [b"2", b"1"]


def test_a_shallow_remote_that_does_not_show_it_is_an_error(origin: Origin, tmp_path: Path) -> None:
    first = origin.commit({"a.yaml": "1"})
    second = origin.commit({"a.yaml": "2"})
    third = origin.commit({"a.yaml": "3"})
    origin.git("clone", "--quiet", "--depth=2", origin.folder.as_uri(), str(tmp_path / "shallow"))
    repository = Repository(str(tmp_path / "shallow"), tmp_path / "state")
    assert repository.is_ancestor(second, third)
    with pytest.raises(GitError, match=f"cannot tell whether {third[:7]} descends from {first[:7]} in"):
        repository.is_ancestor(first, third)


def test_a_remote_that_is_gone_is_an_error(origin: Origin, http: HttpServer, tmp_path: Path) -> None:
    first, second = origin.commit(), origin.commit()
    repository = Repository(http.url("v2", origin.bare(tmp_path / "bare.git")), tmp_path / "state")
    assert repository.is_ancestor(first, second)
    third = origin.commit()
    http.status = 403
    with pytest.raises(AccessError, match="403"):
        repository.is_ancestor(second, third)
    assert repository.is_ancestor(first, second)


def test_a_history_that_is_too_large_is_an_error(origin: Origin, tmp_path: Path) -> None:
    first, second = origin.commit({"a": "1"}), origin.commit({"a": "2"})
    repository = Repository(str(origin.folder), tmp_path / "state", Access(max_size=100))
    with pytest.raises(SizeError, match="`maxSize`"):
        repository.is_ancestor(first, second)
    assert not (tmp_path / "state/history.git").exists()


@pytest.mark.parametrize("damage", ["objects", "refs", "HEAD"])
def test_a_damaged_history_mends_itself(
    origin: Origin, repository: Repository, tmp_path: Path, damage: str
) -> None:
    first, second = origin.commit({"a.yaml": "1"}), origin.commit({"a.yaml": "2"})
    assert repository.is_ancestor(first, second)
    place = tmp_path / "state/history.git" / damage
    for path in place.rglob("*") if place.is_dir() else [place]:
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"not what git wrote")
    third = origin.commit({"a.yaml": "3"})
    for _ in range(2):
        try:
            found = repository.is_ancestor(first, third)
        except GitError:
            continue
        assert found
    assert repository.is_ancestor(first, third)
    shutil.rmtree(tmp_path / "state")
    assert repository.is_ancestor(second, third)
