from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.admission.snapshots import damage
from tests.unit.baseline.origin import Origin
from tests.unit.baseline.world import key, names, opened, role, synchronizer
from webhook.baseline.accepted import accept
from webhook.baseline.snapshot_files import current_path
from webhook.baseline.status import STATUS_FILE, read_status
from webhook.baseline.sync import Synchronizer
from webhook.config import Allow, Source
from webhook.core.normalize.left_out import Ignore, LeftOut
from webhook.core.objects import ObjectKey

BROKEN = "a: b: c\n"


@pytest.fixture
def other(team: Origin) -> Source:
    return Source("team", str(team.folder), "main")


@pytest.fixture
def both(folder: Path, source: Source, other: Source) -> Synchronizer:
    return synchronizer(folder, source, other)


def places(folder: Path, *wanted: str) -> list[str]:
    with opened(folder) as snapshot:
        declared = [snapshot.declared(key(name)) for name in wanted]
    return [place.provenance.source for place in declared if place is not None]


# A source that fails


def test_a_broken_source_keeps_its_last_good_part_while_the_others_go_on(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a")})
    good = team.commit({"b.yaml": role("b")})
    both.sync_once()
    team.commit({"b.yaml": BROKEN})
    origin.commit({"a.yaml": role("c")})
    result = both.sync_once()
    assert result.changed
    assert names(folder) == ["b", "c"]
    assert [(source.trouble, source.commit) for source in result.sources][1] == ("broken", good)
    team.commit({"b.yaml": role("d")})
    assert both.sync_once().errors == ()
    assert names(folder) == ["c", "d"]


def test_a_source_that_never_worked_is_unread_and_does_not_hold_up_the_others(
    origin: Origin, folder: Path, source: Source, tmp_path: Path
) -> None:
    origin.commit({"a.yaml": role("a")})
    gone = Source("gone", str(tmp_path / "nowhere"), allow=Allow(("shop-*", "shop"), ("Role",)))
    result = synchronizer(folder, source, gone).sync_once()
    assert [source.trouble for source in result.sources] == [None, "unreachable"]
    with opened(folder) as snapshot:
        assert snapshot.commits.keys() == {"platform"}
        assert snapshot.unread_source(key("b")) == "gone"
        assert snapshot.unread_source(key("b", "shop-x")) == "gone"
        assert snapshot.unread_source(key("b", "other")) is None
        assert snapshot.unread_source(ObjectKey("networking.k8s.io", "Ingress", "shop", "b")) is None
        assert snapshot.declared(key("a")) is not None


def test_a_source_that_begins_to_work_is_unread_no_more(
    origin: Origin, folder: Path, source: Source, tmp_path: Path
) -> None:
    origin.commit({"a.yaml": role("a")})
    late = Source("late", str(tmp_path / "late"), "main")
    sync = synchronizer(folder, late, source)
    sync.sync_once()
    Origin(tmp_path / "late").commit({"b.yaml": role("b")})
    assert sync.sync_once().errors == ()
    assert places(folder, "a", "b") == ["platform", "late"]
    with opened(folder) as snapshot:
        assert snapshot.unread == ()


def test_a_source_that_is_taken_out_of_the_configuration_declares_nothing_any_more(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer, source: Source
) -> None:
    origin.commit({"a.yaml": role("a")})
    team.commit({"b.yaml": role("b")})
    both.sync_once()
    assert synchronizer(folder, source).sync_once().changed
    assert names(folder) == ["a"]


def test_other_rules_of_normalization_read_again_what_is_served_of_a_broken_source(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer, source: Source, other: Source
) -> None:
    origin.commit({"a.yaml": role("a")})
    good = team.commit({"b.yaml": role("b")})
    both.sync_once()
    team.commit({"b.yaml": BROKEN})
    both.sync_once()
    left_out = LeftOut(ignore=(Ignore(("Role",), (("metadata", "labels"),)),))
    result = synchronizer(folder, source, other, left_out=left_out).sync_once()
    assert result.changed
    assert [source.trouble for source in result.sources] == [None, "broken"]
    assert result.sources[1].commit == good
    assert names(folder) == ["a", "b"]


def test_narrower_settings_hold_for_what_is_served_of_a_broken_source_too(
    team: Origin, folder: Path, other: Source
) -> None:
    good = team.commit(
        {"a.yaml": role("a"), "b.yaml": role("b").replace("namespace: shop", "namespace: bar")}
    )
    synchronizer(folder, other).sync_once()
    team.commit({"c.yaml": BROKEN})
    moved = replace(other, namespace="elsewhere", exclude=("b.yaml",))
    sync = synchronizer(folder, moved)
    result = sync.sync_once()
    assert (result.sources[0].commit, result.sources[0].trouble) == (good, "broken")
    assert names(folder) == ["a"]
    assert not sync.sync_once().changed


# Two sources, one object


def test_the_source_that_comes_later_to_an_object_is_refused(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a")})
    second = team.commit({"b.yaml": role("b"), "c.yaml": role("c")})
    both.sync_once()
    first = origin.commit({"a.yaml": role("a"), "b.yaml": role("b")})
    (error,) = both.sync_once().errors
    assert error == (
        f"platform@{first[:7]} b.yaml:1: Role shop/b is already declared at team@{second[:7]} b.yaml:1;"
        " keep one of them"
    )
    assert places(folder, "a", "b", "c") == ["platform", "team", "team"]


def test_an_object_moves_from_one_source_to_another_in_one_sync(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a"), "mine.yaml": role("c")})
    team.commit({"b.yaml": role("b"), "mine.yaml": role("d")})
    both.sync_once()
    origin.commit({"mine.yaml": role("d")})  # they swap
    team.commit({"mine.yaml": role("c")})
    assert both.sync_once().errors == ()
    assert places(folder, "a", "b", "c", "d") == ["platform", "team", "team", "platform"]


def test_a_claim_is_accepted_once_the_other_source_gives_the_object_up(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a"), "b.yaml": role("b")})
    team.commit({"c.yaml": role("c")})
    both.sync_once()
    team.commit({"b.yaml": role("b")})
    assert len(both.sync_once().errors) == 1
    origin.commit({"b.yaml": None})
    assert both.sync_once().errors == ()
    assert places(folder, "a", "b", "c") == ["platform", "team", "team"]


def test_a_refused_claim_does_not_cost_the_source_what_it_declared_before(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a")})
    team.commit({"b.yaml": role("b")})
    both.sync_once()
    team.commit({"b.yaml": role("a"), "more.yaml": role("more")})
    both.sync_once()
    assert names(folder) == ["a", "b"]


# What takes too much away


def test_an_emptied_folder_is_held_until_it_is_accepted(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({f"{name}.yaml": role(name) for name in "abc"})
    sync = synchronizer(folder, source)
    sync.sync_once()
    commit = origin.commit({**{f"{name}.yaml": None for name in "abc"}, "README.md": "empty"})
    (error,) = sync.sync_once().errors
    assert error == (
        f"platform@{commit[:7]}: it would take away 3 of 3 objects (maxShrink: 50%);"
        f" if that is meant: baseward sync --accept platform@{commit}"
    )
    assert names(folder) == ["a", "b", "c"]
    assert read_status(folder).sources[0].trouble == "held"
    accept(folder, "platform", commit)
    assert sync.sync_once().errors == ()
    assert names(folder) == []


@pytest.mark.parametrize(("left", "held"), [(2, False), (1, True), (0, True)])
def test_the_share_that_may_go_is_configured(
    origin: Origin, folder: Path, source: Source, left: int, *, held: bool
) -> None:
    origin.commit({f"{number}.yaml": role(f"r{number}") for number in range(4)})
    sync = synchronizer(folder, source)
    sync.sync_once()
    origin.commit({**{f"{number}.yaml": None for number in range(left, 4)}, "README.md": "less"})
    assert bool(sync.sync_once().errors) is held


def test_what_is_renamed_is_not_lost(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({"a.yaml": role("a")})
    sync = synchronizer(folder, source)
    sync.sync_once()
    origin.commit({"a.yaml": role("b")})
    assert sync.sync_once().errors == ()


def test_what_moves_to_another_source_is_not_lost(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer
) -> None:
    origin.commit({"a.yaml": role("a"), "b.yaml": role("b")})
    team.commit({"c.yaml": role("c")})
    both.sync_once()
    origin.commit({"a.yaml": None, "b.yaml": None, "README.md": "gone"})
    team.commit({"a.yaml": role("a"), "b.yaml": role("b")})
    assert both.sync_once().errors == ()
    assert places(folder, "a", "b", "c") == ["team"] * 3


def test_an_earlier_acceptance_says_nothing_of_another_commit(
    origin: Origin, folder: Path, source: Source
) -> None:
    first = origin.commit({"a.yaml": role("a"), "b.yaml": role("b"), "c.yaml": role("c")})
    sync = synchronizer(folder, source)
    sync.sync_once()
    accept(folder, "platform", first)
    origin.commit({"a.yaml": None, "b.yaml": None})
    assert len(sync.sync_once().errors) == 1


def test_settings_that_take_too_much_away_are_held_like_a_commit(
    origin: Origin, folder: Path, source: Source
) -> None:
    origin.commit({f"prod/{name}.yaml": role(name) for name in "abc"} | {"test/x.yaml": role("x")})
    synchronizer(folder, replace(source, path="prod")).sync_once()
    for _ in range(2):  # after another start too
        result = synchronizer(folder, replace(source, path="test")).sync_once()
        assert result.sources[0].trouble == "held"
        assert names(folder) == ["a", "b", "c"]


def test_what_is_held_stays_held_where_the_rules_of_normalization_change(
    origin: Origin, folder: Path, source: Source
) -> None:
    origin.commit({f"{name}.yaml": role(name) for name in "abc"})
    synchronizer(folder, source).sync_once()
    origin.commit({f"{name}.yaml": None for name in "abc"} | {"README.md": "empty"})
    left_out = LeftOut(ignore=(Ignore(("Role",), (("metadata", "labels"),)),))
    result = synchronizer(folder, source, left_out=left_out).sync_once()
    assert result.sources[0].trouble == "held"
    assert names(folder) == ["a", "b", "c"]


def test_objects_that_nobody_takes_over_in_the_end_are_not_given_up(
    origin: Origin, team: Origin, folder: Path, source: Source, other: Source, tmp_path: Path
) -> None:
    third = Origin(tmp_path / "third")
    origin.commit({"a.yaml": role("a"), "b.yaml": role("b")})
    team.commit({"c.yaml": role("c")})
    third.commit({"d.yaml": role("d")})
    sources = (source, other, Source("third", str(third.folder), "main"))
    synchronizer(folder, *sources).sync_once()
    origin.commit({"a.yaml": None, "b.yaml": None, "README.md": "given up"})
    team.commit({"a.yaml": role("a"), "b.yaml": role("b"), "d.yaml": role("d")})  # d is the third's
    result = synchronizer(folder, *sources).sync_once()
    assert [status.trouble for status in result.sources] == ["held", "broken", None]
    assert names(folder) == ["a", "b", "c", "d"]


def test_a_claim_does_not_lose_to_one_that_loses_itself(
    origin: Origin, team: Origin, folder: Path, source: Source, other: Source, tmp_path: Path
) -> None:
    third = Origin(tmp_path / "third")
    origin.commit({"a.yaml": role("a")})
    team.commit({"b.yaml": role("b")})
    third.commit({"c.yaml": role("c")})
    sources = (source, other, Source("third", str(third.folder), "main"))
    synchronizer(folder, *sources).sync_once()
    origin.commit({"c.yaml": role("c"), "d.yaml": role("d")})  # c is the third's
    team.commit({"d.yaml": role("d")})
    result = synchronizer(folder, *sources).sync_once()
    assert [status.trouble for status in result.sources] == ["broken", None, None]
    assert places(folder, "a", "b", "c", "d") == ["platform", "team", "third", "team"]


def test_a_source_keeps_nothing_that_it_may_not_declare_any_more(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer, source: Source, other: Source
) -> None:
    origin.commit({"a.yaml": role("a")})
    team.commit({"b.yaml": role("b"), "p.yaml": role("p", namespace="prod")})
    both.sync_once()
    team.commit({"b.yaml": BROKEN})
    origin.commit({"p.yaml": role("p", namespace="prod")})
    narrow = replace(other, allow=Allow(("shop",)))
    result = synchronizer(folder, source, narrow).sync_once()
    assert [status.trouble for status in result.sources] == [None, "broken"]
    assert result.sources[1].objects == 1
    assert places(folder, "a", "b") == ["platform", "team"]
    with opened(folder) as snapshot:
        declared = snapshot.declared(key("p", "prod"))
        assert declared is not None
        assert declared.provenance.source == "platform"


def test_what_an_unread_source_may_declare_follows_its_settings(
    origin: Origin, folder: Path, source: Source, tmp_path: Path
) -> None:
    origin.commit({"a.yaml": role("a")})
    gone = Source("gone", str(tmp_path / "nowhere"))
    synchronizer(folder, source, gone).sync_once()
    narrow = replace(gone, allow=Allow(("other",)))
    assert synchronizer(folder, source, narrow).sync_once().changed
    with opened(folder) as snapshot:
        assert snapshot.unread_source(key("b")) is None
        assert snapshot.unread_source(key("b", "other")) == "gone"


def test_the_snapshot_says_what_is_served_and_not_the_status(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer, source: Source, other: Source
) -> None:
    origin.commit({"a.yaml": role("a")})
    team.commit({"b.yaml": role("b")})
    both.sync_once()
    stale = (folder / STATUS_FILE).read_bytes()
    origin.commit({"a.yaml": role("a2")})
    both.sync_once()
    (folder / STATUS_FILE).write_bytes(stale)  # as a killed process leaves it
    origin.folder.rename(origin.folder.with_name("elsewhere"))
    team.commit({"b.yaml": role("b2")})
    result = synchronizer(folder, source, other).sync_once()
    assert [status.trouble for status in result.sources] == ["unreachable", None]
    assert names(folder) == ["a2", "b2"]


def test_a_damaged_snapshot_is_made_anew(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({f"{number:03}.yaml": role(f"r{number:03}") for number in range(200)})
    synchronizer(folder, source).sync_once()
    path = current_path(folder)
    assert path is not None
    damage(path)
    origin.commit({"more.yaml": role("more")})
    result = synchronizer(folder, source).sync_once()
    assert (result.changed, result.errors, result.objects) == (True, (), 201)
    assert len(names(folder)) == 201


@pytest.mark.parametrize("names_of_files", [("x\udcff.yaml", "x\\xff.yaml")])
def test_two_files_whose_names_look_the_same_are_refused_and_hold_up_nobody(
    origin: Origin, team: Origin, folder: Path, both: Synchronizer, names_of_files: tuple[str, str]
) -> None:
    origin.commit({"a.yaml": role("a")})
    team.commit({name: role(f"r{number}") for number, name in enumerate(names_of_files)})
    result = both.sync_once()
    assert [status.trouble for status in result.sources] == [None, "broken"]
    assert "two files have this name" in result.errors[0]
    assert names(folder) == ["a"]


# Reading no more than what changed


def test_only_files_that_changed_are_read_again(origin: Origin, folder: Path, source: Source) -> None:
    origin.commit({f"{number:02}.yaml": role(f"r{number:02}") + "spec: {}\n" for number in range(40)})
    sync = synchronizer(folder, source)
    first = sync.sync_once()
    commit = origin.commit({"07.yaml": role("seven"), "08.yaml": None, "40.yaml": role("r40")})
    totals: list[int] = []
    second = sync.sync_once(lambda _name, _done, total: totals.append(total))
    assert set(totals) == {2}
    assert (first.sources[0].warnings, second.sources[0].warnings) == (40, 38)
    assert (second.sources[0].files, second.objects) == (40, 40)
    assert "seven" in names(folder)
    with opened(folder) as snapshot:
        declared = snapshot.declared(key("r00"))
        assert declared is not None
        assert declared.provenance.commit == commit
        assert list(snapshot.earlier_digests(key("r00"))) == []


def test_all_files_are_read_again_where_the_settings_changed(
    origin: Origin, folder: Path, source: Source
) -> None:
    origin.commit({"a.yaml": role("a").replace(", namespace: shop", "")})
    synchronizer(folder, source).sync_once()
    assert synchronizer(folder, replace(source, namespace="other")).sync_once().changed
    with opened(folder) as snapshot:
        assert [key.namespace for key in list(snapshot.keys())] == ["other"]


def test_an_object_in_two_files_of_which_one_is_old_is_still_declared_twice(
    origin: Origin, folder: Path, source: Source
) -> None:
    origin.commit({"a.yaml": role("a")})
    sync = synchronizer(folder, source)
    sync.sync_once()
    commit = origin.commit({"b.yaml": role("a")})
    (error,) = sync.sync_once().errors
    place = f"platform@{commit[:7]}"
    assert error == (
        f"{place} b.yaml:1: Role shop/a is already declared at {place} a.yaml:1; keep one of them"
    )
    assert names(folder) == ["a"]
