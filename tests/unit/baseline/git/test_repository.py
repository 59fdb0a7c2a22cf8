from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.baseline.origin import HttpServer, Origin
from webhook.baseline.errors import GitError
from webhook.baseline.git.access import Access
from webhook.baseline.git.repository import Head, Repository

FILES: dict[str, str | bytes | None] = {
    "prod/web.yaml": "kind: A\n",
    "prod/deep/er/dos.json": b'{"kind": "B"}\r\n',
    "prod/empty.yaml": b"",
    "prod/with space \u00e4.yaml": b"\x00\xff\n\n",
    "production/other.yaml": "not below prod\n",
}

Address = Callable[[Origin, HttpServer, Path], str]


def by_path(origin: Origin, _http: HttpServer, _tmp: Path) -> str:
    return str(origin.folder)


def by_relative_path(origin: Origin, _http: HttpServer, _tmp: Path) -> str:
    return os.path.relpath(origin.folder)


def by_bare_path(origin: Origin, _http: HttpServer, tmp: Path) -> str:
    return str(origin.bare(tmp / "bare.git"))


def by_file_url(origin: Origin, _http: HttpServer, _tmp: Path) -> str:
    return origin.folder.as_uri()


def by_http(origin: Origin, http: HttpServer, tmp: Path) -> str:
    return http.url("v2", origin.bare(tmp / "bare.git"))


def by_oldest_http(origin: Origin, http: HttpServer, tmp: Path) -> str:
    return http.url("v0", origin.bare(tmp / "bare.git"))


def by_dumb_http(origin: Origin, http: HttpServer, tmp: Path) -> str:
    bare = origin.bare(tmp / "bare.git")
    subprocess.run(["git", "update-server-info"], cwd=bare, check=True)
    return http.url("dumb", bare)


def by_shallow_clone(origin: Origin, _http: HttpServer, tmp: Path) -> str:
    origin.git("clone", "--quiet", "--depth=1", origin.folder.as_uri(), str(tmp / "shallow"))
    return str(tmp / "shallow")


EVERY_ADDRESS = (by_path, by_relative_path, by_bare_path, by_file_url, by_http, by_oldest_http, by_dumb_http)


def contents(repository: Repository, head: Head, path: str) -> dict[str, bytes]:
    repository.fetch(head)
    entries = repository.entries(head.commit, path)
    return dict(zip((entry.path for entry in entries), repository.read(entries), strict=True))


