"""Git is looked at once, by `sync`, for an approver that may run ahead of the served snapshot."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders import COMMIT, GITOPS, Object, key_of, labelled, network_policy, review
from tests.unit.admission.judging import Worker, until
from tests.unit.admission.serving import PATIENCE
from tests.unit.admission.snapshots import current_file, publish
from webhook.baseline.doorbell import Doorbell
from webhook.baseline.refusal import Trouble
from webhook.baseline.snapshot import Snapshot
from webhook.baseline.snapshot_format import UnreadSource
from webhook.baseline.status import SourceStatus, SyncStatus, write_status
from webhook.config import Allow, Source
from webhook.core.freshness import FreshnessAnswer, FreshnessQuestion
from webhook.core.normalize.left_out import LeftOut
from webhook.core.policy import Policy
from webhook.core.subject import Approver, Mismatch

WEB = network_policy()
NEWER = labelled(WEB, {"release": "2"})
STRICT = Approver(GITOPS["username"], mismatch=Mismatch.DENY)
QUESTION = FreshnessQuestion(STRICT, key_of(WEB))
UP_TO_DATE = FreshnessAnswer(established=True)
IN_SYNC = SourceStatus("platform", COMMIT)


class Sync:
    """The process that syncs: what it finds when it looks at Git, and how often it did."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.looks = 0
        self.reachable = threading.Event()
        self.reachable.set()
        self.finds: Callable[[], object] = lambda: None

    def look(self, seconds: float) -> bool:
        self.looks += 1
        if not self.reachable.wait(seconds):
            return False
        self.finds()
        return True

    def says(self, *sources: SourceStatus) -> None:
        with contextlib.closing(Snapshot(current_file(self.folder))) as snapshot:
            write_status(self.folder, SyncStatus(snapshot.id, sources))

    def publishes(self, *objects: Object) -> None:
        publish(self.folder, *objects)
        self.says(IN_SYNC)


@pytest.fixture
def sync(tmp_path: Path) -> Iterator[Sync]:
    """Sync that answers the bell, and has read a first commit."""
    sync = Sync(tmp_path)
    sync.publishes(WEB)
    with Doorbell(tmp_path, sync.look):
        yield sync


@pytest.fixture
def worker(sync: Sync) -> Iterator[Worker]:
    with contextlib.closing(Worker(sync.folder, Policy(approvers=(STRICT,)))) as serving:
        yield serving
        sync.reachable.set()


def ask(worker: Worker, question: FreshnessQuestion = QUESTION, seconds: float = PATIENCE) -> FreshnessAnswer:
    return asyncio.run(worker.freshness.ask(question, time.monotonic() + seconds))


# What the sources are like


def test_a_snapshot_of_what_git_says_now_is_up_to_date(worker: Worker, sync: Sync) -> None:
    assert ask(worker) == UP_TO_DATE
    assert sync.looks == 1


def test_what_the_look_brings_is_served_at_once(worker: Worker, sync: Sync) -> None:
    sync.finds = lambda: sync.publishes(NEWER)
    assert ask(worker) == UP_TO_DATE
    assert worker.state.snapshot is not None
    assert worker.state.snapshot.path == current_file(sync.folder)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (Trouble.UNREACHABLE, "source platform cannot be reached"),
        (Trouble.BROKEN, "source platform has a commit that is broken"),
        (Trouble.HELD, "source platform has a commit that is held"),
        ("something new", "source platform is behind"),
    ],
)
def test_a_source_that_is_behind_leaves_it_open(worker: Worker, sync: Sync, trouble: str, why: str) -> None:
    sync.finds = lambda: sync.says(SourceStatus("platform", COMMIT, error="platform: ...", trouble=trouble))
    assert ask(worker) == FreshnessAnswer(established=False, why=why)


def test_a_source_whose_commit_is_not_trusted_does_not(worker: Worker, sync: Sync) -> None:
    sync.says(SourceStatus("platform", COMMIT, error="platform: ...", trouble=Trouble.UNTRUSTED))
    why = "source platform has a commit that is not trusted"
    assert ask(worker) == FreshnessAnswer(established=True, why=why)


def test_a_source_that_sync_knows_nothing_of_leaves_it_open(worker: Worker, sync: Sync) -> None:
    sync.says(SourceStatus("another", COMMIT))
    assert ask(worker) == FreshnessAnswer(established=False, why="source platform was never read")


def of_team(**allow: tuple[str, ...]) -> tuple[Source, ...]:
    repository = "https://git.example.com/team.git"
    return (Source("platform", repository), Source("team", repository, allow=Allow(**allow)))


@pytest.mark.parametrize(
    ("sources", "approver", "counts"),
    [
        (of_team(), STRICT, True),
        (of_team(namespaces=("sh*",), kinds=("Ingress", "NetworkPolicy")), STRICT, True),
        (of_team(namespaces=("shop-*",)), STRICT, False),
        (of_team(kinds=("Ingress",)), STRICT, False),
        (of_team(), Approver("ci", sources=("platform",)), False),
        (of_team(), Approver("ci", sources=("platform", "team")), True),
    ],
)
def test_only_what_may_declare_the_object_and_the_approver_may_bring_counts(
    sync: Sync, sources: tuple[Source, ...], approver: Approver, *, counts: bool
) -> None:
    down = SourceStatus("team", COMMIT, error="team: ...", trouble=Trouble.UNREACHABLE)
    sync.says(IN_SYNC, down)
    with contextlib.closing(Worker(sync.folder, sources=sources)) as worker:
        answer = ask(worker, FreshnessQuestion(approver, key_of(WEB)))
    assert answer.established is not counts
    assert answer.why == ("source team cannot be reached" if counts else "")


