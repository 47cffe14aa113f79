"""Excel workbooks: a sheet is read as a person reads it, or refused; records become a table."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, BulkError, Record, airtable_field
from airhaul.errors import FileFormatError, MissingExtraError
from airhaul.tabular import FileSettings, read_rows
from tests.cli.program import airhaul as program

xlsxwriter = pytest.importorskip("xlsxwriter")
pytest.importorskip("python_calamine")


class Part(Record, table="Parts"):
    code: str
    pieces: int | None = None
    price: Decimal | None = airtable_field(None, type="currency")
    sold: bool = False
    made: date | None = None
    seen: datetime | None = None
    took: timedelta | None = None
    tags: list[str] = airtable_field(default_factory=list, choices=["red", "a, b", "2024"])


SEEN = datetime(2024, 5, 6, 7, 8, 9, 123_000, UTC)
FULL: dict[str, Any] = {
    "code": "007", "pieces": 28, "price": Decimal("0.30000000000000004"), "sold": True,
    "made": date(2024, 1, 2), "seen": SEEN, "took": timedelta(hours=30), "tags": ["red", "a, b"],
}  # fmt: skip


@pytest.fixture
def parts():
    with Airtable.local() as airtable:
        airtable.table(Part).create_table()
        yield airtable.table(Part)


def workbook(path: Path, sheets: dict[str, list[list[Any]]], **options: Any) -> Path:
    """Write a workbook; a datetime is shown as one, a date as a date."""
    with xlsxwriter.Workbook(path, options) as book:
        formats = {
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            timedelta: book.add_format({"num_format": "[h]:mm:ss"}),
        }
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    sheet.write(row, column, cell, formats.get(type(cell)))
    return path


def read(path: Path, sheet: str | None = None) -> list[tuple[int, dict[str, Any]]]:
    return [(row.line, row.cells) for row in read_rows(path, FileSettings(sheet=sheet))]


def test_records_are_exported_and_imported_again(parts, tmp_path) -> None:
    """With all digits of numbers, dates as dates, durations of more than a day."""
    parts.bulk_create([FULL, {"code": "=1+1"}])
    path = tmp_path / "parts.xlsx"
    assert parts.export_file(path) == 2
    ((_, first), (_, second)) = read(path)
    assert first == {
        "code": "007", "pieces": 28, "price": 0.30000000000000004, "sold": True,
        "made": date(2024, 1, 2), "seen": SEEN.replace(tzinfo=None), "took": timedelta(hours=30),
        "tags": 'red, "a, b"',
    }  # fmt: skip
    assert second["code"] == "=1+1"
    assert parts.sync_file(path, "code").counts() == {"unchanged": 2}


def test_an_export_is_a_table_with_a_header_in_view(parts, tmp_path) -> None:
    """As other programs see it."""
    openpyxl = pytest.importorskip("openpyxl")
    parts.bulk_create([FULL, {"code": "2"}])
    parts.export_file(tmp_path / "parts.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "parts.xlsx")["Parts"]
    assert sheet.freeze_panes == "A2"
    assert sheet.tables["Records"].ref == "A1:H3"
    assert sheet["E2"].number_format == "yyyy-mm-dd"
    assert (sheet["A2"].value, sheet["B2"].value) == ("007", 28)


def test_values_mean_what_their_columns_hold(parts, tmp_path) -> None:
    """1.0 is an integer or a text, midnight a date or a time, a time of day a duration."""
    rows = [["code", "pieces", "made", "seen", "took", "tags"],
            [7.0, 1.0, datetime(2024, 1, 2), date(2024, 1, 2), timedelta(hours=2), 2024]]  # fmt: skip
    (part,) = parts.import_file(workbook(tmp_path / "a.xlsx", {"A": rows}))
    assert (part.code, part.pieces, part.made) == ("7", 1, date(2024, 1, 2))
    assert part.seen == datetime(2024, 1, 2, tzinfo=UTC)
    assert (part.took, part.tags) == (timedelta(hours=2), ["2024"])


def test_dates_of_both_epochs(tmp_path) -> None:
    """Workbooks of the Macintosh count from 1904."""
    for name, options in (("windows.xlsx", {}), ("mac.xlsx", {"date_1904": True})):
        rows = [["when"], [date(2024, 1, 2)], [datetime(2024, 5, 6, 7, 8, 9)]]
        path = workbook(tmp_path / name, {"A": rows}, **options)
        assert [cells["when"] for _, cells in read(path)] == [row[0] for row in rows[1:]]


def test_a_value_of_another_kind_is_refused(parts, tmp_path) -> None:
    """With the sheet's row; a number is no date."""
    path = workbook(tmp_path / "a.xlsx", {"A": [["code", "made"], [], ["1", 45_322]]})
    with pytest.raises(
        BulkError, match=r"a\.xlsx line 3, row 0, field 'made': a number is not a date"
    ):
        parts.import_file(path)


