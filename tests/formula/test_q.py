"""Joining lookups: gathered in a loop, by the hundred, from generators, and with free formulas."""

from __future__ import annotations

import functools
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.formula import F, Q, build_lookup, parse, print_formula
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.values import is_kept
from tests.formula.test_evaluate import Row
from tests.formula.test_lookup import resolve


def text_of(q: Q) -> str:
    return print_formula(build_lookup(q, resolve).wide)


def test_one_shot_values_serve_more_than_once() -> None:
    """A generator given to ``in`` or ``not_in`` must not be found empty, which selects all rows."""
    for lookup in ("age__in", "age__not_in"):
        q = Q(**{lookup: (number for number in (1, 2))})
        assert text_of(q) == text_of(q) == text_of(Q(**{lookup: [1, 2]}))


def test_an_empty_q_adds_nothing() -> None:
    """``q = Q()`` and ``q |= Q(...)`` in a loop must not end up as "every record"."""
    assert text_of(Q() | Q(age=1)) == text_of(Q(age=1) | Q()) == text_of(Q(age=1))
    assert text_of(Q() & Q(age=1)) == text_of(Q(age=1))
    assert text_of(Q() | Q()) == text_of(Q()) == "TRUE()"
    assert text_of(Q() | ~Q(age=1)) == text_of(~Q(age=1))
    assert text_of(~Q()) == "NOT(TRUE())"


@pytest.mark.parametrize("join", [operator.or_, operator.and_])
def test_hundreds_joined_one_by_one_stay_flat(join) -> None:
    """A condition made in a loop over a thousand ids is one flat call, which Airtable can read."""
    text = text_of(functools.reduce(join, [Q(age=number) for number in range(1, 1_001)]))
    assert text.count("(") == 1
    assert parse(text)


def test_formulas_join_from_both_sides() -> None:
    """``F(...) | Q(...)`` is as good as ``Q(...) | F(...)``."""
    assert text_of((F("Age") > 1) & Q(age=5)) == "AND({Age} > 1, {Age} = 5)"
    assert text_of(Q(age=5) | (F("Age") > 1)) == "OR({Age} = 5, {Age} > 1)"


@pytest.mark.parametrize("other", [{"age": 1}, True, None, "x"])
def test_only_conditions_join(other) -> None:
    """Joining with something else is Python's own TypeError, on either side."""
    with pytest.raises(TypeError):
        Q(age=1) & other
    with pytest.raises(TypeError):
        other | Q(age=1)
    with pytest.raises(TypeError):
        (F("Age") > 1) & other


conditions = st.recursive(
    st.one_of(
        st.just(Q()),
        st.builds(lambda age: Q(age=age), st.integers(0, 2)),
        st.builds(lambda low, high: Q(age__gte=low, age__lt=high), *[st.integers(0, 2)] * 2),
        st.builds(lambda age: F("Age") > age, st.integers(0, 2)),
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["&", "|"]), inner, inner), st.tuples(st.just("~"), inner)
    ),
    max_leaves=8,
)


@given(conditions, st.integers(0, 3))
def test_flattening_keeps_the_meaning(tree, age: int) -> None:
    """However conditions are joined, the formula means what Python's own operators would."""

    def keeps(condition) -> bool:
        is_formula = not isinstance(condition, Q)
        node = condition.node if is_formula else build_lookup(condition, resolve).wide
        return is_kept(compile_formula(parse(print_formula(node)))(Row(Age=age)))

    def joined(part):
        match part:
            case ("~", inner):
                return ~joined(inner)
            case (sign, left, right):
                join = operator.and_ if sign == "&" else operator.or_
                return join(joined(left), joined(right))
        return part

    def expected(part) -> bool | None:
        match part:
            case ("~", inner):
                held = expected(inner)
                return not (True if held is None else held)
            case (sign, left, right):
                sides = [side for side in (expected(left), expected(right)) if side is not None]
                if not sides:
                    return None
                return all(sides) if sign == "&" else any(sides)
        # Q() asks for nothing.
        return None if isinstance(part, Q) and not part._parts else keeps(part)

    held = expected(tree)
    assert keeps(joined(tree)) == (True if held is None else held)
