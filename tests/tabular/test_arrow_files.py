"""Parquet and Arrow files, in and out: values as they are, types from fields, few rows in memory."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from airhaul import Airtable, BulkError, Record, airtable_field
from airhaul.errors import FileFormatError, MissingExtraError
from tests.cli.program import airhaul as program

pyarrow = pytest.importorskip("pyarrow")
pytestmark = pytest.mark.slow  # it imports pyarrow

FORMATS = ["parquet", "arrow"]


class Part(Record, table="Parts"):
    code: str
    pieces: int | None = None
    price: Decimal | None = airtable_field(None, type="currency")
    sold: bool = False
    made: date | None = None
    seen: datetime | None = None
    took: timedelta | None = None
    kind: Literal["b", "a"] | None = airtable_field(None, column="The Kind")
    tags: list[Literal["red", "a, b"]] = []


ROWS: list[dict[str, Any]] = [
    {"code": "007", "pieces": 28, "price": 1.1, "sold": True, "made": date(2024, 1, 2),
     "seen": datetime(2024, 5, 6, 7, 8, 9, 123_000, UTC), "took": timedelta(minutes=90),
     "kind": "a", "tags": ["red", "a, b"]},
    {"code": "1e5", "pieces": None, "price": None, "sold": False, "made": None, "seen": None,
     "took": None, "kind": None, "tags": None},
]  # fmt: skip


def write(rows: list[dict[str, Any]], path: Path) -> None:
    import pyarrow.parquet

    table = pyarrow.Table.from_pylist(rows)
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, path)
    else:
        with pyarrow.ipc.new_file(path, table.schema) as file:
            file.write_table(table)


def read(path: Path) -> Any:
    import pyarrow.parquet

    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path)
    return pyarrow.ipc.open_file(path).read_all()


@pytest.fixture
def parts():
    with Airtable.local(journal="journal.db") as airtable:
        airtable.table(Part).create_table()
        yield airtable.table(Part)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_is_imported_synchronised_and_exported(parts, format, tmp_path) -> None:
    """With the types of the fields, by their names in Airtable; a second sync writes nothing."""
    source = tmp_path / f"source.{format}"
    write(ROWS, source)
    assert parts.import_file(source).counts() == {"created": 2}
    assert parts.plan_sync_file(source, "code").counts()["unchanged"] == 2
    target = tmp_path / f"target.{format}"
    assert parts.export_file(target) == 2
    table = read(target)
    assert [str(kind) for kind in table.schema.types] == [
        "string",
        "int64",
        "double",
        "bool",
        "date32[day]",
        "timestamp[ms, tz=UTC]",
        "duration[us]",
        "dictionary<values=string, indices=int32, ordered=0>",
        "list<element: string>" if format == "parquet" else "list<item: string>",
    ]
    rows = [{("kind" if name == "The Kind" else name): v for name, v in row.items()}
            for row in table.to_pylist()]  # fmt: skip
    assert rows == [ROWS[0], ROWS[1]]
    assert parts.sync_file(target, "code").counts() == {"unchanged": 2}


@pytest.mark.parametrize("format", FORMATS)
def test_a_bad_row_is_named_before_anything_is_sent(parts, format, tmp_path) -> None:
    """By its number; its rejects can be imported."""
    source = tmp_path / f"source.{format}"
    write([*ROWS, {**ROWS[0], "kind": "z"}], source)
    with pytest.raises(BulkError, match=rf"source\.{format} line 3, row 2, field 'The Kind'"):
        parts.import_file(source)
    result = parts.import_file(source, on_error="continue", rejects="rejects.csv")
    assert result.counts() == {"created": 2, "failed": 1}
    assert "z" in Path("rejects.csv").read_text()


def test_columns_are_renamed_and_left_out(parts, tmp_path) -> None:
    """As in every other format."""
    source = tmp_path / "source.parquet"
    write([{"Code": "1", "more": 5, "Pieces!": "7"}], source)
    options: dict[str, Any] = {"columns": {"Pieces!": "The Kind"}, "ignore": "more"}
    with pytest.raises(BulkError, match="Input should be '[ab]' or '[ab]'"):
        parts.import_file(source, **options)
    options = {"ignore": ["more", "Pieces!"]}
    assert parts.import_file(source, **options).counts() == {"created": 1}


def test_a_file_of_another_format_is_refused(parts, tmp_path) -> None:
    """With its name."""
    source = tmp_path / "source.parquet"
    source.write_text("code\n1\n")
    with pytest.raises(FileFormatError, match=r"source\.parquet: this is no parquet file"):
        parts.import_file(source)
    with pytest.raises(FileFormatError, match="encoding is for CSV and TSV only"):
        parts.import_file(source, encoding="cp1252")
    compressed = source.rename(tmp_path / "source.parquet.gz")
    with pytest.raises(FileFormatError, match="compressed already"):
        parts.import_file(compressed)


def test_a_damaged_file_is_refused(parts, tmp_path) -> None:
    """With its name, also when only its rows cannot be read."""
    source = tmp_path / "source.parquet"
    write([{"Code": str(number)} for number in range(9)], source)
    content = bytearray(source.read_bytes())
    content[:] = content[:4] + b"\xff" * 20 + content[24:]
    source.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"source\.parquet: this is no parquet file"):
        parts.import_file(source)


def test_a_missing_library_is_named(parts, tmp_path, monkeypatch) -> None:
    """With the command that installs it, before anything is sent or written."""
    write(ROWS, tmp_path / "source.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for call in (parts.import_file, parts.export_file):
        with pytest.raises(MissingExtraError, match=r'pip install "airhaul\[arrow\]"'):
            call(tmp_path / "source.parquet")


@pytest.mark.parametrize("format", FORMATS)
def test_a_table_is_made_for_a_file(format, tmp_path) -> None:
    """With the types that the file has."""
    source = tmp_path / f"source.{format}"
    rows = [{**row, "tags": row["tags"] or []} for row in ROWS]
    write(rows, source)
    done = program("import", source, "Parts", "--create", "--local", "base.db")
    assert done.returncode == 0, done.stderr
    assert "took (duration)" in done.stderr
    assert "seen (dateTime)" in done.stderr
    with Airtable.local("base.db") as airtable:
        table = airtable.table_named("Parts").to_arrow()
    held = {row["code"]: row["took"] for row in table.to_pylist()}
    assert held == {"007": timedelta(minutes=90), "1e5": None}
    target = tmp_path / f"target.{format}"
    assert program("export", "Parts", target, "--local", "base.db").returncode == 0
    assert read(target).num_rows == 2
