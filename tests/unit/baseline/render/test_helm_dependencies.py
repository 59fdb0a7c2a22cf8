from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.baseline.origin import HttpServer
from tests.unit.baseline.render.charts import CHART, names, rendered, role, run_helm, shop, write
from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.render.chart import read_dependencies

ELSEWHERE = "https://charts.example.com/stable"


@pytest.fixture
def tree(tmp_path: Path, helm: str) -> Path:  # noqa: ARG001  # where helm is
    return tmp_path / "tree"


def needs(*dependencies: str) -> str:
    return CHART + "dependencies:\n" + "".join(f"- {{{dependency}}}\n" for dependency in dependencies)


def db(folder: str) -> dict[str, str]:
    """Return the files of a chart ``db``, version 1.2.0, that has a role of its name."""
    chart = CHART.replace("shop", "db").replace("1.0.0", "1.2.0")
    return {f"{folder}/Chart.yaml": chart, f"{folder}/templates/a.yaml": role("{{ .Chart.Name }}")}


def refusal(tree: Path, *repositories: str) -> str:
    with pytest.raises(ManifestError) as raised:
        rendered(tree, repositories=repositories)
    return str(raised.value)


# In the repository


@pytest.mark.parametrize("packed", [False, True])
def test_a_vendored_chart_needs_no_network(tree: Path, packed: bool) -> None:
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{ELSEWHERE}'"))
    if packed:
        write(tree, db("away/db"))
        run_helm(tree, "package", "away/db", "--destination", "shop/charts")
    else:
        write(tree, db("shop/charts/db"))
    assert names(tree) == ["db"]


def test_a_missing_chart_is_named_with_its_place_and_what_to_do(tree: Path) -> None:
    write(tree, db("shop/charts/db"))
    shop(tree, {}, chart=needs("name: db, version: ^1", f"name: lib, version: ^1, repository: '{ELSEWHERE}'"))
    assert refusal(tree) == (
        "shop/Chart.yaml:6: the dependency lib is not in the folder charts; vendor it: run"
        " `helm dependency build`, and commit the folder charts, or name its repository"
        f" {ELSEWHERE} in helm.repositories"
    )
    shop(tree, {}, chart=needs("name: lib, version: ^1, repository: '@stable'"))
    assert refusal(tree, ELSEWHERE).endswith(
        "or give it an https or oci repository that helm.repositories names"
    )
    shop(tree, {}, chart=needs("name: lib, version: ^1"))
    assert "the dependency lib is not in the folder charts; vendor it" in refusal(tree, ELSEWHERE)


def test_a_chart_elsewhere_in_the_repository_is_taken_from_there(tree: Path) -> None:
    write(tree, db("lib/db"))
    shop(tree, {"a.yaml": role("shop")}, chart=needs("name: db, version: ^1, repository: 'file://../lib/db'"))
    places = {found.value["metadata"]["name"]: found.path for found in rendered(tree)}
    assert places == {"db": "lib/db/templates/a.yaml", "shop": "shop/templates/a.yaml"}


@pytest.mark.parametrize("place", ["file://../../db", "file:///etc", "file://../lib"])
def test_a_chart_outside_of_the_repository_is_refused(tree: Path, place: str) -> None:
    write(tree.parent, db("db"))
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{place}'"))
    assert refusal(tree) == (
        "shop/Chart.yaml:5: the dependency db is not in the folder charts,"
        f" and {place} is no chart in the repository; correct it"
    )


# From chart repositories


@pytest.fixture
def stable(tmp_path: Path, http: HttpServer) -> str:
    """Serve the chart ``db`` from a chart repository; return its URL."""
    write(tmp_path, db("away/db"))
    folder = tmp_path / "stable"
    folder.mkdir()
    url = http.url("dumb", folder)
    run_helm(tmp_path, "package", "away/db", "--destination", "stable")
    run_helm(tmp_path, "repo", "index", "stable", "--url", url)
    return url


def lock(tree: Path) -> None:
    """Write Chart.lock, and forget the charts."""
    run_helm(tree, "dependency", "update", "shop")
    shutil.rmtree(tree / "shop/charts")


def test_a_chart_is_fetched_from_a_repository_that_the_source_names(tree: Path, stable: str) -> None:
    dependency = f"name: db, version: ^1, alias: store, repository: '{stable}/'"
    shop(tree, {"a.yaml": role("shop")}, chart=needs(dependency))
    lock(tree)
    assert [
        (found.value["metadata"]["name"], found.path) for found in rendered(tree, repositories=(stable,))
    ] == [("store", "shop/Chart.yaml"), ("shop", "shop/templates/a.yaml")]


