"""Telling the types of columns from their values."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.tabular import read_rows
from airhaul.tabular.infer import InferredColumn, infer_columns
from airhaul.tabular.misfits import Misfits
from airhaul.wire.shapes import FIELD_TYPES

EXAMPLE = Path(__file__).parents[2] / "examples" / "electron_files.csv"


def inferred(values: list[object]) -> InferredColumn:
    (column,) = infer_columns({"c": value} for value in values)
    assert column.name == "c"
    assert column.type in FIELD_TYPES
    return column


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ([{"a": 1}, "x"], False),
        ([[1, 2]], False),
        ([["a"], "x"], False),
        (["x", ["a"]], False),
        ([["a", None]], False),
        ([["a", "b", "a"]], False),
        ([["a", ""]], False),
        ([["a", " b"]], False),
        ([["a"], [], None], True),
        (["x", 1, True], True),
    ],
)
def test_what_no_type_holds_is_said(values: list[object], fits: bool) -> None:
    """Objects, lists of other things than text, lists beside texts, and items that would be lost."""
    assert inferred(values).fits is fits


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "-2", "0"], "number"),
        (["1.50", "2"], "number"),
        (["1e+5", "-2.5E-3", "1.0E10", "1e-07"], "number"),
        ([".5", "-.25", "3.10"], "number"),
        (["32.299076986939205", "-18.430000000000007"], "number"),
        (["9007199254740991", "3.50000000000000000000"], "number"),
        (["6.320000000000000097e-03", "-1.433370000000000033e+01"], "number"),
        (["0.1000000000000000055511151231257827", "0.10000000000000001"], "number"),
        (["1.78784E+16", "-1e+300"], "number"),
        ([9007199254740991, 1e300], "number"),
        ([" 2024-02-29", "2024-03-01 ", "  "], "date"),
        ([" 2024-02-29 10:00 "], "dateTime"),
        ([" yes", "No "], "checkbox"),
        (["checked", ""], "checkbox"),
        ([" 1", "2.50 "], "number"),
        ([1, 2.5, None], "number"),
        (["true", "FALSE"], "checkbox"),
        (["yes", "No", "yes"], "checkbox"),
        ([True, None, False], "checkbox"),
        (["2024-02-29", ""], "date"),
        (["2024-02-29T10:00:00Z", "2024-02-29 10:00", "2024-02-29T10:00:00.123+02:00"], "dateTime"),
        (["2024-02-29T10:00:00.120000", "0001-01-01T00:00:00"], "dateTime"),
        (["a@b.co", "x.y+z@example.org"], "email"),
        (["https://a.b/c?d=e", "http://x"], "url"),
        (["Ada", "Bob"], "singleLineText"),
        (["one\ntwo", "x"], "multilineText"),
        (["one\rtwo", "x"] * 40, "multilineText"),
        (["x" * 201], "multilineText"),
        ([["a", "b"], [], ["c"]], "multipleSelects"),
        (["", None], "singleLineText"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_the_narrowest_type_that_fits_every_value(values: list[object], type_: str) -> None:
    """Blanks fit everything, and the rest decides."""
    assert inferred(values).type == type_


@pytest.mark.parametrize(
    "values",
    [
        ["1", "n/a"],
        ["007", "123"],
        ["+491701234567"],
        ["9007199254740992"],
        ["12345678901234567.5"],
        ["3.14159265358979323846"],
        ["6.320000000000000099e-03"],
        ["0.30000000000000002"],
        ["9.007199254740993e+15"],
        ["12E4", "7E2"],
        ["32E0134"],
        ["12E-4"],
        ["1e-400"],
        ["20240131", "2024-01-31"],
        [9007199254740992, 1],
        [-9007199254740992],
        [float("inf")],
        [1, "x", 2.5],
        [1, "1"],
        [True, "yes"],
        ["checked", "unchecked"],
        ["1,000"],
        ["1e400"],
        ["nan", "inf"],
        ["١٢"],
        ["1_000"],
        ["0x10"],
        ["."],
        ["2024-02-30"],
        ["2024-01-01", "2024-01-01T10:00"],
        ["01/02/2024"],
        ["20240101 10:00"],
        ["2024-01-01T25:00"],
        ["2024-01-01T10:00:00.123456"],
        ["0001-01-01T00:00+01:00"],
        ["9999-12-31T23:30-01:00"],
        ["yes", "maybe"],
        ["yes", "1"],
        ["a@b"],
        ["https://a b"],
        ["https://a", "a@b.co"],
        [["a"], "b"],
        [[1, 2]],
        [[{"url": "u"}]],
        [{"a": 1}],
        [True, 5],
    ],
    ids=repr,
)
def test_what_would_lose_something_is_text(values: list[object]) -> None:
    """Codes, telephone numbers, long ids, mixtures and dates that no calendar has stay as they are."""
    assert inferred(values).type == "singleLineText"


@pytest.mark.parametrize(
    ("values", "precision"),
    [
        (["1", "2"], 0),
        (["1.5", "2.25", "3"], 2),
        (["0.1234567891"], 8),
        (["1e-3"], 8),
        ([".5"], 1),
        ([" 3.10 "], 2),
        ([1, 2.5], 1),
        ([2.0], 1),
    ],
)
def test_precision_is_that_of_the_finest_value(values: list[object], precision: int) -> None:
    """Eight digits are the most that Airtable shows."""
    assert inferred(values).precision == precision


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["NA", "1.5", "", "n/a", "NA"], ("NA", "n/a")),
        (["-", "2024-01-01"], ("-",)),
        (["1", "2", "NA"] * 40, ("NA",)),
        (["N/A", "a@b.co"], ("N/A",)),
        ([1, 2.5, "NA"], ("NA",)),
        ([1, "2", "NA"], ()),
        (["NA", "NA"], ()),
        (["NA", "Ada"], ()),
        (["NA", "1", "x"], ()),
        (["NA", "1", "2024-01-01"], ()),
        (["NA", [1]], ()),
        (["inf", "1"], ()),
        (["1", "2"], ()),
    ],
    ids=repr,
)
def test_words_that_alone_make_a_column_text_are_named(
    values: list[object], words: tuple[str, ...]
) -> None:
    """Nobody is to search a long file for the one word that keeps it from having numbers."""
    column = inferred(values)
    assert column.words == words
    if words:
        assert column.type in ("singleLineText", "singleSelect")
        read = [None if value in words else value for value in values]
        assert inferred(read).type in ("number", "date", "email")


def test_a_choice_recurs() -> None:
    """At most a dozen short values, each standing in twenty rows on average, in the order met."""
    column = inferred(["red", "blue", "green", ""] * 20)
    assert (column.type, column.choices, column.blanks) == (
        "singleSelect",
        ("red", "blue", "green"),
        20,
    )
    assert inferred(["red", "blue", "green"] * 19).type == "singleLineText"
    assert inferred([str(chr(97 + n % 13)) for n in range(1_000)]).type == "singleLineText"
    assert inferred(["a" * 41] * 100).type == "singleLineText"
    assert inferred([" red"] * 100).type == "singleLineText"


def test_items_of_lists_are_choices_however_many() -> None:
    """Tags are tags: a list cannot be kept in a text column."""
    column = inferred([[f"tag {n}", "all"] for n in range(500)])
    assert column.type == "multipleSelects"
    assert len(column.choices) == 501


def test_columns_come_in_the_order_met_and_blanks_are_counted() -> None:
    """A column that a row lacks is blank there."""
    columns = infer_columns([{"a": "1"}, {"b": "x", "a": ""}, {"c": None}])
    assert [(column.name, column.type, column.blanks) for column in columns] == [
        ("a", "number", 2),
        ("b", "singleLineText", 2),
        ("c", "singleLineText", 3),
    ]
    assert infer_columns([]) == []


@given(
    st.lists(
        st.dates() | st.datetimes() | st.integers(-(10**14), 10**14) | st.booleans(), min_size=1
    )
)
def test_a_column_that_is_typed_can_be_parsed(values: list[object]) -> None:
    """Every value of a column that is told to be a date, a moment or a number is one."""
    texts = [str(value) for value in values]
    parse = {"date": date.fromisoformat, "dateTime": datetime.fromisoformat, "number": float}
    column = inferred(list(texts))
    if column.type in parse:
        for text in texts:
            parse[column.type](text)


@given(st.lists(st.text(), min_size=1))
def test_any_text_has_a_type(values: list[str]) -> None:
    """Nothing that a file may hold stops inference."""
    assert inferred(list(values)).blanks == values.count("")


def test_the_example_data() -> None:
    """The types a person would choose for the columns of the shipped file."""
    columns = infer_columns(row.cells for row in read_rows(EXAMPLE))
    assert {column.name: column.type for column in columns} == {
        "Asset id": "number",
        "Release": "singleLineText",
        "Title": "singleLineText",
        "File": "singleLineText",
        "Label": "singleLineText",
        "Content type": "singleSelect",
        "Size": "number",
        "Downloads": "number",
        "Prerelease": "checkbox",
        "Released on": "date",
        "Uploaded at": "dateTime",
        "Notes": "multilineText",
    }


def test_no_answer_is_not_the_same_as_no() -> None:
    """A column of yes, no and blanks is a choice; of yes and blanks, a box that is ticked or not."""
    (asked,) = infer_columns([{"a": "yes"}, {"a": "no"}, {"a": ""}])
    assert (asked.type, asked.choices) == ("singleSelect", ("yes", "no"))
    (ticked,) = infer_columns([{"a": "yes"}, {"a": ""}])
    assert ticked.type == "checkbox"


@pytest.mark.parametrize(
    ("values", "misfits"),
    [
        ([*map(str, range(20)), "ask", "ask"], Misfits("number", 2, ("ask",))),
        ([*range(20), "ask"], Misfits("number", 1, ("ask",))),
        (["2024-05-01"] * 20 + [" 2024-02-31 "], Misfits("date", 1, ("2024-02-31",))),
        ([*map(str, range(20)), "ask", "NA"], Misfits("number", 2, ("ask", "NA"))),
        ([*map(str, range(20)), "NA"], None),  # reported as a word
        ([*map(str, range(20)), "0123"], None),
        ([*map(str, range(20)), "12a"], None),
        ([*map(str, range(20)), "a", "b", "c"], None),
        (["a"] * 20, None),
        ([*map(str, range(20))], None),
    ],
)
def test_the_few_values_that_make_a_column_text_are_kept(
    values: list[object], misfits: Misfits | None
) -> None:
    """They can be named; a column of codes, or with many such values, is text as it should be."""
    assert inferred(values).misfits == misfits
