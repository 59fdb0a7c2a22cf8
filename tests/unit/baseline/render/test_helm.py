from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.unit.baseline.render.charts import (
    CHART,
    ROLE,
    names,
    rendered,
    renderer,
    role,
    run_helm,
    shop,
    write,
)
from webhook.baseline.errors import ManifestError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import File, Rendered, TreeRenderer
from webhook.core.kinds import GOVERNED

SHOWING = role("{{ .Release.Name }}-{{ .Values.tier }}")


@pytest.fixture
def tree(tmp_path: Path, helm: str) -> Path:  # noqa: ARG001  # where helm is
    return tmp_path / "tree"


def entry(path: str, mode: str = "100644") -> Entry:
    return Entry(path, mode, "0" * 40, 1)


# What helm is told


def test_a_chart_is_rendered_with_its_values_release_and_namespace(tree: Path) -> None:
    template = role("{{ .Release.Name }}-{{ .Values.tier }}", "in: {{ .Release.Namespace }}")
    shop(tree, {"role.yaml": template}, values="tier: db\n")
    (found,) = rendered(tree)
    assert found.path == "shop/templates/role.yaml"
    assert found.line == 1
    assert found.value["metadata"] == {"name": "prod-db"}
    assert found.value["in"] == "web"


def test_values_are_read_from_anywhere_in_the_repository_and_later_ones_win(tree: Path) -> None:
    shop(tree, {"role.yaml": SHOWING}, values="tier: db\n")
    write(tree, {"a.yaml": "tier: a\n", "env/b.yaml": "tier: b\n"})
    assert names(tree, values=("env/b.yaml", "a.yaml")) == ["prod-a"]
    assert names(tree, values=("a.yaml", "env/b.yaml")) == ["prod-b"]


@pytest.mark.parametrize("path", ["a,b.yaml", 'quo"te.yaml', "https:/example.com", "-"])
def test_a_file_with_values_may_have_any_name(tree: Path, path: str) -> None:
    shop(tree, {"role.yaml": SHOWING})
    write(tree, {path: "tier: odd\n"})
    assert names(tree, values=(path,)) == ["prod-odd"]


def test_a_chart_sees_the_versions_of_the_cluster_that_the_source_names(tree: Path) -> None:
    api = (
        '{{ .Capabilities.APIVersions.Has "example.com/v1" }}-{{ .Capabilities.APIVersions.Has "a.b/v2/C" }}'
    )
    shop(tree, {"role.yaml": role("{{ .Capabilities.KubeVersion }}-" + api)})
    options = {"kube_version": "1.31", "api_versions": ("example.com/v1", "a.b/v2/C")}
    assert names(tree, **options) == ["v1.31-true-true"]
    assert names(tree, kube_version="v1.30.2") == ["v1.30.2-false-false"]


def test_a_chart_sees_that_the_cluster_has_the_governed_kinds(tree: Path) -> None:
    asking = '{{ if .Capabilities.APIVersions.Has "VERSION/KIND" }}' + ROLE + "{{ end }}"
    templates = {
        f"{kind.name}.yaml": asking.replace("NAME", kind.singular)
        .replace("VERSION", kind.api_version)
        .replace("KIND", kind.name)
        for kind in GOVERNED
    }
    shop(tree, {**templates, "other.yaml": asking.replace("VERSION/KIND", "apps/v1/Ingress")})
    assert sorted(names(tree)) == sorted(kind.singular for kind in GOVERNED)


def test_a_chart_may_be_at_the_root_of_the_repository(tree: Path) -> None:
    write(tree, {"Chart.yaml": CHART, "templates/role.yaml": role("a")})
    (found,) = rendered(tree, path="")
    assert found.path == "templates/role.yaml"


# What is declared


def test_hooks_are_declared_only_where_the_source_says_so_and_tests_never(tree: Path) -> None:
    annotated = role("NAME").replace("}", ", annotations: {helm.sh/hook: EVENT, helm.sh/hook-weight: '1'}}")
    templates = {
        f"{name}.yaml": annotated.replace("NAME", name).replace("EVENT", event)
        for name, event in (("hook", "pre-install"), ("test", "test"), ("old", "test-success"))
    }
    shop(tree, {"role.yaml": role("plain"), **templates})
    assert names(tree) == ["plain"]
    assert names(tree, hooks=True) == ["plain", "hook"]
    kept = rendered(tree, hooks=True)[1].value["metadata"]["annotations"]
    assert kept == {"helm.sh/hook": "pre-install", "helm.sh/hook-weight": "1"}


def test_what_the_folder_crds_holds_is_declared_too(tree: Path) -> None:
    shop(tree, {"role.yaml": role("a")})
    write(tree, {"shop/crds/more.yaml": f"{role('b')}---\n{role('c')}"})
    assert [(found.value["metadata"]["name"], found.path) for found in rendered(tree)] == [
        ("b", "shop/crds/more.yaml"),
        ("c", "shop/crds/more.yaml"),
        ("a", "shop/templates/role.yaml"),
    ]


def test_documents_that_are_of_no_governed_kind_are_passed_over_however_they_are_written(tree: Path) -> None:
    twice = "kind: Deployment\nmetadata:\n  name: web\n  name: web\n"
    shop(tree, {"all.yaml": f"{twice}---\n{role('a')}---\n# nothing\n"})
    (file,) = renderer().build(tree)
    assert file.path == "shop/templates/all.yaml"
    assert names(tree) == ["a"]


