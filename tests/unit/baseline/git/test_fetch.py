from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.baseline.origin import HttpServer, Origin
from webhook.baseline.errors import GitError, SizeError
from webhook.baseline.git.access import Access
from webhook.baseline.git.repository import Head, Repository

MEBIBYTE = 2**20

FILES: dict[str, str | bytes | None] = {
    "prod/web.yaml": "1",
    "prod/deep/db.yaml": "2",
    "prod/same.yaml": "2",
    "other/web.yaml": "not below prod",
    "top.yaml": "nor this",
}


def contents(repository: Repository, head: Head, path: str) -> dict[str, bytes]:
    entries = repository.entries(head.commit, path)
    return dict(zip((entry.path for entry in entries), repository.read(entries), strict=True))


def here(state: Path) -> set[bytes]:
    """Return the content of all files that a local copy has: short ones, of one line."""
    command = ["git", "cat-file", "--batch-all-objects", "--batch=%(objecttype)"]
    done = subprocess.run(command, cwd=state / "repository.git", check=True, capture_output=True)
    return set(re.findall(rb"^blob\n(.*)\n", done.stdout, re.MULTILINE))


def noise(size: int) -> bytes:
    """Return what cannot be packed any smaller."""
    return random.Random(size).randbytes(size)  # noqa: S311  # no secret, but the same in each run


