from __future__ import annotations

import contextlib
import io
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.baseline.dying import Dying
from webhook.baseline import workers
from webhook.baseline.declaration import Declaring
from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.reading import Outcome, Reading
from webhook.baseline.render import File, Renderer
from webhook.baseline.render.manifests import Manifests
from webhook.baseline.workers import FEW_FILES, batches, read_all
from webhook.core.normalize.left_out import LeftOut

MANY = FEW_FILES + 600


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def reading(renderer: Renderer) -> Reading:
    return Reading(renderer, Declaring("platform", "3f2c1ab", "default", ("*",), ("*",)), LeftOut())


def manifest(number: int) -> File:
    if number % 100 == 7:
        return File(f"{number}.yaml", b"a: [")
    text = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: r{number}}}\nextra: 1\n"
    return File(f"{number}.yaml", text.encode())


def worker_commands() -> list[str]:
    """Return the commands of the processes that this one has started and that still run."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(
            FileNotFoundError, ProcessLookupError
        ):  # a thread, or a process, that has ended
            children = (task / "children").read_text().split()
            found += [Path("/proc", child, "cmdline").read_text() for child in children]
    return [command for command in found if "baseline.workers" in command]


def test_several_processes_find_what_one_does_in_the_same_order() -> None:
    files = [manifest(number) for number in range(MANY)]
    read = reading(Manifests("", ()))
    alone = read.read(files)
    together = Outcome()
    total = 0
    for count, outcome in read_all(read, iter(files), len(files)):
        total += count
        together.rows += outcome.rows
        together.errors += outcome.errors
        together.warnings += outcome.warnings
    assert total == MANY
    assert together.rows == alone.rows
    assert together.warnings == alone.warnings
    assert [str(error) for error in together.errors] == [str(error) for error in alone.errors]
    assert all(type(error) is ManifestError for error in together.errors)
    assert worker_commands() == []


def test_a_few_files_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_Workers", None)
    files = [manifest(number) for number in range(FEW_FILES)]
    outcomes = list(read_all(reading(Manifests("", ())), files, len(files)))
    assert sum(count for count, _ in outcomes) == FEW_FILES


def test_few_files_are_in_memory_at_a_time() -> None:
    taken = 0

    def files() -> Iterator[File]:
        nonlocal taken
        for number in range(20_000):
            taken += 1
            yield File(f"{number}.yaml", b"")

    outcomes = read_all(reading(Manifests("", ())), files(), 20_000)
    next(outcomes)
    assert taken < 2_000
    outcomes.close()
    assert worker_commands() == []


def test_large_files_are_sent_one_by_one() -> None:
    sizes = [100, 300_000, 200, 300_000]
    found = list(batches(File(str(size), b"x" * size) for size in sizes))
    assert [[len(file.content) for file in batch] for batch in found] == [[100, 300_000], [200, 300_000]]


def test_a_worker_that_dies_is_an_error_that_names_the_files() -> None:
    files = [File(f"{number}.yaml", b"die" if number == 700 else b"live") for number in range(MANY)]
    with pytest.raises(RenderError, match=r"died, perhaps for want of memory; .* files 640.yaml to 767.yaml"):
        list(read_all(reading(Dying()), files, len(files)))
    assert worker_commands() == []


def test_an_error_of_who_uses_the_outcomes_ends_the_workers() -> None:
    files = [manifest(number) for number in range(MANY)]
    outcomes = read_all(reading(Manifests("", ())), files, len(files))
    next(outcomes)
    with pytest.raises(KeyboardInterrupt):
        outcomes.throw(KeyboardInterrupt)
    assert worker_commands() == []


def test_a_worker_answers_until_its_input_ends() -> None:
    requests = io.BytesIO()
    pickle.dump(reading(Manifests("", ())), requests)
    for number in (1, 2):
        pickle.dump([manifest(number)], requests)
    requests.seek(0)
    answers = io.BytesIO()
    workers.serve(requests, answers)
    answers.seek(0)
    found = [pickle.load(answers) for _ in range(2)]  # noqa: S301  # what was written above
    assert [outcome.rows[0].key.name for outcome in found] == ["r1", "r2"]
    assert answers.read() == b""


def test_workers_import_no_more_than_reading_needs() -> None:
    command = (
        "import sys, webhook.baseline.workers;"
        " print(*({'kubernetes', 'click', 'gunicorn', 'cattrs', 'flask', 'sqlite3'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
