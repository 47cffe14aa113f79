"""Lists, as lookups and rollups give them, and errors and blanks among them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from airhaul.formula.values import FAULT, FormulaFault
from tests.formula.test_evaluate import compute

JANUARY, MAY = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("formula", "values", "expected"),
    [
        ("SUM({v})", [1, 2.5, None, "x"], 3.5),
        ("SUM({v}, 1)", [[1, 2], [3]], 7),
        ("AVERAGE({v})", [1, 2, None], 1.5),
        ("MAX({v})", [3, 1], 3),
        ("MAX({v})", [MAY, None, JANUARY], MAY),
        ("MIN({v})", [MAY, JANUARY], JANUARY),
        ("COUNT({v})", [1, "a", None], 1),
        ("COUNTA({v})", [1, "a", "", None], 2),
        ("COUNTALL({v})", [1, "a", "", None], 4),
        ("{v} + 1", [2], 3),
        ("{v} + 1", [], 1),
        ("{v} & '!'", ["a", 1], "a, 1!"),
        ("LEN({v})", ["ab", "c"], 5),
        ("UPPER({v})", ["a", "b"], "A, B"),
        ("FIND('b', {v})", ["a", "b"], 4),
        ('{v} = "a, b"', ["a", "b"], True),
        ('{v} = "a"', ["a"], True),
        ("{v} = 2", [2], True),
        ("{v} > 1", [2], True),
        ('IF({v}, "some", "none")', [0], "some"),
        ('IF({v}, "some", "none")', [], "none"),
        ("AND({v})", [1, 1], True),
        ("AND({v})", [1, 0], False),
        ("AND({v})", [], False),
        ("OR({v})", [0, 1], True),
        ("OR({v})", [0, ""], False),
        ("XOR({v})", [1, 1, 1], True),
        ("YEAR({v})", [MAY], 2024),
        ("ARRAYSLICE({v}, 2)", [1, 2, 3], [2, 3]),
        ("ARRAYSLICE({v}, 2, 2)", [1, 2, 3], [2]),
        ("ARRAYSLICE({v}, -2)", [1, 2, 3], [2, 3]),
        ("ARRAYSLICE({v}, 1, -2)", [1, 2, 3], [1, 2]),
        ("ARRAYSLICE({v}, 5, 9)", [1, 2, 3], []),
        ("ARRAYSLICE({v}, 1, -9)", [1, 2, 3], []),
        ("COUNTALL(ARRAYCOMPACT({v}))", ["", None], 0),
        ("ARRAYJOIN({v})", "one", "one"),
        ("ISERROR({v})", [1, FAULT], True),
        ("IF(ISERROR({v}), 'bad', SUM({v}))", [1, [FAULT]], "bad"),
    ],
)
def test_lists_in_functions(formula: str, values, expected) -> None:
    """Numeric functions open them, texts join them, one value alone stands for itself."""
    assert compute(formula, v=values) == expected


def test_there_is_no_one_number_of_several() -> None:
    """Arithmetic with a list of more than one is NaN."""
    assert math.isnan(compute("{v} + 1", v=[1, 2]))


@pytest.mark.parametrize(
    "formula",
    ["SUM({v})", "COUNTALL({v})", "{v} & ''", "ARRAYJOIN({v})", "NOT({v})", "AND(0, {v})",
     "OR(1, {v})", "IF({v}, 1, 2)", "SWITCH({v}, 1, 2)", "SWITCH(1, {v}, 2)", "-{v}",
     'OR({v} = "a", {v} = "b")', "LEN({v})", "{v} = 1", "TONOW({v})"],
)  # fmt: skip
def test_an_error_inside_of_a_list_is_the_list(formula: str) -> None:
    """It spreads as an error does that stands alone, also where another argument would decide."""
    assert isinstance(compute(formula, v=[1, FAULT]), FormulaFault)
    assert isinstance(compute(formula, v=FAULT), FormulaFault)


@pytest.mark.parametrize(
    "formula", ["IF(1, 2, {v})", "IF(0, {v}, 2)", "SWITCH(1, 1, 2, {v})", "SWITCH(1, 1, 2, 3, {v})"]
)
def test_a_branch_that_is_not_taken_is_not_computed(formula: str) -> None:
    """So that a formula can guard against errors."""
    assert compute(formula, v=FAULT) == 2


@pytest.mark.parametrize("value", [None, "", 0, False, [], "a", "b", "c", 5, ["a"], ["a", "b"]])
def test_many_alternatives_are_as_one_by_one(value) -> None:
    """The short cut for lists of ids decides as its parts do."""
    short = compute('OR({v} = "a", {v} = "", {v} = "5")', v=value)
    long = [compute(f'{{v}} = "{text}"', v=value) for text in ("a", "", "5")]
    assert short is any(long)
