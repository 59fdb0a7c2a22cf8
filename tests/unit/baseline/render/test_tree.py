from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.baseline.origin import Origin
from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.git.repository import Head, Repository
from webhook.baseline.render.tree import exported, private_folder

MEBIBYTE, GIB = 1024**2, 1024**3


class Commit:
    """A commit with files and symbolic links, to be exported below a folder."""

    def __init__(self, origin: Origin, repository: Repository, parent: Path) -> None:
        self._origin, self._repository, self._parent = origin, repository, parent
        parent.mkdir()

    def make(self, files: Mapping[str, str | bytes | None], links: Mapping[str, str] | None = None) -> None:
        self._origin.write(files)
        for name, target in (links or {}).items():
            link = self._origin.folder / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        self.take(self._origin.commit())

    def take(self, commit: str) -> None:
        self.commit = commit
        self._repository.fetch(Head(self.commit, None))

    @contextmanager
    def exported(self, path: str = "src", max_size: int = GIB, also: Sequence[str] = ()) -> Iterator[Path]:
        entries = self._repository.entries(self.commit, "")
        entries += [entries[0]._replace(path=name) for name in also]
        with exported(self._repository, entries, self._parent, path=path, max_size=max_size) as tree:
            yield tree

    def left(self) -> list[Path]:
        return list(self._parent.iterdir())


@pytest.fixture
def commit(origin: Origin, repository: Repository, tmp_path: Path) -> Commit:
    return Commit(origin, repository, tmp_path / "parent")


def paths(tree: Path) -> set[str]:
    return {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_symlink() or path.is_file()}


def test_files_are_laid_out_as_in_the_repository_and_removed_afterwards(commit: Commit) -> None:
    commit.make({"src/a.yaml": "a", "base/b/c.yaml": b"\xff\0", "with space\nand line": ""})
    with commit.exported() as tree:
        assert paths(tree) == {"src/a.yaml", "base/b/c.yaml", "with space\nand line"}
        assert (tree / "base/b/c.yaml").read_bytes() == b"\xff\0"
    assert commit.left() == []


def test_nobody_else_may_read_them(commit: Commit, origin: Origin) -> None:
    origin.write({"src/tool": "#!/bin/sh"})
    (origin.folder / "src/tool").chmod(0o755)
    commit.make({"src/a.yaml": "a"})
    with commit.exported() as tree:
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tree, *(tree / "src").iterdir())}
    assert modes == {tree.name: 0o700, "a.yaml": 0o600, "tool": 0o700}


def test_they_are_removed_after_an_error_too(commit: Commit) -> None:
    commit.make({"src/a.yaml": "a"})
    with pytest.raises(RenderError), commit.exported():
        raise RenderError("failed")
    assert commit.left() == []