def test_empty_rows_and_nameless_columns_are_skipped(tmp_path) -> None:
    """But the rows keep their numbers."""
    rows: list[list[Any]] = [
        [],
        [None, "a", None, "b"],
        [],
        [None, 1, None, "x"],
        [None, None, "", "y"],
    ]
    path = workbook(tmp_path / "a.xlsx", {"A": rows})
    assert read(path) == [(4, {"a": 1, "b": "x"}), (5, {"a": "", "b": "y"})]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["Report"], ["a", "b"], [1, 2]], r"sheet 'A' line 2: the cell B2 contains 'b', but its"),
        ([["a", "b", "a"], [1, 2, 3]], r"sheet 'A' line 1: the header has 'a' more than once"),
        ([], "all sheets are empty"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path, rows, said) -> None:
    """With sheet, row and reason."""
    with pytest.raises(FileFormatError, match=said):
        read(workbook(tmp_path / "a.xlsx", {"A": rows}))


def test_the_sheet_is_named_if_there_are_several(parts, tmp_path) -> None:
    """An empty or hidden sheet does not count."""
    path = workbook(tmp_path / "a.xlsx", {"A": [["code"], ["1"]], "B": [["code"], ["2"]], "C": []})
    with pytest.raises(FileFormatError, match=r"several sheets; name one: 'A', 'B'; set sheet"):
        read(path)
    with pytest.raises(
        FileFormatError, match="there is no sheet 'D'; the sheets are 'A', 'B', 'C'"
    ):
        read(path, "D")
    (part,) = parts.import_file(path, sheet="B")
    assert part.code == "2"
    with pytest.raises(FileFormatError, match="sheet is for Excel only"):
        parts.import_file("a.csv", sheet="B")


def test_merged_cells(tmp_path) -> None:
    """Of one column, each row has the value; others are refused."""
    for range_, said in (((2, 0, 4, 0), None), ((2, 0, 2, 1), "A3:B3 of several columns are merged"),
                         ((0, 0, 1, 0), "A1:A2 of the header and of rows are merged")):  # fmt: skip
        path = tmp_path / "merged.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("A")
            for column, name in enumerate(["region", "city"]):
                sheet.write(0, column, name)
            for row in range(1, 6):
                sheet.write(row, 1, f"c{row}")
            sheet.merge_range(*range_, "region" if range_[0] == 0 else "North")
        if said is not None:
            with pytest.raises(FileFormatError, match=said):
                read(path)
            continue
        regions = {cells["city"]: cells["region"] for _, cells in read(path)}
        assert regions == {"c1": "", "c2": "North", "c3": "North", "c4": "North", "c5": ""}


def test_older_workbooks_are_only_read(parts, tmp_path) -> None:
    """A file with another suffix would not be what it says."""
    with pytest.raises(FileFormatError, match=r"suffix \.xls are only read; write one with \.xlsx"):
        parts.export_file(tmp_path / "a.xls")
    assert not list(tmp_path.glob("a*"))