def processes_that_mention(text: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in command:
                found.append(command)
    return found


def program(folder: Path, text: str) -> None:
    """Put a program called git before the real one on PATH."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "git").chmod(0o755)


# What a revision names


def test_a_branch_names_its_last_commit(origin: Origin, repository: Repository) -> None:
    commit = origin.commit()
    assert repository.resolve("main") == Head(commit, "refs/heads/main")
    assert repository.resolve("refs/heads/main") == Head(commit, "refs/heads/main")
    assert repository.resolve("HEAD") == Head(commit, "HEAD")


def test_a_tag_names_the_commit_that_it_points_at(origin: Origin, repository: Repository) -> None:
    commit = origin.commit()
    origin.git("tag", "light")
    origin.git("tag", "--annotate", "v1.0", "--message", "a release")
    origin.commit()
    tag = origin.git("rev-parse", "v1.0")
    assert repository.resolve("light") == Head(commit, "refs/tags/light")
    assert repository.resolve("v1.0") == Head(commit, "refs/tags/v1.0", tag)
    assert repository.resolve("refs/tags/v1.0") == Head(commit, "refs/tags/v1.0", tag)


def test_a_commit_names_itself_and_nobody_is_asked(tmp_path: Path) -> None:
    nowhere = Repository(str(tmp_path / "nowhere"), tmp_path / "state")
    assert (
        nowhere.resolve("0123456789ABCDEF0123456789abcdef01234567").commit
        == "0123456789abcdef" * 2 + "01234567"
    )


def test_a_name_that_ends_in_the_revision_is_not_taken_for_it(origin: Origin, repository: Repository) -> None:
    origin.commit()
    origin.git("branch", "release/main2")
    origin.git("branch", "old/refs/heads/stable")
    with pytest.raises(GitError, match=r"revision stable in .* does not exist"):
        repository.resolve("stable")


def test_a_branch_and_a_tag_of_one_name_are_refused_with_both_ways_to_say_it(
    origin: Origin, repository: Repository
) -> None:
    commit = origin.commit()
    origin.git("tag", "main")
    with pytest.raises(GitError, match=r"write refs/heads/main or refs/tags/main"):
        repository.resolve("main")
    assert repository.resolve("refs/tags/main").commit == commit


def test_a_missing_revision_is_an_error_that_names_it(origin: Origin, repository: Repository) -> None:
    commit = origin.commit()
    with pytest.raises(GitError, match=f"revision gone in {origin.folder} does not exist; name a branch"):
        repository.resolve("gone")
    with pytest.raises(GitError, match="named by all of its 40 digits"):
        repository.resolve(commit[:8])


def test_an_empty_repository_has_no_revision(repository: Repository) -> None:
    for revision in ("HEAD", "main"):
        with pytest.raises(GitError, match=f"revision {revision} in .* does not exist"):
            repository.resolve(revision)


def test_a_folder_that_is_no_repository_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(
        GitError, match=f"git ls-remote of {tmp_path}/nothing failed: .*not appear to be a git"
    ):
        Repository(f"{tmp_path}/nothing", tmp_path / "state").resolve("main")


def test_a_look_at_what_did_not_change_is_one_command(
    origin: Origin, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = origin.commit()
    repository.resolve("main")
    program(tmp_path / "bin", f'echo "$2" >> {tmp_path}/commands; exec {shutil.which("git")} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    for revision in ("main", "HEAD", commit):
        repository.resolve(revision)
    assert (tmp_path / "commands").read_text().split() == ["ls-remote", "ls-remote"]


def test_a_server_sends_only_refs_of_the_kind_that_is_asked_for(
    origin: Origin, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = origin.commit()
    origin.git("tag", "v1")
    origin.git("update-ref", "refs/pull/1/head", "HEAD")
    program(tmp_path / "bin", f'GIT_TRACE_PACKET={tmp_path}/trace exec {shutil.which("git")} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    kinds = {
        "main": {"heads", "tags"},
        "refs/tags/v1": {"tags"},
        "refs/pull/1/head": {"heads", "tags", "pull"},
    }
    for revision, expected in kinds.items():
        (tmp_path / "trace").unlink(missing_ok=True)
        assert repository.resolve(revision).commit == commit
        sent = re.findall(r"upload-pack> \w+ refs/(\w+)/", (tmp_path / "trace").read_text())
        assert set(sent) == expected


# What is fetched


@pytest.mark.parametrize("address", [*EVERY_ADDRESS, by_shallow_clone])
def test_the_files_of_a_branch_are_read(
    origin: Origin, http: HttpServer, tmp_path: Path, address: Address
) -> None:
    origin.commit()
    origin.commit(FILES)
    repository = Repository(address(origin, http, tmp_path), tmp_path / "state")
    found = contents(repository, repository.resolve("main"), "prod")
    assert found == {name: _bytes(content) for name, content in FILES.items() if name.startswith("prod/")}
    assert list(found) == sorted(found)


@pytest.mark.parametrize("address", EVERY_ADDRESS)
def test_the_files_of_a_tag_and_of_an_earlier_commit_are_read(
    origin: Origin, http: HttpServer, tmp_path: Path, address: Address
) -> None:
    first = origin.commit({"a.yaml": "1"})
    origin.commit({"a.yaml": "2"})
    origin.git("tag", "--annotate", "v2", "--message", "a release")
    origin.commit({"a.yaml": "3"})
    repository = Repository(address(origin, http, tmp_path), tmp_path / "state")
    for revision, content in (("main", b"3"), (first, b"1"), ("v2", b"2"), ("main", b"3")):
        assert contents(repository, repository.resolve(revision), "") == {"a.yaml": content}


@pytest.mark.parametrize("address", [by_path, by_file_url, by_http, by_oldest_http])
def test_no_history_is_fetched(origin: Origin, http: HttpServer, tmp_path: Path, address: Address) -> None:
    for number in range(3):
        origin.commit({"a.yaml": f"{number}"})
    repository = Repository(address(origin, http, tmp_path), tmp_path / "state")
    head = repository.resolve("main")
    repository.fetch(head)
    command = ["git", "rev-list", "--count", head.commit]
    count = subprocess.run(command, cwd=tmp_path / "state/repository.git", capture_output=True, check=True)
    assert count.stdout == b"1\n"


def test_a_moved_branch_and_a_rewritten_one_are_followed(origin: Origin, repository: Repository) -> None:
    origin.commit({"a.yaml": "1"})
    assert contents(repository, repository.resolve("main"), "") == {"a.yaml": b"1"}
    origin.commit({"a.yaml": "2"})
    assert contents(repository, repository.resolve("main"), "") == {"a.yaml": b"2"}
    origin.git("checkout", "--quiet", "--orphan", "rewritten")
    origin.commit({"a.yaml": "3"})
    origin.git("branch", "--force", "main")
    assert contents(repository, repository.resolve("main"), "") == {"a.yaml": b"3"}


def test_a_commit_that_is_here_needs_no_remote(origin: Origin, repository: Repository) -> None:
    origin.commit({"a.yaml": "1"})
    head = repository.resolve("main")
    repository.fetch(head)
    shutil.rmtree(origin.folder)
    assert contents(repository, head, "") == {"a.yaml": b"1"}
    with pytest.raises(GitError):
        repository.resolve("main")


def test_a_commit_that_is_kept_is_read_whatever_is_fetched_later(
    origin: Origin, repository: Repository, tmp_path: Path
) -> None:
    origin.commit({"a.yaml": "1"})
    served = repository.resolve("main")
    repository.fetch(served)
    repository.keep(served.commit)
    for content in ("2", "3"):
        origin.git("checkout", "--quiet", "--orphan", f"rewritten{content}")
        origin.git("branch", "--force", "main", origin.commit({"a.yaml": content}))
        repository.fetch(repository.resolve("main"))
    shutil.rmtree(origin.folder)
    command = ["git", "gc", "--quiet", "--prune=now"]
    subprocess.run(command, cwd=tmp_path / "state/repository.git", check=True)
    entries = repository.entries(served.commit, "")
    assert list(repository.read(entries)) == [b"1"]


def test_only_what_is_here_can_be_kept(origin: Origin, repository: Repository) -> None:
    repository.fetch(Head(origin.commit(), None))
    with pytest.raises(GitError, match=r"git update-ref of .* failed"):
        repository.keep("01234567" * 5)


def test_the_tag_is_fetched_with_its_commit(origin: Origin, http: HttpServer, tmp_path: Path) -> None:
    commit = origin.commit({"a.yaml": "1"})
    origin.git("tag", "--annotate", "v1", "--message", "a release")
    for root in ("v2", "v0"):
        repository = Repository(http.url(root, origin.bare(tmp_path / root)), tmp_path / f"state {root}")
        repository.fetch(Head(commit, None))  # which does not bring the tag
        head = repository.resolve("v1")
        repository.fetch(head)
        assert b"a release" in repository.git.run("cat-file", "tag", head.tag or "", timeout=10)
        http.requests.clear()
        repository.fetch(head)
        repository.fetch(Head(commit, None))
        assert http.requests == []


def test_a_commit_that_is_nowhere_is_an_error_that_names_it(origin: Origin, repository: Repository) -> None:
    origin.commit()
    with pytest.raises(GitError, match=r"commit 0123456 could not be fetched: git fetch of .*origin failed"):
        repository.fetch(Head("01234567" * 5, None))


def test_what_is_no_commit_is_refused(origin: Origin, repository: Repository) -> None:
    origin.commit({"a.yaml": "1"})
    blob = origin.git("rev-parse", "HEAD:a.yaml")
    with pytest.raises(GitError, match=f"commit {blob[:7]} could not be fetched"):
        repository.fetch(Head(blob, None))


# Files


def test_a_path_that_is_not_there_is_an_error_and_not_an_empty_source(
    origin: Origin, repository: Repository
) -> None:
    head = Head(origin.commit(FILES), None)
    repository.fetch(head)
    with pytest.raises(GitError, match=f"no folder prod/nope at {head.commit[:7]} of"):
        repository.entries(head.commit, "prod/nope")
    with pytest.raises(GitError, match="no folder pro at"):
        repository.entries(head.commit, "pro")


def test_a_path_is_no_pattern(origin: Origin, repository: Repository) -> None:
    head = Head(origin.commit({"a/x": "1", "*/y": "2", ":(top)/z": "3"}), None)
    assert contents(repository, head, "*") == {"*/y": b"2"}
    assert contents(repository, head, ":(top)") == {":(top)/z": b"3"}


def test_links_and_submodules_are_told_from_files(
    origin: Origin, repository: Repository, tmp_path: Path
) -> None:
    other = Origin(tmp_path / "other")
    other.commit({"x": "y"})
    (origin.folder / "link").symlink_to("/etc/passwd")
    origin.git("submodule", "--quiet", "add", str(other.folder), "module")
    head = Head(origin.commit({"plain": "file"}), None)
    repository.fetch(head)
    entries = {entry.path: entry for entry in repository.entries(head.commit, "")}
    assert entries["link"].is_link
    assert not entries["link"].is_file
    assert not entries["module"].is_file
    assert not entries["module"].is_link
    assert entries["plain"].is_file
    assert entries["plain"].size == len("file")
    for path, what in (("link", "a symbolic link"), ("module", "a submodule")):
        with pytest.raises(GitError, match=f"{path} at {head.commit[:7]} of .* is {what}"):
            repository.entries(head.commit, path)


def test_the_strangest_names_are_read(origin: Origin, repository: Repository) -> None:
    names = ["-a.yaml", "a\nb.yaml", "a\tb.yaml", '"q".yaml', "a\\b.yaml", "\u202e.yaml"]
    head = Head(origin.commit({name: name for name in names}), None)
    assert contents(repository, head, "") == {name: name.encode() for name in names}


def test_a_name_that_is_no_utf8_is_read(origin: Origin, repository: Repository) -> None:
    (origin.folder / os.fsdecode(b"\xff.yaml")).write_text("x")
    assert contents(repository, Head(origin.commit(), None), "") == {"\\xff.yaml": b"x"}


# What goes wrong with our own copy


def test_locks_that_a_killed_git_left_do_not_matter(
    origin: Origin, repository: Repository, tmp_path: Path
) -> None:
    origin.commit({"a.yaml": "1"})
    repository.fetch(repository.resolve("main"))
    copy = tmp_path / "state/repository.git"
    for lock in ("shallow.lock", "refs/baseward/fetched.lock", "packed-refs.lock"):
        (copy / lock).touch()
    origin.commit({"a.yaml": "2"})
    assert contents(repository, repository.resolve("main"), "") == {"a.yaml": b"2"}


@pytest.mark.parametrize("damage", ["objects", "refs", "HEAD", "shallow"])
def test_a_damaged_copy_mends_itself(
    origin: Origin, repository: Repository, tmp_path: Path, damage: str
) -> None:
    origin.commit({"a.yaml": "1"})
    head = repository.resolve("main")
    repository.fetch(head)
    place = tmp_path / "state/repository.git" / damage
    for path in place.rglob("*") if place.is_dir() else [place]:
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"not what git wrote")
    with contextlib.suppress(GitError):  # at first it may be found out only while reading
        contents(repository, head, "")
    assert contents(repository, head, "") == {"a.yaml": b"1"}
    origin.commit({"a.yaml": "2"})
    assert contents(repository, repository.resolve("main"), "") == {"a.yaml": b"2"}


@pytest.mark.parametrize("before", ["listing", "reading"])
def test_a_file_that_is_missing_in_the_copy_is_an_error_and_the_copy_made_again(
    origin: Origin, repository: Repository, tmp_path: Path, before: str
) -> None:
    head = Head(origin.commit({"a.yaml": "1", "b.yaml": "2"}), None)
    repository.fetch(head)
    entries = repository.entries(head.commit, "")
    oid = entries[1].oid
    origin.lose(oid, tmp_path / "state/repository.git")
    if before == "listing":  # in another process: what is known to be here is not looked for again
        repository = Repository(str(origin.folder), tmp_path / "state")
        with pytest.raises(GitError, match=r"b\.yaml of .* could not be read from our copy of it"):
            repository.entries(head.commit, "")
    else:
        with pytest.raises(GitError, match=r"b\.yaml of .* could not be read from our copy of it"):
            list(repository.read(entries))
    assert contents(repository, head, "") == {"a.yaml": b"1", "b.yaml": b"2"}


def test_a_git_that_fails_after_its_last_word_is_not_trusted(
    origin: Origin, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = Head(origin.commit({"a.yaml": "1"}), None)
    repository.fetch(head)
    entries = repository.entries(head.commit, "")
    program(tmp_path / "bin", f'{shutil.which("git")} "$@"; echo "fatal: the disk is gone" >&2; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(GitError, match=r"git cat-file of .* failed: fatal: the disk is gone"):
        list(repository.read(entries))


def test_a_copy_that_was_removed_is_made_again(
    origin: Origin, repository: Repository, tmp_path: Path
) -> None:
    origin.commit({"a.yaml": "1"})
    head = repository.resolve("main")
    repository.fetch(head)
    shutil.rmtree(tmp_path / "state")
    assert contents(repository, head, "") == {"a.yaml": b"1"}


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(origin: Origin, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GitError, match=f"cannot write to {tmp_path}/file/state"):
        Repository(str(origin.folder), tmp_path / "file/state").resolve("main")


# Nothing but what was asked for


def test_a_revision_or_a_url_is_never_an_option(
    origin: Origin, repository: Repository, tmp_path: Path
) -> None:
    origin.commit()
    trap = tmp_path / "trap"
    with pytest.raises(GitError, match="does not exist"):
        repository.resolve(f"--upload-pack=touch {trap};git-upload-pack")
    with pytest.raises(GitError):
        Repository(f"--upload-pack=touch {trap}", tmp_path / "other").resolve("main")
    with pytest.raises(GitError, match="transport 'ext' not allowed"):
        Repository(f"ext::touch {trap}", tmp_path / "another").resolve("main")
    assert not trap.exists()


def test_settings_of_the_user_and_of_the_surroundings_do_not_matter(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = origin.commit({"a.yaml": "1"})
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "/nowhere/"]\n\tinsteadOf = {origin.folder}\n')
    for name, value in (("HOME", home), ("GIT_CONFIG_GLOBAL", home / ".gitconfig"), ("GIT_DIR", home)):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url./nowhere/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(origin.folder))
    repository = Repository(str(origin.folder), tmp_path / "state")
    assert contents(repository, repository.resolve("main"), "") == {"a.yaml": b"1"}
    assert repository.resolve("main").commit == commit


def test_the_repository_around_the_working_directory_does_not_matter(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = origin.commit()
    around = Origin(tmp_path / "around")
    around.git("config", "url./nowhere/.insteadOf", str(origin.folder))
    monkeypatch.chdir(around.folder)
    assert Repository(str(origin.folder), tmp_path / "state").resolve("main").commit == commit


def test_hooks_do_not_run(origin: Origin, repository: Repository, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    origin.commit({"a.yaml": "1"})
    repository.fetch(repository.resolve("main"))
    hooks = tmp_path / "state/repository.git/hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {trap}\n")
    (hooks / "reference-transaction").chmod(0o755)
    origin.commit({"a.yaml": "2"})
    repository.fetch(repository.resolve("main"))
    assert not trap.exists()


def test_a_folder_of_another_user_is_read(
    origin: Origin, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = origin.commit({"a.yaml": "1"})
    pretend = {**os.environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    command = ["git", "ls-remote", str(origin.folder)]
    refused = subprocess.run(command, env=pretend, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "dubious ownership" in refused.stderr  # so git itself would refuse it
    real = shutil.which("git")
    program(tmp_path / "bin", f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert repository.resolve("main").commit == commit
    assert contents(repository, repository.resolve("main"), "") == {"a.yaml": b"1"}


def test_a_missing_git_is_said(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitError, match="git is not on PATH: install git"):
        repository.resolve("main")


def test_a_git_that_cannot_be_run_is_said(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "")
    (tmp_path / "bin/git").write_bytes(b"\x7fELF")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(GitError, match="git cannot be started"):
        repository.resolve("main")


def test_proxies_are_honoured(http: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{http.address}")
    with pytest.raises(GitError):
        Repository("http://git.invalid/x.git", tmp_path / "state").resolve("main")
    assert http.requests[0].startswith("http://git.invalid/x.git/info/refs")


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    repository = Repository("http://someone:s3cr/3t@127.0.0.1:1/x.git".replace("/3", "3"), tmp_path / "state")
    assert repository.url == "http://***@127.0.0.1:1/x.git"
    with pytest.raises(GitError) as caught:
        repository.resolve("main")
    assert "s3cr" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_a_server_that_says_nothing_is_given_up_and_nothing_is_left_running(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        repository = Repository(f"http://{address}/x", tmp_path / "state", Access(timeout=1))
        with pytest.raises(GitError, match=f"^{address} did not answer to the end within 1 s: see whether"):
            repository.resolve("main")
        deadline = time.monotonic() + 20  # the helper has been told to end; it is not waited for
        while processes_that_mention(address) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert processes_that_mention(address) == []


def _bytes(content: str | bytes | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""