def test_what_a_killed_process_left_is_removed_by_the_next(commit: Commit, tmp_path: Path) -> None:
    commit.make({"src/a.yaml": "a"})
    code = (
        "import os; from pathlib import Path; from webhook.baseline.render.tree import private_folder\n"
        f"with private_folder(Path({str(tmp_path / 'parent')!r})) as folder:\n"
        "    (folder / 'file').touch(); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    (rest,) = commit.left()
    with commit.exported() as tree:
        assert commit.left() == [tree]
        assert tree != rest


def test_what_others_keep_there_stays(commit: Commit, tmp_path: Path) -> None:
    commit.make({"src/a.yaml": "a"})
    (tmp_path / "parent" / "repository.git").mkdir()
    with commit.exported():
        pass
    assert [path.name for path in commit.left()] == ["repository.git"]


@pytest.mark.parametrize("target", ["a.yaml", "../base", "./x/../a.yaml", "missing", "../other/link"])
def test_a_link_within_the_repository_stays_a_link(commit: Commit, target: str) -> None:
    commit.make({"src/a.yaml": "a", "base/b.yaml": "b"}, {"src/link": target, "other/link": "../base"})
    with commit.exported() as tree:
        assert os.readlink(tree / "src/link") == target  # noqa: PTH115  # as it is written


OUTWARD = {
    "absolute": {"src/link": "/etc/passwd"},
    "relative": {"src/link": "../../etc/passwd"},
    "through the middle": {"src/link": "../base/../../x"},
    "by a link": {"src/link": "../base/up/..", "base/up": ".."},
    "by two links": {"src/link": "../base/one", "base/one": "two/../..", "base/two": "."},
    "in a circle": {"src/link": "../base/one", "base/one": "../src/link"},
}


@pytest.mark.parametrize("links", OUTWARD.values(), ids=OUTWARD)
def test_a_link_out_of_the_repository_is_an_error_in_the_source(
    commit: Commit, links: Mapping[str, str]
) -> None:
    commit.make({"src/a.yaml": "a", "base/b.yaml": "b"}, links)
    with (
        pytest.raises(ManifestError, match=r"^src/link:1: a symbolic link that leads out of the repo"),
        commit.exported(),
    ):
        pass
    assert commit.left() == []


@pytest.mark.parametrize("links", OUTWARD.values(), ids=OUTWARD)
def test_a_link_out_of_the_repository_is_left_out_elsewhere(commit: Commit, links: Mapping[str, str]) -> None:
    commit.make({"other/a.yaml": "a", "base/b.yaml": "b"}, links)
    with commit.exported(path="other") as tree:
        assert "src/link" not in paths(tree)
        for place in tree.rglob("*"):
            assert place.resolve().is_relative_to(tree.resolve())


def test_a_submodule_is_left_out(commit: Commit, origin: Origin, tmp_path: Path) -> None:
    module = Origin(tmp_path / "module")
    module.commit({"m.yaml": "m"})
    origin.git("submodule", "--quiet", "add", str(module.folder), "src/module")
    commit.make({"src/a.yaml": "a"})
    with commit.exported() as tree:
        assert paths(tree) == {"src/a.yaml", ".gitmodules"}


ODD = ("../x", "src/../../x", "/etc/x", "src/.git/config", "src/.GIT/config", "a//b", "a\0b", "src/a.yaml")


def test_a_name_that_no_file_can_have_is_refused(commit: Commit) -> None:
    commit.make({"src/a.yaml": "a"})
    for path in ODD:
        refused = pytest.raises(ManifestError, match="a name that no file can have; rename it")
        with refused, commit.exported(also=[path]):
            pass


def test_a_folder_that_is_also_a_file_is_refused(commit: Commit) -> None:
    """Git makes no such tree, but takes one from others: `x` may be a link, and lead `x/y` out."""
    commit.make({"src/a.yaml": "a"})
    with (
        pytest.raises(ManifestError, match="x/y:1: the folder is also a file; rename one of them"),
        commit.exported(also=["x", "x/y"]),
    ):
        pass


def test_more_than_the_bound_is_refused_before_anything_is_written(commit: Commit) -> None:
    commit.make({"src/a.yaml": "12345", "b.yaml": "12345"})
    with commit.exported(max_size=2 * 4096 + 10):
        pass
    refused = r"the files to render, 2, take 8,202 bytes, more than the 8,201 of `maxSize`; raise it"
    with pytest.raises(RenderError, match=refused), commit.exported(max_size=2 * 4096 + 9):
        pass


def test_empty_files_are_not_for_free(commit: Commit) -> None:
    commit.make({f"src/{number}.yaml": "" for number in range(100)})
    with pytest.raises(RenderError, match="100, take 409,600 bytes"), commit.exported(max_size=400_000):
        pass


def test_a_large_file_takes_little_memory(commit: Commit) -> None:
    commit.make({"src/zeros": bytes(64 * MEBIBYTE), "src/z.yaml": "behind it"})
    tracemalloc.start()
    with commit.exported() as tree:
        _, peak = tracemalloc.get_traced_memory()
        assert (tree / "src/zeros").stat().st_size == 64 * MEBIBYTE
        assert (tree / "src/z.yaml").read_text() == "behind it"
    tracemalloc.stop()
    assert peak < 8 * MEBIBYTE


def test_a_link_that_no_system_takes_is_refused(commit: Commit, origin: Origin) -> None:
    origin.write({"target": "x/" * 2048})
    target = origin.git("hash-object", "-w", "target")
    origin.git("update-index", "--add", "--cacheinfo", f"120000,{target},src/link")
    origin.git("commit", "--quiet", "--message", "change")
    commit.take(origin.git("rev-parse", "HEAD"))
    refused = "src/link:1: a symbolic link that is too long for any system"
    with pytest.raises(ManifestError, match=refused), commit.exported():
        pass


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(RenderError, match=r"cannot be written to .*: No such file or directory; check who"),
        private_folder(tmp_path / "missing"),
    ):
        pass


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(commit: Commit) -> None:
    commit.make({"src/a.yaml": "a"})
    with pytest.raises(RenderError, match="File name too long"), commit.exported(also=["src/" + "x" * 300]):
        pass
    assert commit.left() == []
