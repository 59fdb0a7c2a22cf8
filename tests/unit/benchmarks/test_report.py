"""What a run comes to."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from benchmarks.__main__ import BENCHMARKS, Setting, main
from benchmarks.errors import BenchmarkError
from benchmarks.report import Finding, ratio_finding


def test_the_median_of_the_rounds_is_held_against_the_bound() -> None:
    assert ratio_finding("", [1.0, 9.0, 2.0], 2.0, "").met is True
    assert ratio_finding("", [1.0, 9.0, 2.1], 2.0, "").met is False


def _run(monkeypatch: pytest.MonkeyPatch, finding: Finding | Exception) -> Result:
    def measured(_setting: Setting) -> list[Finding]:
        if isinstance(finding, Exception):
            raise finding
        return [finding]

    monkeypatch.setitem(BENCHMARKS, "decision", measured)
    return CliRunner().invoke(main, ["--only", "decision"])


@pytest.mark.parametrize(("met", "code"), [(True, 0), (None, 0), (False, 1)])
def test_the_exit_code_is_1_when_a_bound_is_missed(
    monkeypatch: pytest.MonkeyPatch, met: bool | None, code: int
) -> None:
    result = _run(monkeypatch, Finding("private memory", "21 MiB", "20 MiB", met))
    assert result.exit_code == code
    assert "21 MiB" in result.stdout


def test_the_exit_code_is_2_when_nothing_could_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run(monkeypatch, BenchmarkError("the server did not start"))
    assert result.exit_code == 2
    assert "Error: the server did not start" in result.stderr
