"""What is small while packed, and without end or without measure when it is read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.baseline.git.test_fetch import children, command, git_is
from tests.unit.baseline.origin import HttpServer, Origin
from webhook.baseline.errors import OverdueError, SizeError
from webhook.baseline.git import process
from webhook.baseline.git.repository import Head, Repository

MEBIBYTE = 2**20


def given(origin: Origin, text: bytes, *arguments: str) -> str:
    """Run git with this as its stdin."""
    done = subprocess.run(["git", *arguments], cwd=origin.folder, input=text, check=True, capture_output=True)
    return done.stdout.decode().strip()


def bomb(origin: Origin, levels: int, length: int, *, files: bool = True) -> Head:
    """Commit a folder of ten folders that are all the same one, and so on; names have some length."""
    blob, empty = given(origin, b"", "hash-object", "-w", "--stdin"), given(origin, b"", "mktree")
    kind, oid, mode = ("blob", blob, "100644") if files else ("tree", empty, "040000")
    for _ in range(levels):
        lines = [f"{mode} {kind} {oid}\t{number:0>{length}}\n" for number in range(10)]
        kind, oid, mode = "tree", given(origin, "".join(lines).encode(), "mktree"), "040000"
    return Head(given(origin, b"", "commit-tree", oid), None)


@pytest.mark.parametrize(("levels", "length"), [(12, 1), (5, 200)], ids=["files", "names"])
def test_more_files_than_anybody_has_are_refused_before_all_are_listed(
    origin: Origin, repository: Repository, levels: int, length: int
) -> None:
    head = bomb(origin, levels, length)
    with pytest.raises(SizeError, match=r"the root at .* has more than 300,000 files, .* source's `path`"):
        repository.fetch(head)
    with pytest.raises(
        SizeError, match=r"0+…? at .* has more than 300,000 files, or their paths more than 64"
    ):
        repository.fetch(bomb(origin, levels + 1, length), "0" * length)


def test_a_folder_of_a_bomb_that_is_small_can_be_had(origin: Origin, repository: Repository) -> None:
    head = bomb(origin, 6, 1)
    path = "0/0/0/0"
    repository.fetch(head, path)
    assert len(repository.entries(head.commit, path)) == 100


def test_folders_without_end_and_without_files_are_given_up(
    origin: Origin, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook.baseline.git.objects.TIMEOUT", 0.5)
    with pytest.raises(OverdueError, match=r"git ls-tree of .* failed: no end after"):
        repository.fetch(bomb(origin, 12, 1, files=False))
    assert not any(b"ls-tree" in command(child) for child in children())


def test_a_commit_that_takes_too_much_memory_is_refused(
    origin: Origin, http: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook.baseline.git.command.memory", lambda: 64 * MEBIBYTE)
    small = origin.commit({"a.yaml": "1"})
    large = given(origin, b"x" * 80 * MEBIBYTE, "commit-tree", "HEAD^{tree}")
    origin.git("branch", "large", large)
    repository = Repository(http.url("v2", origin.bare(tmp_path / "bare.git")), tmp_path / "state")
    with pytest.raises(SizeError, match=r"git fetch of .* needs more memory than the 64Mi that git may have"):
        repository.fetch(Head(large, "refs/heads/large"))
    http.requests.clear()
    with pytest.raises(SizeError, match="needs more memory"):
        repository.fetch(Head(large, "refs/heads/large"))
    assert http.requests == []  # it is not fetched again and again
    repository.fetch(Head(small, "refs/heads/main"))


def test_git_is_bounded_before_the_server_sends_anything(
    origin: Origin, http: HttpServer, tmp_path: Path
) -> None:
    origin.commit({"a.yaml": "1"})
    limits: list[str] = []

    def look() -> None:
        fetching = [child for child in children() if b"fetch" in command(child)]
        for child in fetching:
            lines = Path(f"/proc/{child}/limits").read_text().splitlines()
            limits.extend(line.split()[3] for line in lines if line.startswith("Max data size"))

    http.watch = look
    repository = Repository(http.url("v2", origin.bare(tmp_path / "bare.git")), tmp_path / "state")
    repository.fetch(repository.resolve("main"))
    assert set(limits) == {str(process.memory())}


@pytest.mark.parametrize("complaint", ["Out of memory, malloc failed", "mmap failed: Cannot allocate memory"])
def test_running_out_of_memory_while_reading_does_not_cost_our_copy(
    origin: Origin, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaint: str
) -> None:
    head = Head(origin.commit({"a.yaml": "1"}), None)
    repository.fetch(head)
    entries = repository.entries(head.commit, "")
    with monkeypatch.context() as short:
        git_is(short, tmp_path / "bin", f'echo "fatal: {complaint}" >&2; exit 128')
        with pytest.raises(SizeError, match="needs more memory than"):
            list(repository.read(entries))
        with pytest.raises(SizeError, match="needs more memory than"):
            repository.entries(head.commit, "")
    assert list(repository.read(entries)) == [b"1"]


@pytest.mark.parametrize(
    ("text", "expected"), [("268435456\n", 128 * MEBIBYTE), ("max\n", 1024 * MEBIBYTE), ("9" * 15, 2**30)]
)
def test_git_may_have_half_of_the_containers_memory_and_a_gibibyte_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: int
) -> None:
    (tmp_path / "memory.max").write_text(text)
    monkeypatch.setattr(process, "_CONTAINER_MEMORY", tmp_path / "memory.max")
    assert process.memory.__wrapped__() == expected
