"""1,510 real manifests, as found in Git and as a real kube-apiserver stored them.

Each line is a baseline of its own. What the server stored is what Git declares, and any change of its
meaning is denied; how many lines each change was made to is counted, so that none of this can pass by
doing nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.builders import (
    MemoryBaseline,
    Object,
    baseline,
    kind_of,
    labelled,
    review,
    ruling,
)
from tests.corpus import corpus_pairs, needs_corpus
from tests.unit.core.corpus_changes import CHANGES
from webhook.core.diff import diff
from webhook.core.normalize import normalize

pytestmark = needs_corpus


@dataclass(frozen=True)
class Line:
    """One line of the corpus, its ``git`` as a baseline."""

    source: str
    git: Object
    live: Object
    declared: MemoryBaseline


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return [Line(pair["source"], pair["git"], pair["live"], baseline(pair["git"])) for pair in corpus_pairs()]


def test_the_corpus_is_all_there(lines: list[Line]) -> None:
    assert len(lines) == 1_510


def test_what_the_server_stored_is_what_git_declares(lines: list[Line]) -> None:
    unequal = [
        line.source
        for line in lines
        if normalize(line.git, kind_of(line.git)) != normalize(line.live, kind_of(line.live))
    ]
    assert unequal == []


def test_nothing_is_shown_as_a_difference(lines: list[Line]) -> None:
    different = [
        line.source
        for line in lines
        if diff(
            kind_of(line.git),
            normalize(line.git, kind_of(line.git), as_written=True),
            normalize(line.live, kind_of(line.live), as_written=True),
        )
    ]
    assert different == []


def test_normalizing_twice_changes_nothing(lines: list[Line]) -> None:
    for line in lines:
        for obj in (line.git, line.live):
            once = normalize(obj, kind_of(obj))
            assert normalize(once, kind_of(obj)) == once, line.source


def test_anybody_may_create_what_the_server_stored(lines: list[Line]) -> None:
    denied = [
        line.source for line in lines if ruling(review("CREATE", new=line.live), line.declared) != RESTORES
    ]
    assert denied == []


def test_anybody_may_restore_what_the_server_stored(lines: list[Line]) -> None:
    denied = [
        line.source
        for line in lines
        if ruling(review("UPDATE", labelled(line.live, {"drifted": "1"}), line.live), line.declared)
        != RESTORES
    ]
    assert denied == []


RESTORES = "10 allowed restores-git"
DENIED = "14 denied drift"


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_meaning_is_denied_on_every_line(name: str, lines: list[Line]) -> None:
    change, at_least = CHANGES[name]
    let_through: list[str] = []
    made = 0
    for line in lines:
        changed = change(line.live)
        if changed is None:
            continue
        made += 1
        rulings = {
            ruling(review("CREATE", new=changed), line.declared),
            ruling(review("UPDATE", line.live, changed), line.declared),
        }
        if rulings != {DENIED}:
            let_through.append(f"{line.source}: {rulings}")
    assert let_through == []
    assert made >= at_least
