"""Charts that are broken, or out for more than their share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.baseline.origin import HttpServer
from tests.unit.baseline.render.charts import CHART, names, rendered, role, run_helm, shop, write
from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.render.chart import Templates

NAMED = role("{{ .Values.name }}")


@pytest.fixture
def tree(tmp_path: Path, helm: str) -> Path:  # noqa: ARG001  # where helm is
    return tmp_path / "tree"


@pytest.mark.parametrize(
    ("template", "line", "problem"),
    [
        ("\n{{ .Values.a.b }}", 2, "nil pointer evaluating interface {}.b"),
        ('{{ fail "give it a name" }}', 1, "give it a name"),
        ("\n\n{{ required `a name` .Values.name }}", 3, "a name"),
        ("{{ if }}", 1, "missing value for if"),
        ("a: [\nb: c", 1, "YAML parse error on shop/templates/a.yaml"),
        (
            '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
            1,
            'executing "a" at <include "a" .>',
        ),
        ('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}', 1, "maximum template depth"),
        ('{{ env "HOME" }}', 1, 'function "env" not defined'),
    ],
)
def test_a_template_that_fails_is_named_with_its_line(
    tree: Path, template: str, line: int, problem: str
) -> None:
    shop(tree, {"a.yaml": template})
    with pytest.raises(ManifestError) as raised:
        rendered(tree)
    assert str(raised.value).startswith(f"shop/templates/a.yaml:{line}: helm cannot render the chart shop: ")
    assert problem in str(raised.value)
    assert str(tree.parent) not in str(raised.value)
    assert "--debug" not in str(raised.value)


def test_a_template_that_fails_in_a_packed_chart_has_no_line(tree: Path) -> None:
    shop(tree, {})
    write(tree, {"db/Chart.yaml": CHART.replace("shop", "db"), "db/templates/a.yaml": '\n{{ fail "no" }}'})
    run_helm(tree, "package", "db", "--destination", "shop/charts")
    with pytest.raises(
        ManifestError, match=r"^shop/charts/db-1.0.0.tgz:1: .*\(shop/charts/db/templates/a.yaml:2"
    ):
        rendered(tree)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"shop/Chart.yaml": "name: shop\n"}, "chart.metadata.version is required"),
        ({"shop/Chart.yaml": "a: [\n"}, "cannot load Chart.yaml"),
        ({"shop/Chart.yaml": f"{CHART}type: library\n"}, "library charts are not installable"),
        ({"shop/Chart.yaml": f"{CHART}kubeVersion: '<1.10'\n"}, "chart requires kubeVersion: <1.10"),
        ({"shop/values.yaml": "a: [\n"}, "cannot load values.yaml"),
        ({"prod.yaml": "a: [\n"}, "failed to parse prod.yaml"),
        ({"shop/charts/db-1.0.0.tgz": "no archive"}, "error unpacking subchart db-1.0.0.tgz in shop"),
    ],
)
def test_a_chart_that_cannot_be_loaded_is_named(tree: Path, files: dict[str, str], problem: str) -> None:
    write(shop(tree, {"a.yaml": role("a")}), {"prod.yaml": "", **files})
    with pytest.raises(ManifestError) as raised:
        rendered(tree, values=("prod.yaml",))
    assert str(raised.value).startswith("shop/Chart.yaml:1: helm cannot render the chart shop: ")
    assert problem in str(raised.value)
    assert str(tree.parent) not in str(raised.value)


def test_a_chart_that_never_ends_is_ended(tree: Path) -> None:
    shop(tree, {"a.yaml": "{{ range until 100000000 }}{{ end }}"})
    with pytest.raises(RenderError, match=r"the chart shop: helm.* had not ended after 1 s"):
        rendered(tree, timeout=1.0)


def test_a_chart_that_prints_without_end_is_ended(tree: Path) -> None:
    shop(tree, {"a.yaml": f"a: {{{{ repeat 100000 `{'x' * 100}` }}}}"})
    with pytest.raises(RenderError, match=r"the chart shop: helm.* wrote more than 5,000,000 bytes"):
        rendered(tree, max_output=5_000_000)


def test_a_chart_whose_links_go_round_in_circles_is_ended(tree: Path) -> None:
    shop(tree, {"a.yaml": role("a")})
    for name in ("b", "c"):
        (tree / "shop" / name).symlink_to(".")
    with pytest.raises((RenderError, ManifestError), match="the chart shop: "):
        rendered(tree, timeout=1.0)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("#!/bin/sh\nkill -9 $$", "ended by SIGKILL"),
        ("#!/bin/sh\necho fatal error: out of memory >&2; exit 2", "out of memory"),
        ("#!/nowhere", "cannot be started"),
        ("#!/bin/sh\necho kind: Role", "helm wrote manifests without their templates"),
    ],
)
def test_what_is_wrong_with_helm_is_not_blamed_on_the_chart(
    tree: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str
) -> None:
    shop(tree, {"a.yaml": role("a")})
    program = write(tree.parent, {"program": script}) / "program"
    program.chmod(0o700)
    monkeypatch.setenv("BASEWARD_HELM", str(program))
    with pytest.raises(RenderError, match=problem):
        rendered(tree)


def test_no_other_file_of_the_machine_can_be_read(tree: Path) -> None:
    reading = "".join(
        f"{{{{ .Files.Get `{path}` }}}}"
        for path in ("/etc/passwd", "../../../../../../../etc/passwd", "../a")
    )
    write(tree, {"a": "a"})
    shop(tree, {"a.yaml": role(f"a{reading}")})
    assert names(tree) == ["a"]


def test_nothing_is_looked_up_in_a_cluster_or_in_the_name_service(tree: Path) -> None:
    looking = '{{ (lookup "v1" "Secret" "" "").items }}{{ getHostByName "localhost" }}'
    shop(tree, {"a.yaml": role(f"'a{looking}'")})
    assert names(tree) == ["a"]


def test_a_template_cannot_declare_more_than_its_documents(tree: Path) -> None:
    forged = "---\n# Source: shop/templates/other.yaml\n" + role("b")
    shop(tree, {"a.yaml": f"{role('a')}{forged}", "other.yaml": "# nothing"})
    assert {found.path for found in rendered(tree)} == {"shop/templates/a.yaml"}


@pytest.mark.parametrize(
    "name",
    [
        f"shop/templates/{'A' * 300}",
        f"shop/templates/{'a/' * 3000}b",
        f"shop/charts/{'A' * 300}/templates/a.yaml",
        "shop/templates/a\0b",
        "shop/../outside.yaml",
        "shop/templates/../../../outside.yaml",
        "shop/charts/../../../outside/templates/a.yaml",
        "shop//etc/passwd",
        "shop/charts/nope/templates/a.yaml",
        "shop/charts/up/templates/a.yaml",
        "shop/./templates/a.yaml",
        "shop",
        "",
    ],
)
@pytest.mark.parametrize("is_fetched", [False, True])
def test_the_name_of_a_template_leads_nowhere_but_into_the_chart(
    tmp_path: Path, name: str, is_fetched: bool
) -> None:
    """What the folder crds holds is printed as it is, so that it can claim any name."""
    tree = shop(tmp_path / "tree", {"a.yaml": role("a")}, chart=f"{CHART}{ODD_DEPENDENCIES}")
    write(tmp_path, {"outside.yaml": "", "outside/templates/a.yaml": ""})
    assert Templates(tree, "shop", fetched=is_fetched).path(name) == "shop/Chart.yaml"


ODD_DEPENDENCIES = (
    "dependencies:\n"
    "- {name: /nope, alias: nope, version: 1.0.0, repository: 'file:///etc'}\n"
    "- {name: ../../../outside, alias: up, version: 1.0.0, repository: 'file://../../outside'}\n"
)


@pytest.mark.parametrize("name", [f"c/templates/{'A' * 300}", "c/../../../../../../etc/passwd"])
def test_a_forged_name_of_a_template_is_that_of_the_chart_and_no_crash(tree: Path, name: str) -> None:
    shop(tree, {"a.yaml": ""})
    write(tree, {"shop/crds/a.yaml": f"{role('a')}---\n# Source: {name}\n{role('b')}"})
    assert {found.value["metadata"]["name"]: found.path for found in rendered(tree)} == {
        "a": "shop/crds/a.yaml",
        "b": "shop/Chart.yaml",
    }


def test_a_dependency_that_is_switched_off_may_have_any_name(tree: Path) -> None:
    odd = "dependencies: [{name: /nope, alias: nope, version: 1.0.0, condition: on}]\n"
    forged = f"{role('a')}---\n# Source: shop/charts/db/charts/nope/templates/a.yaml\n{role('b')}"
    shop(tree, {}, values="db: {on: false}\n")
    write(tree, {"shop/crds/a.yaml": forged, "shop/charts/db/Chart.yaml": CHART.replace("shop", "db") + odd})
    assert [found.path for found in rendered(tree)] == ["shop/crds/a.yaml", "shop/charts/db/Chart.yaml"]


@pytest.mark.parametrize("folder", ["..", "x" * 300, "../../../../../../../../etc"])
def test_a_dependency_in_a_folder_that_is_none_is_told_and_no_crash(tree: Path, folder: str) -> None:
    dependency = f"{{name: db, version: 1.0.0, repository: 'file://{folder}'}}"
    write(tree, {"Chart.yaml": f"{CHART}dependencies: [{dependency}]\n", "templates/a.yaml": role("a")})
    write(tree.parent, {"Chart.yaml": CHART.replace("shop", "db")})
    with pytest.raises(ManifestError, match=r"^Chart.yaml:4: .* is no chart in the repository; correct it"):
        rendered(tree, path="")


# Schemas


def schema(tree: Path, text: str) -> None:
    shop(tree, {"a.yaml": NAMED}, values="name: 5\n")
    write(tree, {"shop/values.schema.json": text})


def test_values_that_break_the_schema_of_the_chart_are_told(tree: Path) -> None:
    schema(
        tree,
        '{"$schema": "http://json-schema.org/draft-07/schema#", "$defs": {"a": {"type": "string"}},'
        ' "properties": {"name": {"$ref": "#/$defs/a"}}}',
    )
    with pytest.raises(
        ManifestError, match=r"^shop/Chart.yaml:1: .* shop: - at '/name': got number, want string"
    ):
        rendered(tree)


@pytest.mark.parametrize(
    "text",
    [
        '{"$ref": "URL"}',
        '{"$schema": "URL"}',
        '{"properties": {"name": {"\\u0024ref": "URL"}}}',
        '{"$id": "URL", "$ref": "other"}',
        '{"allOf": [{"$dynamicRef": "URL"}]}',
    ],
)
def test_a_schema_that_refers_to_others_is_not_followed(tree: Path, http: HttpServer, text: str) -> None:
    for url in (f"http://{http.address}/dumb/schema.json", "file:///etc/passwd"):
        schema(tree, text.replace("URL", url))
        assert len(rendered(tree)) == 1
    assert http.requests == []


def test_a_schema_that_is_out_of_sight_is_not_followed(tree: Path, http: HttpServer) -> None:
    schema(tree, "{}")
    evil = f'{{"$ref": "http://{http.address}/dumb/schema.json"}}'
    write(tree, {"db/Chart.yaml": CHART.replace("shop", "db"), "db/values.schema.json": evil})
    (tree / "shop/charts").mkdir()
    (tree / "shop/charts/db").symlink_to("../../db")
    assert len(rendered(tree)) == 1
    (tree / "shop/charts/db").unlink()
    run_helm(tree, "package", "db", "--destination", "shop/charts")
    assert len(rendered(tree)) == 1
    assert http.requests == []


def test_a_schema_that_is_no_json_is_told_or_passed_over_but_never_a_crash(tree: Path) -> None:
    for text in ("{", "[" * 100_000, "\0"):
        schema(tree, text)
        assert len(rendered(tree)) == 1
