from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.baseline.render.charts import names, role, shop
from webhook.baseline.render import memory

MIB = 1024**2


@pytest.mark.parametrize("file", ["memory.max", "memory/memory.limit_in_bytes"])
@pytest.mark.parametrize(
    ("limit", "most"),
    [
        (str(1024 * MIB), 512 * MIB),
        (str(64 * 1024 * MIB), memory.MOST),
        (str(16 * MIB), memory.LEAST),
        ("9223372036854771712", memory.MOST),  # none, as cgroup v1 says it
        ("max", memory.MOST),
        ("", memory.MOST),
    ],
)
def test_a_program_may_have_half_of_what_the_container_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, limit: str, most: int
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(f"{limit}\n")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    assert memory.for_a_program() == most


def test_where_there_is_no_limit_it_may_have_the_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    assert memory.for_a_program() == memory.MOST


def test_helm_starts_with_the_least(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, helm: str) -> None:
    assert helm
    monkeypatch.setattr(memory, "MOST", memory.LEAST)
    assert names(shop(tmp_path / "tree", {"a.yaml": role("a")})) == ["a"]