def test_charts_from_several_places_are_fetched_together(tree: Path, stable: str) -> None:
    write(tree, {name.replace("db", "lib"): text.replace("db", "lib") for name, text in db("db").items()})
    write(tree, db("shop/charts/db"))
    both = (
        "name: lib, version: ^1, repository: 'file://../lib'",
        f"name: db, version: ^1, repository: '{stable}'",
    )
    shop(tree, {}, chart=needs(*both))
    assert refusal(tree).startswith(
        "shop/Chart.yaml:6: the dependency db is fetched with lib, which is not in the folder charts; vendor"
    )
    lock(tree)
    assert sorted(names(tree, repositories=(stable,))) == ["db", "lib"]


def test_nothing_is_fetched_from_any_other_repository(tree: Path, stable: str, http: HttpServer) -> None:
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{stable}'"))
    lock(tree)
    http.requests.clear()
    assert refusal(tree, ELSEWHERE, stable[:-1], f"{stable}/more").endswith("that helm.repositories names")
    assert http.requests == []


def test_nothing_is_fetched_from_where_only_the_lock_says(tree: Path, stable: str, http: HttpServer) -> None:
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{stable}'"))
    lock(tree)
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{ELSEWHERE}'"))
    http.requests.clear()
    assert refusal(tree, ELSEWHERE).startswith("shop/Chart.lock:2: the dependency db is not in the folder")
    assert http.requests == []


@pytest.mark.parametrize("key", ["Repository", "repo\u017fitory"])  # Go takes a long s for an s
def test_a_key_that_only_helm_takes_for_the_repository_hides_none(
    tree: Path, stable: str, http: HttpServer, key: str
) -> None:
    shop(tree, {}, chart=needs(f"name: db, version: ^1, {key}: '{ELSEWHERE}'"))
    assert f"name its repository {ELSEWHERE}" in refusal(tree)
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{ELSEWHERE}', {key}: '{stable}'"))
    assert "repository is given twice, in different letters" in refusal(tree, ELSEWHERE)
    assert http.requests == []


def test_without_a_lock_nothing_is_fetched(tree: Path, stable: str, http: HttpServer) -> None:
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{stable}'"))
    http.requests.clear()
    assert refusal(tree, stable) == (
        "shop/Chart.yaml:5: the dependency db is not in the folder charts: run `helm dependency update`, and"
        " commit Chart.lock, which says its version"
    )
    assert http.requests == []


def test_a_lock_that_is_behind_its_chart_is_told(tree: Path, stable: str) -> None:
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{stable}'"))
    lock(tree)
    shop(tree, {}, chart=needs(f"name: db, version: ^2, repository: '{stable}'"))
    with pytest.raises(
        RenderError, match=r"helm cannot fetch db: the lock file \(Chart.lock\) is out of sync"
    ):
        rendered(tree, repositories=(stable,))


@pytest.mark.parametrize("lost", ["db-1.2.0.tgz", "index.yaml"])
def test_a_repository_that_is_broken_is_told_as_what_may_pass(
    tree: Path, stable: str, tmp_path: Path, lost: str
) -> None:
    shop(tree, {}, chart=needs(f"name: db, version: ^1, repository: '{stable}'"))
    lock(tree)
    (tmp_path / "stable" / lost).unlink()
    with pytest.raises(RenderError, match=r"^the chart shop: helm cannot fetch db: ") as raised:
        rendered(tree, repositories=(stable,))
    assert str(tmp_path) not in str(raised.value).replace(stable, "")


def test_the_lists_of_helm_2_are_not_fetched_by(tree: Path) -> None:
    shop(tree, {}, chart=CHART.replace("v2", "v1"))
    db_of_helm_2 = f"dependencies: [{{name: db, version: 1.0.0, repository: '{ELSEWHERE}'}}]"
    write(tree, {"shop/requirements.yaml": db_of_helm_2})
    assert refusal(tree, ELSEWHERE).startswith(
        "shop/requirements.yaml:1: the dependency db is not in the folder charts: vendor it"
    )


def test_an_address_never_shows_a_password(tree: Path) -> None:
    shop(tree, {}, chart=needs("name: db, version: ^1, repository: 'https://me:secret@charts.example.com'"))
    assert "https://***@charts.example.com" in refusal(tree)
    assert "secret" not in refusal(tree)


@pytest.mark.parametrize(
    ("lock", "place", "problem"),
    [
        ("- a\n", 1, "no mapping"),
        ("dependencies: [a]\n", 1, "dependencies is no list of mappings"),
        ("\ndependencies:\n- name: [a]\n", 3, "the name of this dependency is no string"),
        ("dependencies: []\n---\ndependencies: []\n", 2, "a second document"),
        ("\udcff", 1, "a byte that belongs to no text"),
    ],
)
def test_dependencies_that_cannot_be_read_are_told_with_their_place(
    tree: Path, lock: str, place: int, problem: str
) -> None:
    tree.mkdir()
    (tree / "Chart.lock").write_bytes(lock.encode(errors="surrogateescape"))
    with pytest.raises(ManifestError) as raised:
        read_dependencies(tree, "Chart.lock")
    assert str(raised.value).startswith(f"Chart.lock:{place}: {problem}")
