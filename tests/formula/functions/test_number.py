"""Rounding and the other numeric functions, past the reference's examples."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.formula.values import FormulaFault
from tests.formula.test_evaluate import compute

finite = st.one_of(
    st.floats(-1e15, 1e15), st.integers(-(10**12), 10**12), st.decimals(-999, 999, places=3)
).map(lambda value: value if isinstance(value, int) else float(value))


@given(finite, st.sampled_from([1, 5, 0.1, 0.25, 0.015625, 0.3, 100]))
def test_multiples_are_the_nearest(value, step) -> None:
    """CEILING and FLOOR give exact multiples of the step as it is written, on either side."""
    exact, size = Fraction(repr(value)), Fraction(repr(step))
    above, below = math.ceil(exact / size) * size, math.floor(exact / size) * size
    assert compute("CEILING({x}, {y})", x=value, y=step) == float(above)
    assert compute("FLOOR({x}, {y})", x=value, y=step) == float(below)


@given(finite, st.integers(-3, 4))
def test_rounding_is_decimal(value, places: int) -> None:
    """ROUND takes ties upwards, ROUNDUP goes away from zero, ROUNDDOWN towards it."""
    scale = Fraction(10) ** places
    exact = Fraction(repr(value)) * scale
    away = math.ceil(exact) if exact > 0 else math.floor(exact)
    assert compute("ROUND({x}, {p})", x=value, p=places) == float(
        math.floor(exact + Fraction(1, 2)) / scale
    )
    assert compute("ROUNDUP({x}, {p})", x=value, p=places) == float(away / scale)
    assert compute("ROUNDDOWN({x}, {p})", x=value, p=places) == float(math.trunc(exact) / scale)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("ROUND(1.005, 2)", 1.01),
        ("ROUND(2.4999999999999, 0)", 2),
        ("ROUND(-2.5, 0)", -2),
        ("ROUND(1.5, 999999)", 1.5),
        ("ROUND(1.5, -999999)", 0),
        ("CEILING(5, 0)", 0),
        ("INT(-1/0)", -math.inf),
        ("EVEN(-1/0)", -math.inf),
        ("POWER(0, -1)", math.inf),
        ("POWER(10, 400)", math.inf),
        ("EXP(1)", math.e),
        ("LOG(1000)", 3),
        ("MOD(-5, 3)", 1),
        ('SUM(1, "2", {list})', 6),
        ("AVERAGE({list})", 2.5),
        ('MIN("a")', 0),
        ("ABS(TRUE())", 1),
        ('VALUE("-1,234.50 EUR")', -1234.5),
        ('VALUE(" ")', None),
    ],
)  # fmt: skip
def test_edges(formula: str, expected) -> None:
    """Infinities keep their sign, steps of zero and huge precisions have an answer."""
    assert compute(formula, list=[2, 3, "x", None]) == expected


@pytest.mark.parametrize("formula", ["SQRT(-1)", "POWER(-8, 0.5)", "MOD(5, 0)", "LOG(-1)", "0/0"])
def test_what_has_no_answer_is_not_a_number(formula: str) -> None:
    """Impossible sums are NaN, a value, and not an error."""
    assert math.isnan(compute(formula))


def test_a_long_text_without_a_number_is_searched_once() -> None:
    """VALUE takes time in proportion to the text."""
    began = time.process_time()
    for text in (",", "+"):
        assert isinstance(compute(f'VALUE(REPT("{text}", 999999))'), FormulaFault)
    assert time.process_time() - began < 10
