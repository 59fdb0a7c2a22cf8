"""Which removed element of a set became which added one."""

from __future__ import annotations

from typing import Any

from tests.builders import peer, rule
from webhook.core.pairing import MAX_CANDIDATES, pair_by_likeness


def pair(removed: list[Any], added: list[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    return pair_by_likeness(list(enumerate(removed)), added)


def test_one_left_on_each_side_is_a_pair_without_likeness() -> None:
    assert pair([peer("a")], [{"ipBlock": {}}]) == ([(0, peer("a"), {"ipBlock": {}})], [], [])


def test_scalars_are_never_paired() -> None:
    assert pair(["a"], ["b"]) == ([], ["a"], ["b"])
    assert pair(["a", "b"], ["c", "d"]) == ([], ["a", "b"], ["c", "d"])


def test_nothing_on_one_side_pairs_nothing() -> None:
    assert pair([], [peer("a")]) == ([], [], [peer("a")])
    assert pair([peer("a")], []) == ([], [peer("a")], [])


def test_the_most_alike_are_paired_first() -> None:
    pods, services = rule("get list", "pods"), rule("get list", "services")
    more_pods, more_services = rule("get list watch", "pods"), rule("get", "services")
    pairs, alone, new = pair([pods, services], [more_services, more_pods])
    assert pairs == [(0, pods, more_pods), (1, services, more_services)]
    assert (alone, new) == ([], [])


def test_what_shares_nothing_stays_alone() -> None:
    a, b = {"x": 1}, {"y": 2}
    c, d = {"x": 1, "z": 3}, {"w": 4}
    assert pair([a, b], [c, d]) == ([(0, a, c)], [b], [d])


def test_each_is_paired_once() -> None:
    a, b = {"x": 1, "y": 1}, {"x": 1, "y": 2}
    c = {"x": 1, "y": 1, "z": 1}
    assert pair([a, b], [c]) == ([(0, a, c)], [b], [])


def test_past_a_number_of_elements_no_pairs_are_sought() -> None:
    many = [rule("get", f"r{i}") for i in range(MAX_CANDIDATES + 1)]
    others = [rule("list", f"r{i}") for i in range(MAX_CANDIDATES + 1)]
    assert pair(many, others) == ([], many, others)
    pairs, _, _ = pair(many[:-1], others[:-1])
    assert len(pairs) == MAX_CANDIDATES
