"""A table made for a file has a field for each column of its header, also for one without values."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from airhaul import Airtable
from tests.cli.program import airhaul


def fields() -> dict[str, str]:
    """The fields of the table, in their order, with their types."""
    with Airtable.local("b.db") as airtable:
        return {field["name"]: field["type"] for field in airtable.table_schema("T")["fields"]}


def workbook(*rows: list[str]) -> None:
    with xlsxwriter.Workbook("in.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)


def create(name: str, *options: str) -> str:
    """Import a file to a new table; gives what is printed about it."""
    done = airhaul("import", name, "T", "--create", "--local", "b.db", *options)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("in.csv", "a,b,c\n1\n2,3\n"),
        ("in.csv", "a,b,c\n1,3,\n2,,\n"),
        ("in.csv", "a,,b,c,\n1\n2,,3\n"),
        ("in.tsv", "a\tb\tc\n1\n2\t3\n"),
    ],
)
def test_a_column_that_no_row_reaches_has_a_field_of_text(name, text) -> None:
    """Rows may be shorter than the header; a column without a name and content has no field."""
    Path(name).write_text(text)
    assert "a (number), b (number), c (singleLineText)" in create(name)
    assert fields() == {"a": "number", "b": "number", "c": "singleLineText"}


def test_a_column_without_values_in_a_workbook_has_a_field() -> None:
    """In the place that it has in the header."""
    workbook(["a", "b", "", "c"], ["x", "", "", "y"], ["z"])
    create("in.xlsx")
    assert fields() == dict.fromkeys("abc", "singleLineText")


@pytest.mark.parametrize("name", ["in.parquet", "in.arrow"])
def test_a_column_without_values_has_the_type_of_its_schema(name) -> None:
    """So that the next file of that kind fits; floats may be what pandas makes of nothing."""
    types: dict[str, Any] = {
        "n": pa.int64(),
        "d": pa.decimal128(9, 2),
        "yes": pa.bool_(),
        "day": pa.date32(),
        "at": pa.timestamp("us"),
        "took": pa.duration("s"),
        "f": pa.float64(),
        "nothing": pa.null(),
        "word": pa.dictionary(pa.int32(), pa.string()),
    }
    empty = {column: pa.nulls(1, type_) for column, type_ in types.items()}
    table = pa.table({"Code": pa.array(["x"]), **empty})
    if name.endswith("arrow"):
        with pa.ipc.new_file(name, table.schema) as file:
            file.write_table(table)
    else:
        pq.write_table(table, name)
    create(name)
    kinds = ["singleLineText", "number", "number", "checkbox", "date", "dateTime", "duration"]
    assert [*fields().values()] == [*kinds, *["singleLineText"] * 3]
    with Airtable.local("b.db") as airtable:
        items = airtable.table_named("T")
        items.bulk_create([{"Code": "y", "n": 7, "d": Decimal("1.25"), "yes": True}])
        assert items.first(d=1.25).n == 7


def test_options_for_columns_hold_for_those_without_values() -> None:
    """They are renamed and left out like others; the columns of a rejects file are none of them."""
    Path("in.csv").write_text("a,b,c,airhaul line,airhaul error\n1\n")
    create("in.csv", "--map", "b=Bee", "--ignore", "c")
    assert fields() == {"a": "number", "Bee": "singleLineText"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b,B\n1\n", "the columns 'b' and 'B', which Airtable treats as equal names"),
        ("a,b,b\n1\n", "the header has 'b' more than once"),
        ("a,b,c\n", "no rows to infer fields from"),
        ("a,b,c\n,,\n", "no rows to infer fields from"),
        ("a,,c\n1,2\n", "column 2 contains '2', but has no name"),
    ],
)
def test_no_table_is_made_for_a_header_that_no_table_can_have(text, problem) -> None:
    """Nor for one without any row: all its fields would be guesses, and no request deletes them."""
    Path("in.csv").write_text(text)
    done = airhaul("import", "in.csv", "T", "--create", "--local", "b.db")
    assert done.returncode == 2
    assert problem in done.stderr
    assert not Path("b.db").exists()
