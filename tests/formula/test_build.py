"""Formulas written in Python: literals, operators and calls."""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from airhaul.errors import FormulaError
from airhaul.formula import F, fn, parse, print_formula
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.nodes import DEEPEST
from tests.formula.test_evaluate import Row


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.Enum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (None, "BLANK()"),
        (True, "TRUE()"),
        (False, "FALSE()"),
        (-3, "-3"),
        (2.5, "2.5"),
        (-0.0, "0.0"),
        (1e-7, "0.0000001"),
        (1e16, "10000000000000000.0"),
        (10**20, "100000000000000000000"),
        (Decimal("1.10"), "1.1"),
        (Colour.RED, '"red"'),
        (Level.HIGH, "3"),
        ('say "hi"\\\n', '"say \\"hi\\"\\\\\\n"'),
        (date(2024, 1, 2), 'DATETIME_PARSE("2024-01-02")'),
        (datetime(2024, 1, 2, 3, 4, 5), 'DATETIME_PARSE("2024-01-02T03:04:05.000Z")'),
        (
            datetime(2024, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))),
            'DATETIME_PARSE("2024-01-02T01:00:00.000Z")',
        ),
    ],
)
def test_values_become_literals(value, printed: str) -> None:
    """Each Python value is written so that Airtable reads the same value; no exponents."""
    expression = F("x") == value
    assert str(expression) == f"{{x}} = {printed}"
    assert parse(str(expression)) == expression.node


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -(10**400), Decimal("NaN"), Decimal("sNaN"), object(), [1], b"x"],
)
def test_values_without_a_literal_are_refused(value) -> None:
    """What no formula can say is an error here, not a wrong formula there."""
    with pytest.raises(FormulaError, match="cannot be written as a formula"):
        F("x") == value


def test_operators() -> None:
    """Operators print as Airtable's, with brackets where they are needed and nowhere else."""
    age, name = F("Age"), F("Full Name")
    assert str((age + 1) * 2 - 3 / age) == "({Age} + 1) * 2 - 3 / {Age}"
    assert str(10 - (age - 1)) == "10 - ({Age} - 1)"
    assert str(-age <= 2 + age) == "-{Age} <= 2 + {Age}"
    assert str((age >= 1) & (age != 2) & (name == "x")) == (
        'AND({Age} >= 1, {Age} != 2, {Full Name} = "x")'
    )
    assert str(~((age < 1) | (1 * age > 5))) == "NOT(OR({Age} < 1, 1 * {Age} > 5))"
    assert str(fn("len", name) > 3) == "LEN({Full Name}) > 3"


def test_a_chained_comparison_is_refused() -> None:
    """``1 < F("Age") < 5`` would be ``F("Age") < 5`` alone."""
    with pytest.raises(TypeError, match="two comparisons for a chained one"):
        1 < F("Age") < 5


def test_an_expression_is_no_key() -> None:
    """Since ``==`` makes a formula, a set of expressions could not work."""
    with pytest.raises(TypeError, match="unhashable"):
        {F("Age")}


@pytest.mark.parametrize("name", ['LEN("x") & RECORD_ID', "", "A B", "LEN(", "1A", "LÄNGE"])
def test_a_functions_name_cannot_carry_a_formula(name: str) -> None:
    """Nothing but a name stands where a name is expected."""
    with pytest.raises(FormulaError, match="cannot be the name"):
        fn(name, 1)


def test_what_is_too_deep_to_be_read_is_not_printed() -> None:
    """A formula built in a loop fails with our error, and not with Python's stack."""
    expression = F("a")
    for _ in range(2_000):
        expression = expression + 1
    with pytest.raises(FormulaError, match="levels deep"):
        str(expression)
    with pytest.raises(FormulaError, match="levels deep"):
        compile_formula(expression.node)


@pytest.mark.parametrize(
    ("shape", "levels"),
    [("IF(1, %s)", 1), ("LEN(%s)", 1), ("-(%s)", 1), ("1 + (%s)", 1), ("(%s) & 1", 1),
     ("SWITCH(%s, 1, 2)", 1), ("ISERROR(%s)", 1), ("AND(%s, 1, {a})", 1), ("YEAR(%s)", 1),
     ("OR({a}, (%s) = {a})", 2)],
)  # fmt: skip
def test_the_deepest_formulas_are_computed(shape: str, levels: int) -> None:
    """What the parser lets in stays far from Python's stack limit in every later phase."""
    text = "{a}"
    for _ in range(DEEPEST // levels):
        text = shape % text
    node = parse(text)
    compile_formula(node)(Row(a=1))
    assert parse(print_formula(node)) == node
    with pytest.raises(FormulaError, match="levels deep"):
        parse(shape % text)