def test_formulas_have_their_last_values(tmp_path) -> None:
    """One that was never computed is refused, not read as empty; an error is its text."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("A")
        sheet.write_row(0, 0, ["name", "sum", "ratio"])
        sheet.write(1, 0, "x")
        sheet.write_formula(1, 1, "=1+1", None, 2)
        sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    assert read(path) == [(2, {"name": "x", "sum": 2, "ratio": "#DIV/0!"})]
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["name", "sum"])
    book.active.append(["x", "=1+1"])
    book.save(path)
    with pytest.raises(FileFormatError, match="line 2: the cell B2 has a formula that was never"):
        read(path)
    rows = read_rows(path, FileSettings(ignore=("sum",)))
    assert [row.cells for row in rows] == [{"name": "x"}]
    book.active.cell(2, 1).value = "=A1"
    book.save(path)
    with pytest.raises(FileFormatError, match="the cell A2 has a formula that was never"):
        read(path)


def test_text_that_excel_cannot_hold_is_refused(parts, tmp_path) -> None:
    """Not cut off."""
    parts.create(code="x" * 40_000)
    with pytest.raises(FileFormatError, match="'code' is longer than a cell of Excel"):
        parts.export_file(tmp_path / "a.xlsx")
    assert not (tmp_path / "a.xlsx").exists()


@pytest.mark.parametrize(
    "text",
    ["a\ufffeb", "\uffff", "_x0041_x0042_", "_x005f_x0041_", "<r>a</r>", "<r>&</r>", "<r>a\n</r>"],
    ids=ascii,
)
def test_text_that_would_be_read_as_another_is_refused(parts, tmp_path, text: str) -> None:
    """Escapes that overlap lose one, and what looks like XML of the library would be written so."""
    parts.create(code=text)
    with pytest.raises(FileFormatError, match="of 'code' has .* read as something else"):
        parts.export_file(tmp_path / "a.xlsx")
    assert not (tmp_path / "a.xlsx").exists()


def test_a_name_that_would_be_read_as_another_is_refused(tmp_path) -> None:
    """As a text in the cells is."""
    with Airtable.local() as airtable:
        airtable.create_table("T", [{"name": "_x0041_x0042_", "type": "singleLineText"}])
        with pytest.raises(FileFormatError, match="the name '_x0041_x0042_' has"):
            airtable.table_named("T").export_file(tmp_path / "a.xlsx")


def test_text_like_an_escape_or_xml_is_kept(parts, tmp_path) -> None:
    """Each comes back as it was, in the header of its column's choices, too."""
    texts = [
        "_x0041_",
        "_x0041__x0042_",
        "_xFFFE_",
        "\x01",
        "a\rb\r\n",
        "<r>",
        "x<r>a</r>",
        "<b>a</b>",
        "&amp;",
    ]
    parts.bulk_create([{"code": text, "tags": [text]} for text in texts], typecast=True)
    parts.export_file(tmp_path / "a.xlsx")
    assert sorted(cells["code"] for _, cells in read(tmp_path / "a.xlsx")) == sorted(texts)
    assert parts.sync_file(tmp_path / "a.xlsx", key="code").counts() == {"unchanged": len(texts)}


def test_large_numbers_and_durations_are_texts_as_they_are_shown(parts, tmp_path) -> None:
    """A number of 17 digits has no exponent in a text field, and 36 hours are no "1 day, 12:00"."""
    cells = [
        12345678901234500.0,
        2.0**53,
        1e21,
        timedelta(hours=36),
        timedelta(hours=-12),
        timedelta(seconds=1.5),
    ]
    path = workbook(tmp_path / "a.xlsx", {"A": [["code"], *([cell] for cell in cells)]})
    assert [part.code for part in parts.import_file(path)] == [
        "12345678901234500", "9007199254740992", "1e+21", "36:00:00", "-12:00:00", "0:00:01.5",
    ]  # fmt: skip


