"""The sets that all else stands on, against sets that name each element."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webhook.core.impact.networkpolicy.intervals import IntervalSet
from webhook.core.impact.networkpolicy.labels import ValueSet

# What a label may be: a few values, one that no set names, or to be absent.
LABELS = ["a", "b", "c", "unnamed", None]
NUMBERS = range(-2, 20)

value_sets = st.builds(ValueSet, st.frozensets(st.sampled_from("abc")), st.booleans(), st.booleans())
_intervals = st.tuples(st.integers(0, 11), st.integers(0, 3)).map(lambda drawn: (drawn[0], sum(drawn)))
interval_sets = st.lists(_intervals, max_size=4).map(IntervalSet.of)


def elements(of: ValueSet | IntervalSet) -> set[object]:
    return {each for each in (LABELS if isinstance(of, ValueSet) else NUMBERS) if each in of}


@given(st.tuples(value_sets, value_sets) | st.tuples(interval_sets, interval_sets))
def test_sets_are_combined_element_by_element(drawn: tuple[ValueSet, ValueSet]) -> None:
    one, other = drawn
    assert elements(one & other) == elements(one) & elements(other)
    assert elements(one | other) == elements(one) | elements(other)
    assert elements(one - other) == elements(one) - elements(other)
    assert one.isdisjoint(other) == elements(one).isdisjoint(elements(other))


@given(st.tuples(value_sets, value_sets) | st.tuples(interval_sets, interval_sets))
def test_equal_sets_are_equal_values(drawn: tuple[ValueSet, ValueSet]) -> None:
    one, other = drawn
    assert bool(one) == bool(elements(one))
    assert (one == other) == (elements(one) == elements(other))
    assert one - (one - other) == one & other


@given(value_sets)
def test_a_complement_is_all_that_is_not_in_it(values: ValueSet) -> None:
    assert elements(~values) == set(LABELS) - elements(values)


@given(interval_sets)
def test_a_set_knows_its_size(numbers: IntervalSet) -> None:
    assert numbers.size() == len(elements(numbers))


def test_no_text_is_among_numbers() -> None:
    assert "1" not in IntervalSet.of([(0, 2)])
