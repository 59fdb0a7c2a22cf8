"""What every story is to come to, whatever its fault is."""

from __future__ import annotations

from tests.faults.table import Act, Seen


def assert_served(seen: Seen, act: Act, *, changed: bool) -> None:
    """Expect that the last commit is served, or the last good one before the change."""
    commit = act.team.head if changed else act.good
    assert seen.commit == commit
    seen.verdicts.assert_judged_by(commit, act.team, changed=changed)


def assert_told(act: Act, log: str) -> None:
    """Expect that status, metrics, readiness and log tell of the fault, or of none."""
    seen, told, name = act.meanwhile, act.told, act.team.name
    status, readiness = seen.ready
    assert status == 200
    for text in told.texts:
        assert text in log
    if told.trouble is None:
        assert_well(seen, act)
        return
    for text in told.texts:
        assert text in (seen.error or "")
    assert (seen.trouble, seen.failing, seen.troubles) == (told.trouble, 1, [told.trouble])
    assert f"source {name} is {told.trouble}\n" in readiness


def assert_well(seen: Seen, act: Act) -> None:
    """Expect that nothing is told of a source."""
    assert (seen.error, seen.trouble, seen.failing, seen.troubles) == (None, None, 0, [])
    assert f"source {act.team.name} is " not in seen.ready[1]
