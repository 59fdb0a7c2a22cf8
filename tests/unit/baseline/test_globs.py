from __future__ import annotations

import pytest

from webhook.baseline.globs import matcher


@pytest.mark.parametrize(
    ("glob", "matching", "others"),
    [
        ("charts/**", ["charts/a", "charts/a/b"], ["charts", "x/charts/a", "chartsa"]),
        ("charts", ["charts", "charts/a", "x/charts/y/z"], ["chartsa", "xcharts"]),
        ("/charts", ["charts/a"], ["x/charts/a"]),
        ("tests/", ["tests/x", "y/tests/x"], ["tests"]),
        ("*.yaml", ["a.yaml", "x/a.yaml", ".yaml"], ["a.yml", "a.yamlx"]),
        ("a/*.yaml", ["a/b.yaml"], ["a/c/b.yaml", "x/a/b.yaml"]),
        ("a/*", ["a/b", "a/b/c"], ["a", "b/a/c"]),
        ("**/t/*.yaml", ["t/b.yaml", "x/y/t/b.yaml"], ["t/c/b.yaml", "xt/b.yaml"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b/c"], ["ab", "a/xb", "x/a/b"]),
        ("**", ["a", "a/b"], []),
        ("[a-c]?.json", ["ax.json", "d/cy.json"], ["dx.json", "a/x.json", "a.json"]),
        ("[!a-c].json", ["d.json"], ["a.json"]),
        ("x[!a-c]y", ["xdy"], ["x/y", "xay"]),
        ("[]^-]x", ["]x", "^x", "-x"], ["ax"]),
        ("a[b", ["a[b"], ["ab"]),
        ("[z-a]", ["[z-a]"], ["z", "m"]),
        (r"\*", ["*"], ["a"]),
        ("a.b", ["a.b"], ["axb"]),
        ("a\nb*", ["a\nbc\nd"], []),
    ],
)
def test_a_glob_matches_as_in_a_gitignore(glob: str, matching: list[str], others: list[str]) -> None:
    matches = matcher([glob])
    assert [path for path in (*matching, *others) if matches(path)] == matching


def test_one_of_several_globs_is_enough() -> None:
    matches = matcher(["a", "b/*.yaml"])
    assert matches("a/x")
    assert matches("b/y.yaml")
    assert not matches("b/y.yml")


def test_no_glob_matches_nothing() -> None:
    assert not matcher([])("a")
    assert not matcher([])("")
