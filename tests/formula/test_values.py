"""How values stand in for one another, and that no value is too large."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.formula.values import FormulaFault, is_kept, to_number, to_text
from tests.formula.test_evaluate import compute


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "1"),
        (3.0, "3"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (0.00001, "0.00001"),
        (1e-7, "1e-7"),
        (1e21, "1e+21"),
        (123456789012345680000, "123456789012345680000"),
        (10**400, "Infinity"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (datetime(999, 1, 2, tzinfo=UTC), "0999-01-02T00:00:00.000Z"),
        (["a", None, 1], "a, , 1"),
        ([FormulaFault()], "#ERROR!"),
    ],
)
def test_text_of_values(value, text: str) -> None:
    """Numbers print as JavaScript prints them, dates as ISO of four-digit years."""
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("value", "kept"),
    [(0, False), (0.0, False), (False, False), ("", False), (math.nan, False), ([], False),
     (None, False), (FormulaFault(), False), (1, True), ("0", True), (" ", True), (-1, True),
     ([0], True), (math.inf, True), (datetime(2024, 1, 1, tzinfo=UTC), True)],
)  # fmt: skip
def test_what_a_filter_keeps(value, kept: bool) -> None:
    """Everything except 0, false, an empty text, NaN, an empty list and errors."""
    assert is_kept(value) is kept


@pytest.mark.parametrize(
    ("formula", "cells", "expected"),
    [
        ("{x} = BLANK()", {"x": []}, True),
        ('{x} = ""', {"x": []}, True),
        ('{x} < "b"', {}, True),
        ('"b" > {x}', {}, True),
        ("{x} < {x}", {}, False),
        ("{x} <= {x}", {}, True),
        ('"10" < "9"', {}, True),
        ('{x} = "5"', {"x": 5}, True),
        ("BLANK() = FALSE()", {}, True),
    ],
)
def test_comparisons_with_blanks_and_texts(formula: str, cells: dict, expected: bool) -> None:
    """A blank is an empty text beside a text and 0 beside a number; texts compare as texts."""
    assert compute(formula, **cells) is expected


huge = st.one_of(st.integers(-(10**400), 10**400), st.floats(), st.sampled_from([2**53, 2**53 + 1]))


@given(huge, huge, st.sampled_from(["+", "-", "*", "/", "&", "=", "<"]))
def test_no_number_is_too_large(left, right, sign: str) -> None:
    """Beyond the exact whole numbers arithmetic goes on in floats, up to infinity."""
    compute(f'({{x}} {sign} {{y}}) & ""', x=left, y=right)
    compute(f"({{x}} {sign} {{y}}) * {{x}} * {{y}}", x=left, y=right)
    assert isinstance(to_number(left), int | float)


@pytest.mark.slow
@pytest.mark.parametrize(
    "formula",
    [
        'CONCATENATE(REPT("a", 999999), REPT("a", 999999))',
        'REPT("a", 999999) & REPT("a", 999999)',
        'REPT("ab", 999999)',
        'SUBSTITUTE(REPT("a", 999999), "a", "bb")',
        'SUBSTITUTE("aa", "a", REPT("b", 999999), 1) & REPT("a", 9)',
        'REPLACE("aa", 1, 1, REPT("b", 1000000))',
        'REGEX_REPLACE(REPT("a", 99999), "a", REPT("b", 999))',
        'ENCODE_URL_COMPONENT(REPT("%", 999999))',
        'ARRAYJOIN({x}, REPT("a", 999999))',
        'DATETIME_FORMAT("2024-01-01", REPT("LLLL ", 99999))',
    ],
)
def test_no_text_fills_the_memory(formula: str) -> None:
    """What would grow past a million characters is an error."""
    assert isinstance(compute(formula, x=["a"] * 9), FormulaFault)
    assert compute('REPT("", 10000000000000000000000000)') == ""
