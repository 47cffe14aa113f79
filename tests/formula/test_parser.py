"""Reading formulas: numbers, and errors that help."""

from __future__ import annotations

import subprocess
import sys

import pytest

from airhaul.errors import FormulaError
from airhaul.formula import parse, print_formula
from airhaul.formula.nodes import Number


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1 == 2", "Equality is written with one ="),
        ("1 <> 2", "Inequality is written !="),
        ("1 && 2", "Write AND(...)"),
        ("1 || 2", "Write AND(...) and OR(...)"),
        ("1 % 2", "MOD"),
        ("2 ^ 2", "POWER"),
        ("“x”", "straight quotes"),
        ('"abc', "no closing quote"),
        ("'abc", "no closing quote"),
        ("{abc", "no closing brace"),
        ("Full Name = 1", "in braces"),
        ("(1", "missing"),
        ("", "missing"),
    ],
)
def test_an_error_says_what_may_be_meant(text: str, hint: str) -> None:
    """The habits of other languages are recognized, and the right form is named."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert hint in str(caught.value)
    assert caught.value.formula == text
    assert caught.value.position is not None


@pytest.mark.parametrize("text", ['"a" "b"', "{a} {b}", "1e5", "٣"])
def test_other_faults_get_no_wrong_hint(text: str) -> None:
    """A hint that does not apply is worse than none."""
    with pytest.raises(FormulaError, match=r"at position \d+\.$"):
        parse(text)


@pytest.mark.parametrize("number", [0, 0.5, 1e-300, 5e-324, 1e22, 1e23, 1.7e308, 10**300, 10**308])
def test_every_number_survives(number) -> None:
    """Large and small numbers are read as what was printed, though formulas have no exponents."""
    read = parse(print_formula(Number(number)))
    assert read == Number(number)
    assert isinstance(read, Number)
    assert type(read.value) is type(number)


@pytest.mark.parametrize("digits", [310, 5_000])
def test_a_number_beyond_all_bounds_is_refused(digits: int) -> None:
    """It would be infinite, which no formula can write."""
    with pytest.raises(FormulaError, match="larger than any"):
        parse("9" * digits)
    assert parse("0" * digits + "7") == Number(7)


def test_thousands_of_ids_are_read_in_good_time() -> None:
    """A filter by ids is the longest formula that programs write."""
    text = "OR(" + ", ".join(f'RECORD_ID() = "rec{i:014d}"' for i in range(2_000)) + ")"
    assert print_formula(parse(text)) == text


def test_the_grammar_is_not_loaded_before_it_is_needed() -> None:
    """Who only builds formulas does not pay for the parser."""
    code = (
        "import sys; from airhaul.formula import F, parse; str(F('a') > 1); "
        "assert 'lark' not in sys.modules; parse('1'); assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
