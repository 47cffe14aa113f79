"""Whatever a formula says and whatever the cells hold, computing gives a value, and soon."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airhaul.errors import FormulaError
from airhaul.formula import parse, print_formula
from airhaul.formula.cell import to_cell
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.functions import FUNCTIONS
from airhaul.formula.nodes import Binary, Call, Field, Number, Text, Unary
from airhaul.formula.result_types import TEXT, result_type
from airhaul.formula.values import FormulaFault, is_kept
from tests.conftest import examples
from tests.formula.test_evaluate import Row, compute

ODD_TEXTS = [
    "", " ", "2024-01-31", "07/10/19", "9999-12-31T23:59:59.999Z", "0001-01-01", "M", "days", "months",
    "milliseconds", "YYYY-MM-DD[T]HH:mm:ss.SSSZ dddd Do WW gggg LLLL A", "D MMM YYYY", "es", "ru", "zh-cn",
    "Australia/Sydney", "Europe", "../etc", "(a|b)*$", "$1", "(", "-5", "1e400", "\ud800", "\x00", "é",
    "2024-12-25, 2024-12-26",
]  # fmt: skip
FIELDS = ["a", "b", "c"]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 2**53 + 1, -0.0, 1e308, 5e-324]),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(ODD_TEXTS),
    st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=14))])),
    st.dates(),
    st.just(FormulaFault("a broken cell")),
)
cells = st.one_of(
    scalars, st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
)
leaves = st.one_of(
    st.sampled_from(FIELDS).map(Field),
    st.sampled_from([0, 1, 2, 0.5, 1000000000, 10**300]).map(Number),
    st.sampled_from([text for text in ODD_TEXTS if text != "\x00"]).map(Text),
)


def calls(parts):
    def of(name: str):
        function = FUNCTIONS[name]
        most = function.least + 2 if function.most is None else function.most
        arguments = st.sampled_from(FIELDS).map(Field) if function.of_names else parts
        return st.lists(arguments, min_size=function.least, max_size=most).map(
            lambda given: Call(name, tuple(given))
        )

    return st.one_of(
        st.sampled_from(sorted(FUNCTIONS)).flatmap(of),
        st.builds(Unary, st.just("-"), parts),
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "&", "=", "!=", "<", ">="]), parts, parts),
    )  # fmt: skip


trees = st.recursive(leaves, calls, max_leaves=8)
one_call = calls(leaves)


def check(tree, row: Row) -> None:
    value = compile_formula(tree)(row)
    assert isinstance(is_kept(value), bool)
    for result in (None, result_type(tree, lambda _: TEXT).as_field()["type"]):
        json.dumps(to_cell(value, result), allow_nan=False)


@pytest.mark.slow
@settings(max_examples=examples(1000))
@given(one_call, st.tuples(cells, cells, cells))
def test_no_value_makes_a_function_raise(tree, held) -> None:
    """One function at a time, over all kinds of values; what comes out is a cell."""
    check(tree, Row(**dict(zip(FIELDS, held, strict=True))))


@pytest.mark.slow
@settings(max_examples=examples(400))
@given(trees, st.tuples(cells, cells, cells))
def test_no_formula_raises(tree, held) -> None:
    """Functions within functions; the tree that is printed and read computes the same."""
    row = Row(**dict(zip(FIELDS, held, strict=True)))
    check(tree, row)
    again = compile_formula(parse(print_formula(tree)))(row)
    assert repr(again) == repr(compile_formula(tree)(row))


@given(st.text(max_size=30))
def test_no_text_is_worse_than_a_formula_error(text: str) -> None:
    """What is no formula is refused by its own error."""
    try:
        tree = parse(text)
        compile_formula(tree)
    except FormulaError:
        return
    check(tree, Row())


@pytest.mark.slow
@pytest.mark.parametrize(
    "formula",
    [
        "REPT('ab', 1000000000000)",
        "SUBSTITUTE(REPT('a', 1000000), 'a', REPT('b', 1000000))",
        "POWER(10, POWER(10, 300))",
        "POWER(9999999999, 999999999) * POWER(9999999999, 999999999)",
        "DATEADD('2024-01-01', 10000000000000000000, 'years')",
        "DATEADD('2024-01-01', -10000000000000000000, 'ms')",
        "WORKDAY('2024-01-01', 1000000000000)",
        "WORKDAY('2024-01-01', 2000000)",
        "WORKDAY_DIFF('0001-01-01', '9999-12-31', REPT('2024-01-01,', 9000))",
        "WORKDAY('2024-01-01', 1000000, REPT('2024-01-02,', 9000))",
        "DATETIME_PARSE(REPT('a ', 400000), 'MMMM [x] D')",
        "DATETIME_FORMAT('2024-01-01', REPT('LLLL', 100000))",
        "VALUE(REPT('9', 1000000))",
        "ROUND(1000000000000000000000, 100000000000)",
        "-" * 150 + "1",
        "CONCATENATE(" + ", ".join(["REPT('a', 900000)"] * 100) + ")",
    ],
)
def test_time_and_memory_are_bounded(formula: str) -> None:
    """What would fill the memory or take for ever is an error, or a number without end."""
    start = time.process_time()
    value = compute(formula)
    assert time.process_time() - start < 3
    assert not isinstance(value, str) or len(value) <= 1_000_000


def test_a_long_format_costs_a_filter_no_time() -> None:
    """It is printed for every record: twenty thousand tokens are an error, and not a minute's work."""
    pattern = "LLLL " * 20_000
    start = time.process_time()
    assert all(
        isinstance(compute("DATETIME_FORMAT(NOW(), {p})", p=pattern), FormulaFault)
        for _ in range(100)
    )
    assert time.process_time() - start < 1
    assert compute("DATETIME_FORMAT('2024-01-01', {p})", p="YYYY" * 250) == "2024" * 250


@pytest.mark.parametrize(
    ("value", "result", "cell"),
    [
        (None, None, None),
        ("", None, None),
        ([], None, None),
        (0, None, 0),
        (True, None, 1),
        (False, None, 0),
        (3.0, None, 3),
        (-0.0, None, 0),
        (0.1, None, 0.1),
        (1e300, "number", 1e300),
        (2**60, "number", float(2**60)),
        (math.nan, None, {"specialValue": "NaN"}),
        (math.inf, None, {"specialValue": "Infinity"}),
        (-math.inf, None, {"specialValue": "-Infinity"}),
        (FormulaFault(), None, {"error": "#ERROR!"}),
        ([1.0, FormulaFault(), None], None, [1, {"error": "#ERROR!"}]),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "dateTime", "2024-01-02T03:04:05.000Z"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), None, "2024-01-02T03:04:05.000Z"),
        (date(2024, 1, 2), None, None),
    ],
)
def test_values_become_cells(value, result, cell) -> None:
    """Errors and what JSON has not are objects; empty is absent; numbers are as short as they can be."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value, result, cell = (
            compute("{d}", d=value),
            "number",
            "2024-01-02T00:00:00.000Z",
        )
    made = to_cell(value, result)
    assert made == cell
    assert type(made) is type(cell)
