"""What formulas come to: coercion, errors, what is found when they are compiled."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from airhaul.errors import FormulaError
from airhaul.formula import parse
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.values import FormulaFault, is_kept

CREATED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


class Row:
    """A record whose fields are what a test says."""

    record_id = "rec00000000000000"
    created_time = CREATED
    now = datetime(2024, 6, 1, 12, tzinfo=UTC)

    def last_modified_time(self, fields):
        return datetime(2024, 5, 7, tzinfo=UTC)

    def __init__(self, **cells) -> None:
        self.cells = cells

    def cell(self, name: str):
        return self.cells.get(name)


def compute(text: str, **cells):
    return compile_formula(parse(text))(Row(**cells))


@pytest.mark.parametrize(
    ("formula", "cells", "expected"),
    [
        ("{N} = BLANK()", {"N": 0}, True),
        ('{N} & "" = ""', {"N": 0}, False),
        ('{N} & "" = ""', {}, True),
        ("{N} + 1", {}, 1),
        ("{N} < 5", {}, True),
        ('{T} = "a"', {"T": "A"}, False),
        ('{L} = "a, b"', {"L": ["a", "b"]}, True),
        ("{C} = TRUE()", {"C": True}, True),
        ("{C} = 1", {"C": True}, True),
        ("NOT({C})", {"C": False}, True),
        ("FIND('2023-12-10', {D})", {"D": datetime(2023, 12, 10, tzinfo=UTC)}, 1),
        ("{D}=DATETIME_PARSE('2023-12-01T12:34:56.000Z')",
         {"D": datetime(2023, 12, 1, 12, 34, 56, tzinfo=UTC)}, True),
        ("1/0", {}, math.inf),
        ("IF(1, 2, ERROR())", {}, 2),
        ("ARRAYJOIN({L}, '; ')", {"L": [1, 2, 3]}, "1; 2; 3"),
        ("ARRAYUNIQUE({L})", {"L": [1, 2, 2]}, [1, 2]),
    ],
)  # fmt: skip
def test_how_values_stand_in_for_one_another(formula: str, cells: dict, expected) -> None:
    """Blanks, numbers, texts, ticks and dates mix as the reference says."""
    assert compute(formula, **cells) == expected


def test_text_in_arithmetic_is_not_a_number() -> None:
    """``"5" + 1`` is NaN, as the service has it, and NaN is not kept by a filter."""
    assert math.isnan(compute('"FOO" + 1'))
    assert math.isnan(compute("0/0"))
    assert not is_kept(math.nan)


def test_errors_spread_and_are_not_kept() -> None:
    """An error goes through operators and functions, and drops the record."""
    fault = compute('LEN(ERROR() & "x")')
    assert isinstance(fault, FormulaFault)
    assert not is_kept(fault)


@pytest.mark.parametrize(
    "formula", ["NO_SUCH(1)", "IF(1)", "RECORD_ID(1)", "LEFT('a')", "ROUND(1, 2, 3)"]
)
def test_unknown_functions_and_wrong_counts_are_found_when_compiled(formula: str) -> None:
    """A formula that cannot work is refused once, and not once for each record."""
    with pytest.raises(FormulaError):
        compile_formula(parse(formula))


@pytest.mark.parametrize("pattern", ["(?=x)", "(a)\\\\1", "(", "x{99999999}"])
def test_patterns_outside_of_re2_are_errors(pattern: str) -> None:
    """What RE2 has not is an error, as a value."""
    assert isinstance(compute(f'REGEX_MATCH("{"a" * 40}", "{pattern}")'), FormulaFault)
