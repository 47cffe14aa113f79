"""What formulas come to: the reference's own examples, coercion, and that nothing ever raises."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.errors import FormulaError
from airhaul.formula import parse
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.values import FormulaFault, is_kept
from tests.formula.test_printer import trees

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
    ("formula", "expected"),
    [
        # text
        ('CONCATENATE("Bob"," - ",43)', "Bob - 43"),
        ('ENCODE_URL_COMPONENT("chicken & waffles")', "chicken%20%26%20waffles"),
        ('FIND("fox","quick brown fox")', 13),
        ('FIND("cat","quick brown fox")', 0),
        ('SEARCH("World","Hello World")', 7),
        ('LEFT("quick brown fox",5)', "quick"),
        ('RIGHT("quick brown fox",5)', "n fox"),
        ('MID("quick brown fox",6,5)', "brown"),
        ('LEN("quick brown fox")', 15),
        ('TRIM(" Hello! ")', "Hello!"),
        ('REPLACE("database",2,5,"o")', "dose"),
        ('REPT("Hi! ",3)', "Hi! Hi! Hi! "),
        ('SUBSTITUTE("gold mold","old","et")', "get met"),
        ('SUBSTITUTE("gold mold","old","et",1)', "get mold"),
        ('T("text only")', "text only"),
        ("T(42)", None),
        ('VALUE("$10000")', 10000),
        ('LOWER("ÄB")', "äb"),
        # logic
        ("NOT(0)", True),
        ("XOR(1, 1, 1)", True),
        ("AND(1, 0)", False),
        ('IF(1 > 0, "yes")', "yes"),
        ('IF(0, "yes")', None),
        ('SWITCH(2, 1, "a", 2, "b", "c")', "b"),
        ('SWITCH(9, 1, "a", 2, "b", "c")', "c"),
        ("ISERROR(ERROR())", True),
        # numbers
        ("ABS(-5)", 5),
        ("SUM(1,2,3)", 6),
        ('COUNT(1,2,3,"four")', 3),
        ('COUNTA(1,2,3,"four","")', 4),
        ('COUNTALL(1,2,3,"four","")', 5),
        ("CEILING(1.01)", 2),
        ("CEILING(1.01,0.1)", 1.1),
        ("FLOOR(1.99,0.1)", 1.9),
        ("EVEN(0.1)", 2),
        ("EVEN(-0.1)", -2),
        ("ODD(0.1)", 1),
        ("ODD(-0.1)", -1),
        ("LOG(1024,2)", 10),
        ("INT(1.9)", 1),
        ("INT(-1.9)", -2),
        ("MOD(9,2)", 1),
        ("ROUND(1.99,0)", 2),
        ("ROUND(16.8,-1)", 20),
        ("ROUNDUP(-1.1,0)", -2),
        ("ROUNDDOWN(-1.9,0)", -1),
        # dates
        ('DATETIME_FORMAT(DATEADD("07/10/19", 10, "days"), "YYYY-MM-DD")', "2019-07-20"),
        ('DATETIME_DIFF("04/06/2019 12:00","04/05/2019 11:00","hours")', 25),
        ("DATETIME_FORMAT('10/22/2003','M')", "10"),
        ('DATESTR(DATETIME_PARSE("4 Mar 2017 23:00",\'D MMM YYYY HH:mm\'))', "2017-03-04"),
        ('DATESTR("12/13/21")', "2021-12-13"),
        ('TIMESTR("02/17/2013 7:31:25")', "7:31:25"),
        ('MONTH("02/17/2013 7:31")', 2),
        ('DAY("02/17/2013")', 17),
        ('HOUR("4 Mar 2017 7:00")', 7),
        ('SECOND("02/17/2013 7:31:25")', 25),
        ('YEAR("2021-06-09")', 2021),
        ('WEEKDAY("2021-06-09")', 3),
        ('WEEKNUM("02/17/2013")', 8),
        ('IS_BEFORE("1/1/1979","1/1/2000")', True),
        ('IS_AFTER("1/1/1979","1/1/2000")', False),
        ('IS_SAME("1/1/1979","1/1/1979")', True),
        ("DATETIME_FORMAT('2021-02-11','W')", "6"),
        ("DATETIME_FORMAT('2021-02-11','w')", "7"),
        # arrays, regular expressions, the record
        ('REGEX_MATCH("Hello World","Hello.World")', True),
        ('REGEX_EXTRACT("Hello World","W.*")', "World"),
        ('REGEX_REPLACE("Hello World"," W.*","")', "Hello"),
        ("RECORD_ID()", "rec00000000000000"),
        ("YEAR(CREATED_TIME())", 2024),
    ],
)  # fmt: skip
def test_examples_of_the_reference(formula: str, expected) -> None:
    """Each documented example gives its documented result."""
    assert compute(formula) == expected


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


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.one_of(st.text(max_size=3), st.integers(), st.none()), max_size=3),
)
function_calls = st.sampled_from(
    """ABS(x) AVERAGE(x,y) CEILING(x,y) COUNT(x) COUNTA(x,y) EVEN(x) EXP(x) FLOOR(x,y) INT(x) LOG(x,y)
    MAX(x,y) MIN(x) MOD(x,y) ODD(x) POWER(x,y) ROUND(x,y) ROUNDDOWN(x,y) ROUNDUP(x,y) SQRT(x) SUM(x,y)
    VALUE(x) CONCATENATE(x,y) ENCODE_URL_COMPONENT(x) FIND(x,y) SEARCH(x,y) LEFT(x,y) RIGHT(x,y)
    MID(x,y,z) LEN(x) REPLACE(x,y,z,x) REPT(x,y) SUBSTITUTE(x,y,z) T(x) IF(x,y,z) SWITCH(x,y,z) AND(x,y)
    XOR(x) DATEADD(x,y,z) DATETIME_DIFF(x,y,z) DATETIME_FORMAT(x,y) DATETIME_PARSE(x,y) DATESTR(x)
    WEEKDAY(x,y) WEEKNUM(x) IS_SAME(x,y,z) IS_BEFORE(x,y) ARRAYJOIN(x,y) ARRAYUNIQUE(x) ARRAYCOMPACT(x)
    REGEX_MATCH(x,y) REGEX_EXTRACT(x,y) REGEX_REPLACE(x,y,z) -x x+y x-y x*y x/y x&y x=y x<y x>=y
    DATEADD(x,y,"months") DATETIME_DIFF(x,y,"months") IS_SAME(x,y,"week") IS_SAME(x,y,"quarter")
    DATETIME_FORMAT(x,"YYYY-MM-DD[T]HH:mm:ss.SSSZ dddd Do WW ww")""".split("\n")
).flatmap(
    lambda line: st.sampled_from(
        [
            part
            for part in line.strip().split(" ")
            if part and part.count('"') % 2 == 0 and part.count("(") == part.count(")")
        ]
    )
)


@given(function_calls, cells, cells, cells)
def test_no_value_makes_a_function_raise(formula, x, y, z) -> None:
    """Whatever the cells hold, the result is a value."""
    compute(formula, x=x, y=y, z=z)


@given(trees, cells)
def test_no_formula_raises_when_computed(tree, cell) -> None:
    """What compiles can be computed for any record."""
    try:
        compiled = compile_formula(tree)
    except FormulaError:
        return
    row = Row()
    row.cell = lambda name: cell
    compiled(row)
