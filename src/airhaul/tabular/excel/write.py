"""Writing a sheet of records to an Excel workbook, row by row."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airhaul.errors import FileFormatError, MissingExtraError, shown
from airhaul.fields.arrow import ArrowType, arrow_value
from airhaul.tabular.write import as_text

_MOST_ROWS: Final = 1_048_575  # below the header
_LONGEST_TEXT: Final = 32_767
# Excel counts a day that never was, 29 February 1900.
_FIRST_DAY: Final = date(1900, 3, 1)
_LAST_DAY: Final = date(9999, 12, 31)
# Two characters that XML does not have; two escapes that overlap, such as _x0041_x0042_, of which
# the library escapes the first only; and what it takes for XML of its own.
_UNWRITABLE: Final = re.compile(
    r"[\ufffe\uffff]|_x[0-9a-fA-F]{4}_x[0-9a-fA-F]{4}_|\A<r>(?=.*</r>\Z)", re.DOTALL
)
_DAY: Final = "yyyy-mm-dd"
_MOMENT: Final = "yyyy-mm-dd hh:mm:ss"
_DURATION: Final = "[h]:mm:ss"
_DECIMALS: Final = ".000"
_WIDTHS: Final = {"checkbox": 10, "integer": 12, "number": 14, "day": 12, "moment": 20}
_WIDEST: Final = 60
_OTHER_WIDTH: Final = 28


@dataclass(frozen=True, slots=True)
class ExcelColumn:
    """A column of a sheet.

    Args:
        name: Its name, in the header.
        key: How the cells of a record name it.
        type: What its cells are.
        options: The options of the field, if they are known: the zone of times.
        choices: The choices that the items of a list are taken from, where they are known.
        decode: Undoes what Airtable adds to a cell.
    """

    name: str
    key: str
    type: ArrowType
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    choices: Collection[str] = ()
    decode: Any = None


class _Exact(float):
    """A number that is written with all its digits: the library keeps 16, and a double has 17."""

    def __format__(self, spec: str) -> str:
        return repr(float(self))


class _ZipTarget(io.FileIO):
    """A file to which an archive is written, and which fails only once.

    The library leaves the archive open if it cannot be written. When it is freed, it is closed,
    which would fail again where nobody can catch it.
    """

    _has_failed = False

    def write(self, data: Any) -> int:
        left = memoryview(data)
        while left and not self._has_failed:
            try:
                left = left[super().write(left) :]
            except OSError:
                self._has_failed = True
                raise
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return offset if self._has_failed else super().seek(offset, whence)


class ExcelFile:
    """Writes records to a workbook with one sheet: a table, whose header stays in view.

    Args:
        path: The file.
        sheet: The name of the sheet.
        columns: The columns, in order.

    Raises:
        FileFormatError: The name of a column cannot be in a workbook.
        MissingExtraError: xlsxwriter is not installed.
    """

    def __init__(self, path: Path, sheet: str, columns: Sequence[ExcelColumn]) -> None:
        library = _xlsxwriter()
        for column in columns:
            _refuse_unwritable(column.name, f"the name {column.name!r}")
        self._file = _ZipTarget(path, "wb")
        # The library leaves its temporary files behind where one cannot be written.
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._workbook: Any = library.Workbook(
            self._file, {"constant_memory": True, "tmpdir": self._folder.name}
        )
        self._create_error: type[Exception] = library.exceptions.FileCreateError
        self._sheet: Any = self._workbook.add_worksheet(_sheet_name(sheet))
        self._columns = columns
        self._formats = [self._workbook.add_format(_format_of(column)) for column in columns]
        self._exact_moments = self._workbook.add_format({"num_format": _MOMENT + _DECIMALS})
        self._zones = [_zone_of(column) for column in columns]
        self.rows = 0
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            width = max(_WIDTHS.get(column.type.kind, _OTHER_WIDTH), len(column.name) + 4)
            self._sheet.set_column(place, place, min(width, _WIDEST))
            self._sheet.write_string(0, place, column.name)

    def write(self, cells: Mapping[str, Any]) -> None:
        """Write the cells of a record.

        Raises:
            FileFormatError: The sheet is full, or a text is longer than Excel's cells or cannot be
                in a workbook.
        """
        self.rows += 1
        if self.rows > _MOST_ROWS:
            raise FileFormatError(
                f"a sheet has at most {_MOST_ROWS:,} rows below its header; write a .csv or "
                ".parquet file"
            )
        for place, column in enumerate(self._columns):
            cell = cells.get(column.key)
            if cell is not None:
                self._write(place, column, cell if column.decode is None else column.decode(cell))

    def _write(self, place: int, column: ExcelColumn, cell: Any) -> None:
        kind = column.type.kind
        if kind in ("list", "object", "json"):
            self._write_text(place, column, as_text(cell, column.choices))
            return
        try:
            value = arrow_value(cell, column.type)
        except ValueError:
            self._write_text(place, column, as_text(cell))  # such as an error of a formula
            return
        match value:
            case str():
                self._write_text(place, column, value)
            case bool():
                self._sheet.write_boolean(self.rows, place, value)
            case int() | float() if _is_finite(value):
                self._sheet.write_number(self.rows, place, _Exact(value), self._formats[place])
            case datetime():
                self._write_moment(place, column, value, cell)
            case date() if value >= _FIRST_DAY:
                self._sheet.write_datetime(self.rows, place, value, self._formats[place])
            case timedelta() if value.total_seconds() == cell and not value.microseconds % 1_000:
                self._sheet.write_datetime(self.rows, place, value, self._formats[place])
            case timedelta():
                self._sheet.write_number(self.rows, place, _Exact(cell))  # seconds
            case _:
                self._write_text(place, column, as_text(cell))

    def _write_moment(self, place: int, column: ExcelColumn, moment: datetime, cell: str) -> None:
        """Write a time in the zone of its field; as text if Excel has no such time."""
        zone = self._zones[place]
        local = moment.astimezone(zone) if _FIRST_DAY < moment.date() < _LAST_DAY else moment
        again = local.replace(fold=0).astimezone(UTC)
        if not _FIRST_DAY < moment.date() < _LAST_DAY or again != moment:
            self._write_text(place, column, cell)  # such as the second of two equal hours
            return
        exact = self._exact_moments if local.microsecond else self._formats[place]
        self._sheet.write_datetime(self.rows, place, local.replace(tzinfo=None), exact)

    def _write_text(self, place: int, column: ExcelColumn, text: str) -> None:
        if len(text.encode("utf-16-le")) // 2 > _LONGEST_TEXT:
            raise FileFormatError(
                f"the cell {shown(text)} of {column.name!r} is longer than a cell of Excel, which "
                f"has {_LONGEST_TEXT:,} characters; write a .csv or .parquet file"
            )
        _refuse_unwritable(text, f"the cell {shown(text)} of {column.name!r}")
        if text:
            self._sheet.write_string(self.rows, place, text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._make_table()
                self._workbook.close()
            else:
                with contextlib.suppress(Exception):
                    self._workbook.close()
        except self._create_error as error:
            raise error.args[0] from None
        finally:
            self._file.close()
            self._folder.cleanup()

    def _make_table(self) -> None:
        """Make a table of what was written, which can be sorted and filtered."""
        if not self.rows or not self._columns:
            return
        # The library writes no tables in constant memory, because the cells of its header may be
        # gone by now. These were written as what they are, text.
        self._sheet.constant_memory = False
        self._sheet.add_table(
            0,
            0,
            self.rows,
            len(self._columns) - 1,
            {
                "columns": [{"header": column.name} for column in self._columns],
                "style": "Table Style Light 1",
                "name": "Records",
            },
        )
        self._sheet.constant_memory = True


def _xlsxwriter() -> Any:
    try:
        return importlib.import_module("xlsxwriter")
    except ImportError as error:
        raise MissingExtraError(
            "To write an Excel workbook, airhaul needs xlsxwriter; install it with: pip install "
            '"airhaul[excel]"'
        ) from error


def _sheet_name(name: str) -> str:
    """Return the name of a table as Excel allows it: 31 characters, and not all of them."""
    allowed = "".join("_" if letter in r"[]:*?/\\" else letter for letter in name)[:31].strip("'")
    return allowed if allowed and allowed.lower() != "history" else "Records"


def _refuse_unwritable(text: str, called: str) -> None:
    unwritable = _UNWRITABLE.search(text)
    if unwritable is not None:
        raise FileFormatError(
            f"{called} has {unwritable[0]!a}, which would be read as something else in a "
            "workbook; write a .csv or .parquet file"
        )


def _format_of(column: ExcelColumn) -> dict[str, str]:
    match column.type.kind:
        case "day":
            return {"num_format": _DAY}
        case "moment":
            return {"num_format": _MOMENT}
        case "duration":
            return {"num_format": _DURATION}
        case _:
            return {}


def _zone_of(column: ExcelColumn) -> Any:
    name = column.options.get("timeZone")
    try:
        return UTC if name in (None, "client", "utc") else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _is_finite(number: float) -> bool:
    return number - number == 0