@pytest.mark.parametrize("mac", [False, True])
@pytest.mark.parametrize(
    ("number", "format_"), [(-0.25, "hh:mm"), (-1, "yyyy-mm-dd"), (60, "yyyy-mm-dd")]
)
def test_a_number_that_is_no_time_is_refused(
    parts, tmp_path, number: float, format_: str, mac: bool
) -> None:
    """Six hours less are not 18:00, and the 29 February 1900, which never was, is no other day."""
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": mac}) as book:
        sheet = book.add_worksheet("A")
        sheet.write_row(0, 1, ["code", "took", "made"])
        sheet.write_row(1, 1, ["x", -5])
        sheet.write_row(2, 1, ["y"])
        sheet.write_number(2, 3, number, book.add_format({"num_format": format_}))
    if mac and number == 60:
        assert [cells.get("made") for _, cells in read(tmp_path / "a.xlsx")] == [
            "",
            date(1904, 3, 1),
        ]
        return
    with pytest.raises(
        FileFormatError, match="line 3: the number in the cell D3 is no date or time"
    ):
        read(tmp_path / "a.xlsx")
    rows = read_rows(tmp_path / "a.xlsx", FileSettings(ignore=("made",)))
    assert [row.cells["code"] for row in rows] == ["x", "y"]


def test_a_duration_beyond_all_is_refused(tmp_path) -> None:
    """By name, and not with an error of the library."""
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("A")
        sheet.write_string(0, 0, "took")
        sheet.write_number(1, 0, 1e300, book.add_format({"num_format": "[h]:mm"}))
    with pytest.raises(FileFormatError, match="longer than any that Python has"):
        read(tmp_path / "a.xlsx")


def test_times_are_in_the_zone_of_their_field(tmp_path) -> None:
    """As people see them; the second of two equal hours is text, so that nothing is lost."""
    options = {
        "timeZone": "Europe/Berlin",
        "dateFormat": {"name": "iso"},
        "timeFormat": {"name": "24hour"},
    }
    fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "At", "type": "dateTime", "options": options},
    ]
    with Airtable.local() as airtable:
        airtable.create_table("Calls", fields)
        calls = airtable.table_named("Calls")
        moments = [datetime(2024, 10, 27, hour, 30, tzinfo=UTC) for hour in (0, 1)]
        calls.bulk_create([{"Name": str(n), "At": at} for n, at in enumerate(moments)])
        calls.export_file(tmp_path / "calls.xlsx")
        assert [cells["At"] for _, cells in read(tmp_path / "calls.xlsx")] == [
            datetime(2024, 10, 27, 2, 30),
            "2024-10-27T01:30:00.000Z",
        ]
        assert calls.sync_file(tmp_path / "calls.xlsx", "Name").counts() == {"unchanged": 2}


def test_a_missing_library_is_named(parts, tmp_path, monkeypatch) -> None:
    """With the command that installs it."""
    path = workbook(tmp_path / "a.xlsx", {"A": [["code"], ["1"]]})
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    for call in (parts.import_file, parts.export_file):
        with pytest.raises(MissingExtraError, match=r'pip install "airhaul\[excel\]"'):
            call(path)


@pytest.mark.slow
def test_the_program_reads_and_writes_workbooks(tmp_path) -> None:
    """A table is made for a sheet, with types; midnight among times is a time."""
    rows = [["name", "when", "took"], ["a", date(2024, 1, 2), timedelta(hours=30)],
            ["b", datetime(2024, 5, 6, 7, 8, 9), timedelta(hours=50)]]  # fmt: skip
    path = workbook(tmp_path / "a.xlsx", {"Sheet": rows, "Other": [["x"], [1]]})
    done = program("import", path, "T", "--create", "--sheet", "Sheet", "--local", "base.db")
    assert "name (singleLineText), when (dateTime), took (duration)" in done.stderr, done.stderr
    done = program("import", path, "U", "--create", "--local", "base.db")
    assert "set --sheet" in done.stderr
    assert program("export", "T", "out.xlsx", "--local", "base.db").returncode == 0
    assert [cells["name"] for _, cells in read(Path("out.xlsx"))] == ["a", "b"]
