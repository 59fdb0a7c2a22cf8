"""What goes wrong with a source, and how that is told, borne and got over: each source has one fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import role
from tests.faults import access, content, history
from tests.faults.expecting import assert_served, assert_told, assert_well
from tests.faults.table import Table, played
from tests.faults.team import title

STORIES = (*access.STORIES, *history.STORIES, *content.STORIES)
NAMELESS = {
    "name": "nameless",
    "repository": "https://git.invalid/nameless.git",
    "allow": {"namespaces": ["nameless"]},
}

every_fault = pytest.mark.parametrize("fault", [title(story) for story in STORIES])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with played(tmp_path_factory.mktemp("sources"), STORIES, NAMELESS) as table:
        yield table


@every_fault
def test_a_fault_is_told_with_its_source_and_place(table: Table, fault: str) -> None:
    assert_told(table.acts[fault], table.baseward.log)


@every_fault
def test_the_last_good_commit_is_served_meanwhile(table: Table, fault: str) -> None:
    act = table.acts[fault]
    assert_served(act.meanwhile, act, changed=act.told.trouble is None)


@every_fault
def test_it_recovers_by_itself_when_the_fault_ends(table: Table, fault: str) -> None:
    act = table.acts[fault]
    assert_well(act.afterwards, act)
    assert_served(act.afterwards, act, changed=True)


def test_a_server_whose_name_has_no_address_is_told_and_holds_up_no_other_source(table: Table) -> None:
    # It never recovers, as a name gets its address from a resolver; see test_surroundings.py for that.
    error = table.baseward.sources()["nameless"]["error"]
    assert error.startswith("nameless: the name of git.invalid has no address (DNS): correct it, or see to")
    assert table.baseward.metrics()["baseward_source_trouble", "nameless", "unreachable"] == 1
    assert "source nameless is unreachable\n" in table.baseward.ask("/readyz")[1]


def test_nothing_is_decided_of_what_a_source_may_declare_that_was_never_read(table: Table) -> None:
    status, text = table.baseward.review(role("reader", {"namespace": "nameless"}))
    assert status == 503
    assert "nameless" in text


def test_no_password_is_written_anywhere(table: Table) -> None:
    written = table.written()
    assert b"refused the credentials" in written
    for password in access.PASSWORDS:
        assert password.encode() not in written


def test_no_process_ever_failed_unexpectedly(table: Table) -> None:
    assert "Traceback" not in table.baseward.log
