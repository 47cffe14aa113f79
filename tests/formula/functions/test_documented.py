"""Every example that Airtable documents, with the result that it documents."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from airhaul.formula import parse
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.functions import FUNCTIONS
from tests.formula.test_evaluate import Row, compute


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
        # the text speaks of a position, and the example counts from 0
        ('MID("quick brown fox",6,5)', "brown"),
        ('LEN("quick brown fox")', 15),
        ('TRIM(" Hello! ")', "Hello!"),
        ('REPLACE("database",2,5,"o")', "dose"),
        ('REPT("Hi! ",3)', "Hi! Hi! Hi! "),
        ('SUBSTITUTE("gold mold","old","et")', "get met"),
        ('SUBSTITUTE("gold mold","old","et",1)', "get mold"),
        ('T("text only")', "text only"),
        ("T(42)", None),
        ('LOWER("Hello!")', "hello!"),
        ('UPPER("Hello!")', "HELLO!"),
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
        ("EXP(1)", math.e),
        ('COUNT(1,2,3,"four","")', 3),
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
        # zero padding is doubtful: the example has none
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
        ('DATETIME_PARSE("4 Mar 2017 23:00",\'D MMM YYYY HH:mm\')', datetime(2017, 3, 4, 23, tzinfo=UTC)),
        ('DATEADD("07/10/19", 10, "days")', datetime(2019, 7, 20, tzinfo=UTC)),
        ('TONOW(DATEADD(NOW(), -25, "days"))', "25 days"),
        ('FROMNOW(DATEADD(NOW(), -25, "days"))', "25 days"),
        ("DATETIME_FORMAT(SET_TIMEZONE(\"07/10/19 13:00\",'Australia/Sydney'),'M/D/YYYY h:mm')",
         "7/10/2019 11:00"),
        ("DATETIME_FORMAT(SET_LOCALE(\"07/10/19\",'es'),'LLLL')",
         "miércoles, 10 de julio de 2019 0:00"),
        # arrays, regular expressions, the record
        ('REGEX_MATCH("Hello World","Hello.World")', True),
        ('REGEX_EXTRACT("Hello World","W.*")', "World"),
        ('REGEX_REPLACE("Hello World"," W.*","")', "Hello"),
        ("OR(RECORD_ID()='rec00000000000001',RECORD_ID()='rec00000000000000')", True),
        ("RECORD_ID()", "rec00000000000000"),
        ("YEAR(CREATED_TIME())", 2024),
    ],
)  # fmt: skip
def test_examples_give_what_is_documented(formula: str, expected) -> None:
    """Each documented example gives its documented result."""
    assert compute(formula) == expected


@pytest.mark.parametrize(
    ("formula", "values", "expected"),
    [
        # the page prints a 3 more than it puts in
        ("ARRAYCOMPACT({v})", [1, 2, "", None, False, " "], [1, 2, False, " "]),
        # the page drops the "" here; decided: flattening drops nothing
        ("ARRAYFLATTEN({v})", [[1, 2, "", 3], [False]], [1, 2, "", 3, False]),
        ("ARRAYUNIQUE({v})", [1, 2, 3, 3, 2, 1], [1, 2, 3]),
        ('ARRAYJOIN({v}, "; ")', [1, 2, 3], "1; 2; 3"),
    ],
)
def test_examples_with_arrays(formula: str, values: list, expected: list) -> None:
    """Arrays come from lookups and rollups."""
    assert compute(formula, v=values) == expected


def test_every_documented_function_is_there() -> None:
    """The list of the reference, whole, and nothing that Airtable has not."""
    assert (
        sorted(FUNCTIONS)
        == """
        ABS AND ARRAYCOMPACT ARRAYFLATTEN ARRAYJOIN ARRAYSLICE ARRAYUNIQUE AVERAGE BLANK CEILING
        CONCATENATE COUNT COUNTA COUNTALL CREATED_TIME DATEADD DATESTR DATETIME_DIFF DATETIME_FORMAT
        DATETIME_PARSE DAY ENCODE_URL_COMPONENT ERROR EVEN EXP FALSE FIND FLOOR FROMNOW HOUR IF INT
        ISERROR IS_AFTER IS_BEFORE IS_SAME LAST_MODIFIED_TIME LEFT LEN LOG LOWER MAX MID MIN MINUTE
        MOD MONTH NOT NOW ODD OR POWER RECORD_ID REGEX_EXTRACT REGEX_MATCH REGEX_REPLACE REPLACE
        REPT RIGHT ROUND ROUNDDOWN ROUNDUP SEARCH SECOND SET_LOCALE SET_TIMEZONE SQRT SUBSTITUTE SUM
        SWITCH T TIMESTR TODAY TONOW TRIM TRUE UPPER VALUE WEEKDAY WEEKNUM WORKDAY WORKDAY_DIFF XOR
        YEAR
    """.split()
    )


def test_the_time_of_the_last_change_is_asked_for_fields_by_name() -> None:
    """``LAST_MODIFIED_TIME`` names fields and does not read them."""
    asked = []

    class Asked(Row):
        def last_modified_time(self, fields):
            asked.append(fields)
            return datetime(2024, 5, 7, tzinfo=UTC)

        def cell(self, name):
            raise AssertionError(name)

    for formula in ("LAST_MODIFIED_TIME()", "LAST_MODIFIED_TIME({A b}, C)"):
        assert compile_formula(parse(formula))(Asked()) == datetime(2024, 5, 7, tzinfo=UTC)
    assert asked == [(), ("A b", "C")]
