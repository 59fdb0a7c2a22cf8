from __future__ import annotations

import pytest

from webhook.baseline.errors import ManifestError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import File, Rendered
from webhook.baseline.render.manifests import MAX_SIZE, Manifests


def entry(path: str, mode: str = "100644", size: int = 1) -> Entry:
    return Entry(path, mode, "0" * 40, size)


def selected(renderer: Manifests, *paths: str) -> list[str]:
    return [one.path for one in renderer.select([entry(path) for path in paths]).entries]


def test_yaml_and_json_files_are_read_in_all_folders() -> None:
    paths = ("p/a.yaml", "p/b.yml", "p/q/r/c.json", "p/.hidden/d.yaml")
    assert selected(Manifests("p", ()), "p/README.md", *paths, "p/x.yaml.tpl", "p/yaml") == list(paths)


def test_excluded_files_are_passed_over_by_their_path_below_the_source() -> None:
    renderer = Manifests("clusters/prod", ("charts/**", "*.tpl.yaml"))
    paths = ("clusters/prod/charts/a.yaml", "clusters/prod/x/charts/b.yaml", "clusters/prod/y.tpl.yaml")
    assert selected(renderer, *paths) == ["clusters/prod/x/charts/b.yaml"]
    assert selected(Manifests("", ("charts/**",)), "charts/a.yaml", "b.yaml") == ["b.yaml"]


def test_what_may_hide_manifests_is_passed_over_with_a_warning() -> None:
    entries = [entry("p/a.yaml"), entry("p/link", "120000"), entry("p/module", "160000")]
    selection = Manifests("p", ()).select(entries)
    assert [one.path for one in selection.entries] == ["p/a.yaml"]
    assert [line.partition(", ")[0] for line in selection.warnings] == [
        "p/link: a symbolic link",
        "p/module: a submodule",
    ]
    assert Manifests("p", ("link", "module")).select(entries).warnings == []


def test_a_source_that_declares_nothing_is_worth_a_warning() -> None:
    (warning,) = Manifests("p", ()).select([entry("p/README.md")]).warnings
    assert "nothing is declared" in warning


def test_a_file_that_is_too_large_refuses_the_commit() -> None:
    entries = [entry("p/fits.yaml", size=MAX_SIZE), entry("p/big.yaml", size=MAX_SIZE + 1)]
    (error,) = Manifests("p", ()).select(entries).errors
    assert str(error) == "p/big.yaml:1: larger than 16 MiB; exclude the file, or split it"
    assert Manifests("p", ("big.yaml",)).select(entries).errors == []


def test_each_document_has_its_line() -> None:
    file = File("a.yaml", b"kind: A\n---\n\n# a comment\nkind: B\n")
    assert list(Manifests("", ()).render(file)) == [
        Rendered({"kind": "A"}, "a.yaml", 1),
        Rendered({"kind": "B"}, "a.yaml", 5),
    ]


def test_a_file_that_is_stored_elsewhere_is_refused() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    with pytest.raises(ManifestError, match=r"a.yaml:1: the content is in Git LFS"):
        list(Manifests("", ()).render(File("a.yaml", pointer)))
