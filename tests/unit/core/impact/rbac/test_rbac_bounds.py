"""No work is begun that the budget does not allow: what is too large is not even looked through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import pytest

from tests.builders import Object, cluster_role, cluster_role_binding, labelled, person, role_binding, rule
from tests.unit.core.impact.rbac.small_worlds import change
from tests.unit.core.impact.rbac.test_rbac_damage import Around
from webhook.core.errors import TooLargeError, UnreadableError
from webhook.core.impact import Change
from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac import analyse_binding, analyse_role
from webhook.core.impact.surroundings import Form

MANY = 200_000
ALICE = person("alice")
READER = cluster_role(rules=[rule("get", "secrets")])


class Unread(list[Any]):
    """A list that must not be looked through."""

    def __iter__(self) -> Iterator[NoReturn]:
        raise AssertionError


class UnreadLabels(dict[str, str]):
    """Labels that must not be looked through, nor, where ``valid``, be looked through once more."""

    def __init__(self, number: int, *, valid: bool = False) -> None:
        super().__init__({f"example.com/aggregate-to-{label}": "" for label in range(number)})
        self._valid = valid

    def values(self) -> Any:
        assert self._valid
        return super().values()

    def items(self) -> NoReturn:
        raise AssertionError


def expression(values: Sequence[str]) -> Form:
    only = {"key": "tier", "operator": "In", "values": values}
    return {
        "metadata": {"name": "many"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": [only]}]},
    }


def with_labels(labels: Mapping[str, str]) -> Form:
    return {"metadata": {"name": "many", "labels": labels}, "rules": READER["rules"]}


def binding_of(subjects: list[Object]) -> Form:
    return {"metadata": {"name": "many"}, "subjects": subjects, "roleRef": cluster_role_binding()["roleRef"]}


@dataclass(frozen=True)
class Case:
    """A change whose analysis would be too much work."""

    change: Change
    around: Sequence[Form] = ()


def gains_secrets() -> Change:
    return change(cluster_role(rules=[]), READER)


@pytest.mark.parametrize(
    "case",
    [
        Case(replace(gains_secrets(), after=with_labels(UnreadLabels(MANY)))),
        Case(replace(gains_secrets(), after=with_labels(UnreadLabels(20_000, valid=True)))),
        Case(replace(gains_secrets(), after=expression(Unread(["a"] * MANY)))),
        Case(gains_secrets(), [expression(Unread(["a"] * MANY))]),
        Case(replace(gains_secrets(), after=expression(["a"])), [with_labels(UnreadLabels(MANY))]),
        Case(gains_secrets(), [binding_of(Unread([ALICE] * MANY))]),
    ],
    ids=["labels", "labels for gathering", "values", "values around", "labels around", "subjects around"],
)
def test_what_is_too_large_is_not_looked_through(case: Case) -> None:
    with pytest.raises(TooLargeError):
        analyse_role(case.change, Around(case.around), Budget())


class Purse(Budget):
    """A budget without end that remembers what was spent."""

    def __init__(self) -> None:
        super().__init__(10**9)
        self.spent = 0

    def spend(self, steps: int = 1) -> None:
        self.spent += steps
        super().spend(steps)


def people(number: int) -> list[Object]:
    return [person(f"user-{one}") for one in range(number)]


def test_each_subject_is_paid_for_as_it_is_read_sorted_and_told() -> None:
    purse = Purse()
    analyse_binding(change(None, role_binding(*people(1_000))), Around([]), purse)
    assert purse.spent >= 8 * 1_000


def test_whoever_is_known_to_be_bound_is_paid_for_as_well() -> None:
    purse = Purse()
    analyse_role(gains_secrets(), Around([binding_of(people(1_000))]), purse)
    assert purse.spent >= 7 * 1_000


def test_labels_that_change_are_paid_for_as_they_are_compared() -> None:
    labels = {f"label-{number}": "" for number in range(1_000)}
    purse = Purse()
    analyse_role(change(READER, labelled(READER, labels)), Around([]), purse)
    assert purse.spent >= 4 * 1_000


@pytest.mark.parametrize("form", [{}, {"metadata": 5}, {"metadata": {"name": 5}}])
def test_a_cluster_role_without_a_name_around_it_cannot_be_read(form: Form) -> None:
    with pytest.raises(UnreadableError, match="a ClusterRole beside it cannot be read"):
        analyse_role(gains_secrets(), Around([form]), Budget())