@pytest.mark.parametrize(
    "kind",
    ['"\\x52ole"', "!!binary Um9sZQ==", "!!str Role", "&a Role", "{kind: Role}", "RoleList\nitems: [{}]"],
)
def test_a_kind_that_is_spelt_strangely_is_not_passed_over(tree: Path, kind: str) -> None:
    shop(tree, {"role.yaml": f"kind: {kind}\n"} if "{k" not in kind else {"role.yaml": kind})
    assert [file.path for file in renderer().build(tree)] == ["shop/templates/role.yaml"]


def test_a_chart_may_render_nothing(tree: Path) -> None:
    shop(tree, {"role.yaml": "{{ if .Values.enabled }}kind: Role{{ end }}"})
    assert rendered(tree) == []


def test_what_is_no_manifest_is_told_with_the_template(tree: Path) -> None:
    shop(tree, {"role.yaml": "{{/* a comment */}}\nkind: Role\nmetadata:\n  name: a\n  name: b\n"})
    (file,) = renderer().build(tree)
    with pytest.raises(ManifestError) as raised:
        list(renderer().render(file))
    assert str(raised.value).startswith(
        "shop/templates/role.yaml:1: line 4 of what helm makes of it: key `name` is given twice"
    )


# Where it stands


def test_the_template_of_a_chart_within_a_chart_is_found(tree: Path) -> None:
    chart = CHART + "dependencies: [{name: db, alias: store, version: 1.x}, {name: db, version: 1.x}]\n"
    shop(tree, {}, chart=chart)
    write(tree, {"shop/charts/db/Chart.yaml": CHART.replace("shop", "db")})
    write(tree, {"shop/charts/db/templates/a.yaml": role("{{ .Chart.Name }}")})
    write(tree, {"shop/charts/db/charts/user/Chart.yaml": CHART.replace("shop", "user")})
    write(tree, {"shop/charts/db/charts/user/templates/b.yaml": role("{{ .Chart.Name }}")})
    inner, outer = "shop/charts/db/charts/user/templates/b.yaml", "shop/charts/db/templates/a.yaml"
    assert {(found.value["metadata"]["name"], found.path) for found in rendered(tree)} == {
        ("user", inner),
        ("db", outer),
        ("store", outer),
    }


def test_of_a_packed_chart_it_is_the_package(tree: Path) -> None:
    chart = CHART + "dependencies: [{name: db, version: 1.0.0, alias: store, repository: 'https://x.y'}]\n"
    shop(tree, {}, chart=chart)
    for name in ("db", "db-tools"):
        packed = CHART.replace("shop", name)
        write(tree, {f"away/{name}/Chart.yaml": packed, f"away/{name}/templates/a.yaml": role(name)})
        run_helm(tree, "package", f"away/{name}", "--destination", "shop/charts")
    assert {found.path for found in rendered(tree)} == {
        "shop/charts/db-1.0.0.tgz",
        "shop/charts/db-tools-1.0.0.tgz",
    }


def test_in_doubt_it_is_the_chart_itself(tree: Path) -> None:
    shop(tree, {"role.yaml": role("a")})
    write(tree, {"shop/charts/folder/Chart.yaml": CHART.replace("shop", "db")})
    write(tree, {"shop/charts/folder/templates/a.yaml": role("b")})
    places = {found.value["metadata"]["name"]: found.path for found in rendered(tree)}
    assert places == {"a": "shop/templates/role.yaml", "b": "shop/Chart.yaml"}


# What is read


def selected(*paths: str, **options: object) -> list[str]:
    return [one.path for one in renderer(**options).select([entry(path) for path in paths]).entries]


def test_the_charts_of_the_repository_and_the_values_are_read() -> None:
    paths = (
        "env/prod.yaml",
        "lib/Chart.yaml",
        "lib/templates/_a.tpl",
        "shop/Chart.yaml",
        "shop/charts/a.tgz",
    )
    assert selected("README.md", *paths, "shopping/a.yaml", values=("env/prod.yaml",)) == list(paths)
    assert selected("Chart.yaml", "docs/a.md", path="") == ["Chart.yaml", "docs/a.md"]


def test_everything_is_read_where_a_link_may_lead_anywhere() -> None:
    chart, link = entry("shop/Chart.yaml"), entry("shop/values.yaml", "120000")
    others = [entry("README.md"), entry("docs/link", "120000")]
    assert renderer().select([*others, chart, link]).entries == [*others, chart, link]
    assert renderer().select([*others, chart]).entries == [chart]


def test_a_submodule_in_a_chart_is_worth_a_warning() -> None:
    chart, module, other = entry("shop/Chart.yaml"), entry("shop/charts/db", "160000"), entry("x", "160000")
    selection = renderer().select([chart, module, other])
    assert selection.entries == [chart]
    assert [line.partition(",")[0] for line in selection.warnings] == [
        "shop/charts/db: a submodule in a chart"
    ]


def test_files_that_are_not_there_are_named_before_anything_runs() -> None:
    selection = renderer(values=("a.yaml", "b.yaml")).select([entry("b.yaml"), entry("other/Chart.yaml")])
    assert selection.entries == []
    assert [str(error) for error in selection.errors] == [
        "shop/Chart.yaml:1: there is no such file; make the source's path the folder of a chart",
        "a.yaml:1: there is no such file; correct helm.values",
    ]


def test_what_helm_rendered_is_read_in_any_process() -> None:
    helm_renderer = renderer(values=("a.yaml",))
    assert isinstance(helm_renderer, TreeRenderer)
    copy = pickle.loads(pickle.dumps(helm_renderer))  # noqa: S301  # written above
    assert list(copy.render(File("shop/a.yaml", role("a").encode()))) == [
        Rendered(
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a"}},
            "shop/a.yaml",
            1,
        )
    ]
