"""What goes wrong in kustomizations and charts, and how that is told, borne and got over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.endless import EndlessKustomize
from tests.faults.expecting import assert_served, assert_told, assert_well
from tests.faults.rendering import STORIES
from tests.faults.running import eventually
from tests.faults.serving import assert_serves, serving, wait_until_in_sync
from tests.faults.table import Table, played
from tests.faults.team import Team, title

every_fault = pytest.mark.parametrize("fault", [title(story) for story in STORIES])


@pytest.fixture(scope="module")
def table(
    tmp_path_factory: pytest.TempPathFactory,
    kustomize: str,  # noqa: ARG001  # where it is
    helm: str,  # noqa: ARG001
) -> Iterator[Table]:
    with played(tmp_path_factory.mktemp("rendering"), STORIES) as table:
        yield table


@every_fault
def test_a_fault_is_told_with_its_source_and_place(table: Table, fault: str) -> None:
    assert_told(table.acts[fault], table.baseward.log)


@every_fault
def test_the_last_good_commit_is_served_meanwhile(table: Table, fault: str) -> None:
    assert_served(table.acts[fault].meanwhile, table.acts[fault], changed=False)


@every_fault
def test_it_recovers_by_itself_when_the_fault_ends(table: Table, fault: str) -> None:
    act = table.acts[fault]
    assert_well(act.afterwards, act)
    assert_served(act.afterwards, act, changed=True)


def test_nothing_of_the_machine_is_read(table: Table) -> None:
    first, *_ = Path("/etc/passwd").read_bytes().splitlines()
    assert first not in table.written()


def test_a_render_that_does_not_end_holds_up_no_other_source(
    kustomize: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = Team(tmp_path / "team", "platform")
    endless = EndlessKustomize(kustomize, team, tmp_path, monkeypatch)
    other = Team(tmp_path / "other", "other")
    with serving(tmp_path, team, other) as baseward:
        endless.stop()
        team.change()
        baseward.start("sync")
        eventually(endless.is_stopped, lambda: baseward.log)
        other.change()
        wait_until_in_sync(baseward, other)
        assert_serves(baseward, other, other.head, changed=True)