def git_is(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    """Put a program called git before the real one."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def children() -> list[int]:
    threads = Path("/proc/self/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


@pytest.fixture
def server(origin: Origin, http: HttpServer, tmp_path: Path) -> str:
    """Provide the URL of a server that can leave files out."""
    origin.commit(FILES)
    return http.url("v2", origin.bare(tmp_path / "bare.git"))


# The files of one folder


def test_only_the_files_of_the_folder_are_fetched(server: str, http: HttpServer, tmp_path: Path) -> None:
    repository = Repository(server, tmp_path / "state")
    head = repository.resolve("main")
    repository.fetch(head, "prod")
    http.requests.clear()
    assert contents(repository, head, "prod") == {
        "prod/deep/db.yaml": b"2",
        "prod/same.yaml": b"2",
        "prod/web.yaml": b"1",
    }
    assert here(tmp_path / "state") == {b"1", b"2"}
    assert http.requests == []


def test_other_folders_of_the_commit_can_be_had_later(server: str, http: HttpServer, tmp_path: Path) -> None:
    repository = Repository(server, tmp_path / "state")
    head = repository.resolve("main")
    repository.fetch(head, "prod")
    repository.fetch(head, "other")
    assert contents(repository, head, "other") == {"other/web.yaml": b"not below prod"}
    assert b"nor this" not in here(tmp_path / "state")
    repository.fetch(head)
    assert set(contents(repository, head, "")) == set(FILES)
    http.requests.clear()
    repository.fetch(head, "prod")
    assert http.requests == []


def test_files_are_fetched_at_once_and_only_the_new_ones(
    origin: Origin, server: str, http: HttpServer, tmp_path: Path
) -> None:
    repository = Repository(server, tmp_path / "state")
    repository.fetch(repository.resolve("main"), "prod")
    origin.commit({f"prod/{number}.yaml": f"new {number}" for number in range(300)})
    origin.git("push", "--quiet", str(tmp_path / "bare.git"), "main")
    head = repository.resolve("main")
    http.requests.clear()
    repository.fetch(head, "prod")
    assert len([path for path in http.requests if path.endswith("/git-upload-pack")]) <= 4
    assert len(contents(repository, head, "prod")) == 303
    assert len(here(tmp_path / "state")) == 302


def test_what_is_missing_is_never_fetched_while_reading(
    server: str, http: HttpServer, tmp_path: Path
) -> None:
    repository = Repository(server, tmp_path / "state")
    head = repository.resolve("main")
    repository.fetch(head, "prod")
    http.requests.clear()
    with pytest.raises(GitError, match=r"other/web\.yaml of .* could not be read from our copy of it"):
        repository.entries(head.commit, "")
    assert http.requests == []


def test_tidying_up_keeps_what_is_here_and_fetches_nothing_else(
    origin: Origin, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_is(monkeypatch, tmp_path / "bin", f'exec {shutil.which("git")} -c gc.autoPackLimit=1 "$@"')
    monkeypatch.setattr("webhook.baseline.git.fetch._MANY_PACKS", 1)
    repository = Repository(server, tmp_path / "state")
    for number in range(3):
        head = repository.resolve("main")
        repository.fetch(head, "prod")
        repository.keep(head.commit)
        origin.commit({"prod/web.yaml": f"new {number}", "other/web.yaml": f"other {number}"})
        origin.git("push", "--quiet", str(tmp_path / "bare.git"), "main")
    assert here(tmp_path / "state") == {b"1", b"2", b"new 0", b"new 1"}
    assert len(list((tmp_path / "state").rglob("*.pack"))) < 6


By = Callable[[Origin, HttpServer, Path], str]


def without_filters(origin: Origin, http: HttpServer, tmp_path: Path) -> str:
    bare = origin.bare(tmp_path / "bare.git")
    origin.git("--git-dir", str(bare), "config", "uploadpack.allowFilter", "false")
    return http.url("v2", bare)


def with_filters_but_no_single_files(origin: Origin, http: HttpServer, tmp_path: Path) -> str:
    return http.url("v0", origin.bare(tmp_path / "bare.git"))


def of_plain_files(origin: Origin, http: HttpServer, tmp_path: Path) -> str:
    bare = origin.bare(tmp_path / "bare.git")
    origin.git("--git-dir", str(bare), "update-server-info")
    return http.url("dumb", bare)


@pytest.mark.parametrize("by", [without_filters, with_filters_but_no_single_files, of_plain_files])
def test_a_server_that_cannot_leave_files_out_is_read_all_the_same(
    origin: Origin, http: HttpServer, tmp_path: Path, by: By
) -> None:
    origin.commit(FILES)
    repository = Repository(by(origin, http, tmp_path), tmp_path / "state")
    for _ in range(2):
        head = repository.resolve("main")
        repository.fetch(head, "prod")
        assert set(contents(repository, head, "prod")) == {name for name in FILES if name.startswith("prod/")}
        origin.commit({"other/web.yaml": "new"})
        origin.git("push", "--quiet", str(tmp_path / "bare.git"), "main")
        origin.git("--git-dir", str(tmp_path / "bare.git"), "update-server-info")


def test_files_that_got_lost_on_a_server_of_plain_files_are_had_again(
    origin: Origin, http: HttpServer, tmp_path: Path
) -> None:
    origin.commit(FILES)
    repository = Repository(of_plain_files(origin, http, tmp_path), tmp_path / "state")
    head = repository.resolve("main")
    repository.fetch(head)
    blob = origin.git("rev-parse", "HEAD:top.yaml")
    origin.lose(blob, tmp_path / "state/repository.git")
    repository.fetch(head)
    assert set(contents(repository, head, "")) == set(FILES)


def test_submodules_and_large_files_elsewhere_are_left_alone(
    origin: Origin, http: HttpServer, tmp_path: Path
) -> None:
    module = Origin(tmp_path / "module")
    module.commit({"a.yaml": "in the module"})
    origin.git("submodule", "--quiet", "add", str(module.folder), "prod/module")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
    origin.commit({"prod/large": pointer, ".gitattributes": "large filter=lfs diff=lfs merge=lfs\n"})
    repository = Repository(http.url("v2", origin.bare(tmp_path / "bare.git")), tmp_path / "state")
    head = repository.resolve("main")
    repository.fetch(head, "prod")
    files = [entry for entry in repository.entries(head.commit, "prod") if entry.is_file]
    assert [(entry.path, content) for entry, content in zip(files, repository.read(files), strict=True)] == [
        ("prod/large", pointer.encode())
    ]


# Size


@pytest.mark.parametrize("path", ["", "prod"])
def test_a_repository_that_is_too_large_is_refused_and_leaves_nothing(
    origin: Origin, http: HttpServer, tmp_path: Path, path: str
) -> None:
    origin.commit({"prod/large": noise(8 * MEBIBYTE)})
    url = http.url("v2", origin.bare(tmp_path / "bare.git"))
    repository = Repository(url, tmp_path / "state", Access(max_size=MEBIBYTE))
    head = repository.resolve("main")
    with pytest.raises(
        SizeError, match=r"more to fetch than the 1Mi of `maxSize`: raise it, or name a smaller"
    ):
        repository.fetch(head, path)
    assert sum(file.stat().st_size for file in (tmp_path / "state").rglob("*")) < MEBIBYTE
    http.requests.clear()
    with pytest.raises(SizeError, match=r"commit .* could not be fetched: .* `maxSize`"):
        repository.fetch(head, path)
    assert http.requests == []  # it is not fetched again and again
    origin.commit({"prod/large": "small"})
    origin.git("push", "--quiet", str(tmp_path / "bare.git"), "+HEAD:main")
    head = repository.resolve("main")
    repository.fetch(head, path)
    assert contents(repository, head, "prod") == {"prod/large": b"small"}


def test_a_large_file_elsewhere_does_not_matter(origin: Origin, http: HttpServer, tmp_path: Path) -> None:
    origin.commit({"prod/web.yaml": "1", "other/large": noise(8 * MEBIBYTE)})
    url = http.url("v2", origin.bare(tmp_path / "bare.git"))
    repository = Repository(url, tmp_path / "state", Access(max_size=MEBIBYTE))
    head = repository.resolve("main")
    repository.fetch(head, "prod")
    assert contents(repository, head, "prod") == {"prod/web.yaml": b"1"}


def test_files_that_are_small_only_while_packed_are_refused(
    origin: Origin, http: HttpServer, tmp_path: Path
) -> None:
    origin.commit({"prod/bomb.yaml": bytes(64 * MEBIBYTE)})
    url = http.url("v2", origin.bare(tmp_path / "bare.git"))
    repository = Repository(url, tmp_path / "state", Access(max_size=16 * MEBIBYTE))
    head = repository.resolve("main")
    repository.fetch(head, "prod")
    with pytest.raises(SizeError, match="have more than the 16Mi of `maxSize`"):
        list(repository.read(repository.entries(head.commit, "prod")))
    assert repository.entries(head.commit, "prod")  # our copy is not to blame


def test_what_was_fetched_earlier_makes_room(origin: Origin, tmp_path: Path) -> None:
    repository = Repository(str(origin.folder), tmp_path / "state", Access(max_size=2 * MEBIBYTE))
    for number in range(4):
        head = Head(origin.commit({"large": noise(MEBIBYTE + number)}), None)
        repository.fetch(head)
        assert contents(repository, head, "") == {"large": noise(MEBIBYTE + number)}


# What is served stays


def test_a_fetch_that_fails_loses_nothing(
    origin: Origin, server: str, http: HttpServer, tmp_path: Path
) -> None:
    repository = Repository(server, tmp_path / "state", Access(max_size=MEBIBYTE))
    served = repository.resolve("main")
    repository.fetch(served, "prod")
    repository.keep(served.commit)
    origin.commit({"prod/large": noise(8 * MEBIBYTE)})
    origin.git("push", "--quiet", str(tmp_path / "bare.git"), "main")
    large = repository.resolve("main")
    with pytest.raises(SizeError):
        repository.fetch(large, "prod")
    http.status = 500
    with pytest.raises(GitError, match="could not be fetched"):
        repository.fetch(Head("01234567" * 5, "refs/heads/main"), "prod")
    assert len(contents(repository, served, "prod")) == 3
    left = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert left == [".gitconfig", "repository.git"]


def test_a_disk_that_takes_no_more_is_an_error_and_nothing_is_lost(
    origin: Origin, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(server, tmp_path / "state")
    served = repository.resolve("main")
    repository.fetch(served, "prod")
    origin.commit({"prod/new.yaml": noise(MEBIBYTE)})
    origin.git("push", "--quiet", str(tmp_path / "bare.git"), "main")
    head = repository.resolve("main")
    with monkeypatch.context() as full:
        git_is(full, tmp_path / "bin", f'ulimit -f 500; exec {shutil.which("git")} "$@"')
        with pytest.raises(GitError, match=f"commit {head.commit[:7]} could not be fetched: git fetch of"):
            repository.fetch(head, "prod")
    assert len(contents(repository, served, "prod")) == 3
    repository.fetch(head, "prod")
    assert len(contents(repository, head, "prod")) == 4


def test_a_git_that_is_killed_while_it_fetches_does_not_matter(
    server: str, http: HttpServer, tmp_path: Path
) -> None:
    repository = Repository(server, tmp_path / "state")
    head = repository.resolve("main")
    killed: list[int] = []

    def kill() -> None:
        if http.requests[-1].endswith("/git-upload-pack") and len(killed) < 2:
            killed.append(next(process for process in children() if b"fetch" in command(process)))
            os.kill(killed[-1], signal.SIGKILL)

    http.watch = kill
    repository.fetch(head, "prod")
    assert len(killed) == 2
    assert len(contents(repository, head, "prod")) == 3


def test_what_is_left_when_we_are_killed_is_removed(origin: Origin, tmp_path: Path) -> None:
    repository = Repository(str(origin.folder), tmp_path / "state")
    repository.fetch(Head(origin.commit(), None))
    left = [
        tmp_path / "state/anew.git/objects/pack/x.pack",
        tmp_path / "state/repository.git/objects/pack/tmp_pack_x",
        tmp_path / "state/repository.git/objects/pack/.tmp-1-pack-x.pack",
        tmp_path / "state/repository.git/shallow.lock",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    Repository(str(origin.folder), tmp_path / "state").fetch(Head(origin.commit(), None))
    assert not any(path.exists() for path in left)