def test_one_source_that_is_not_trusted_does_not_outdo_another_that_is_behind(sync: Sync) -> None:
    untrusted = SourceStatus("platform", COMMIT, error="...", trouble=Trouble.UNTRUSTED)
    sync.says(untrusted, SourceStatus("team", COMMIT, error="...", trouble=Trouble.UNREACHABLE))
    with contextlib.closing(Worker(sync.folder, sources=of_team())) as worker:
        assert not ask(worker).established


def test_a_snapshot_that_cannot_be_served_leaves_it_open(worker: Worker, sync: Sync) -> None:
    def publish_with_other_settings() -> None:
        publish(sync.folder, NEWER, left_out=LeftOut(bookkeeping=frozenset({"other"})))
        sync.says(IN_SYNC)

    sync.finds = publish_with_other_settings
    assert ask(worker) == FreshnessAnswer(established=False, why="the newest snapshot is not served yet")


# Looking


def test_without_sync_it_stays_open(tmp_path: Path) -> None:
    sync = Sync(tmp_path)
    sync.publishes(WEB)
    with contextlib.closing(Worker(tmp_path)) as worker:
        assert ask(worker) == FreshnessAnswer(established=False, why="Git was not looked at in time")


@pytest.mark.parametrize("seconds", [-5.0, 0.0, 0.4, 0.6])
def test_a_review_that_has_no_time_left_does_not_wait(worker: Worker, sync: Sync, seconds: float) -> None:
    sync.reachable.clear()
    assert ask(worker, seconds=seconds) == FreshnessAnswer(
        established=False, why="Git was not looked at in time"
    )


def test_a_git_that_hangs_is_waited_for_two_seconds_at_most(worker: Worker, sync: Sync) -> None:
    sync.reachable.clear()  # for as long as this test takes
    assert not ask(worker, seconds=3_600).established


def test_who_waits_at_the_same_time_shares_a_look_that_began_after_they_came(
    worker: Worker, sync: Sync
) -> None:
    async def ask_all() -> list[FreshnessAnswer]:
        deadline = time.monotonic() + PATIENCE
        first = asyncio.create_task(worker.freshness.ask(QUESTION, deadline))
        await until(lambda: sync.looks == 1)
        others = [asyncio.create_task(worker.freshness.ask(QUESTION, deadline)) for _ in range(20)]
        await asyncio.sleep(0)  # so that all have asked
        sync.reachable.set()
        return await asyncio.gather(first, *others)

    sync.reachable.clear()
    assert asyncio.run(ask_all()) == [UP_TO_DATE] * 21
    assert sync.looks == 2


def test_one_that_stops_waiting_leaves_the_look_to_the_others(worker: Worker, sync: Sync) -> None:
    async def ask_both() -> FreshnessAnswer:
        now = time.monotonic()
        first = asyncio.create_task(worker.freshness.ask(QUESTION, now + PATIENCE))
        await until(lambda: sync.looks == 1)
        patient = asyncio.create_task(worker.freshness.ask(QUESTION, now + PATIENCE))
        assert not (await worker.freshness.ask(QUESTION, now)).established
        sync.reachable.set()
        await first
        return await patient

    sync.reachable.clear()
    assert asyncio.run(ask_both()) == UP_TO_DATE


# From a review to its answer

AHEAD = review("UPDATE", WEB, NEWER, user=GITOPS)


def test_an_approver_that_runs_ahead_is_allowed_once_git_was_looked_at(worker: Worker, sync: Sync) -> None:
    sync.finds = lambda: sync.publishes(NEWER)
    response = worker.review(AHEAD).content["response"]
    assert (response["allowed"], "warnings" in response) == (True, False)
    (line,) = worker.decisions
    assert (line["decision"], line["reason"]) == ("allowed", "restores-git")


def test_an_approver_may_prune_what_git_has_just_removed(worker: Worker, sync: Sync) -> None:
    sync.finds = sync.publishes
    assert worker.review(review("DELETE", WEB, user=GITOPS)).content["response"]["allowed"]


def test_what_git_does_not_declare_even_now_is_denied(worker: Worker) -> None:
    assert not worker.review(AHEAD).content["response"]["allowed"]


def test_what_git_may_declare_is_warned_about(worker: Worker, sync: Sync) -> None:
    sync.says(SourceStatus("platform", COMMIT, error="...", trouble=Trouble.UNREACHABLE))
    response = worker.review(AHEAD).content["response"]
    assert response["allowed"]
    assert "(source platform cannot be reached)" in response["warnings"][0]
    assert worker.decisions[0]["note"] == "source platform cannot be reached"


def test_a_person_has_nothing_looked_at(worker: Worker, sync: Sync) -> None:
    sync.finds = lambda: sync.publishes(NEWER)
    assert not worker.review(review("UPDATE", WEB, NEWER)).content["response"]["allowed"]
    assert sync.looks == 0


def test_a_source_that_was_never_read_leaves_the_verdict_to_the_failure_policy(tmp_path: Path) -> None:
    publish(tmp_path, WEB, unread=[UnreadSource("team", ("shop",), ("NetworkPolicy",))])
    with contextlib.closing(Worker(tmp_path)) as worker:
        undecided = worker.review(review("CREATE", new=network_policy("other")))
        assert undecided.status == 503
        assert "source team was never read" in undecided.content["message"]
        assert worker.review(review("CREATE", new=WEB)).content["response"]["allowed"]
