"""Reading the rows of a sheet of an Excel workbook."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from airhaul.errors import FileFormatError, MissingExtraError
from airhaul.fields.encode import as_printed
from airhaul.messages import Message, Option
from airhaul.tabular.excel.formulas import impossible_times, unread_cells
from airhaul.tabular.open_files import shown_name
from airhaul.tabular.rows import OnHeader, SourceRow

_NAMES_SHOWN: Final = 5
_MILLISECOND: Final = 1_000  # in microseconds
_TIMES: Final = frozenset[type]({date, datetime, time})
# The value of a formula that has none.
_UNCOMPUTED: Final = object()


def read_excel(
    path: str | Path,
    sheet: str | None = None,
    ignore: Collection[str] = (),
    on_header: OnHeader | None = None,
) -> Iterator[SourceRow]:
    """Read the rows below the header of a sheet, which is its first row that is not empty.

    Empty rows are skipped, and columns without a name and without content. A whole number is an
    integer, since Excel does not distinguish; a time is rounded to milliseconds, which Excel's
    numbers keep. Of a formula, the value that was last computed is read; an error is its text, such
    as ``#N/A``. Cells that are merged in one column all have the value of the first of them.

    Args:
        path: The workbook: ``.xlsx``, ``.xlsm``, ``.xlsb``, ``.xls`` or ``.ods``.
        sheet: The name of the sheet; None for the only one that is visible and not empty.
        ignore: The columns that the caller leaves out.
        on_header: Called with the names in the header, as of ``read_rows``.

    Yields:
        The rows, with their numbers in the sheet. Values are text, numbers, booleans, dates, times
        and durations; ``""`` for an empty cell.

    Raises:
        FileFormatError: This is no workbook, or it is not clear what is meant; the error names the
            sheet and the row.
        MissingExtraError: python-calamine is not installed.
    """
    source = shown_name(path)
    library = _calamine(source)
    try:
        with library.CalamineWorkbook.from_path(str(path)) as workbook:
            opened = _sheet(library, workbook, sheet, source)
            unread = unread_cells(path, opened.name)
            impossible = partial(impossible_times, path, opened.name)
            rows = _Rows(opened, f"{source}, sheet {opened.name!r}", unread, impossible)
            yield from rows.read(ignore, on_header)
    except OverflowError:
        raise FileFormatError(
            "a date, time or duration is longer than any that Python has", source=source
        ) from None
    except library.PasswordError:
        raise FileFormatError(
            "the workbook has a password; save it without one", source=source
        ) from None
    except library.CalamineError as error:
        raise FileFormatError(f"this is no Excel workbook: {error}", source=source) from None


def _calamine(source: str) -> Any:
    try:
        return importlib.import_module("python_calamine")
    except ImportError as error:
        raise MissingExtraError(
            f"To read {Path(source).name}, airhaul needs python-calamine; install it with: pip "
            'install "airhaul[excel]"'
        ) from error


def _sheet(library: Any, workbook: Any, wanted: str | None, source: str) -> Any:
    names: Sequence[str] = workbook.sheet_names
    if wanted is not None:
        if wanted not in names:
            raise FileFormatError(
                f"there is no sheet {wanted!r}; the sheets are {', '.join(map(repr, names))}",
                source=source,
            )
        return workbook.get_sheet_by_name(wanted)
    visible, rows = library.SheetVisibleEnum.Visible, library.SheetTypeEnum.WorkSheet
    every = [
        workbook.get_sheet_by_name(known.name)
        for known in workbook.sheets_metadata
        if known.visible == visible and known.typ == rows
    ]
    filled = [sheet for sheet in every if sheet.height]
    if len(filled) != 1:
        which = ", ".join(repr(sheet.name) for sheet in filled)
        raise FileFormatError(
            Message(f"there are several sheets; name one: {which}; set ", Option("sheet"))
            if filled
            else "all sheets are empty",
            source=source,
        )
    return filled[0]


class _Rows:
    """The rows of a sheet.

    Args:
        sheet: The sheet, as the library has it.
        source: What it is called in messages.
        unread: The cells that the library reads as empty, though they are not, by row and column.
        impossible: Finds the rows and columns of numbers that are no times, for the library's.
    """

    def __init__(
        self,
        sheet: Any,
        source: str,
        unread: Mapping[int, Mapping[int, str | None]],
        impossible: Callable[[], Collection[tuple[int, int]]],
    ) -> None:
        self._sheet = sheet
        self._source = source
        self._unread = unread
        self._find_impossible = impossible
        self._first = sheet.start[1] if sheet.start else 0  # the column with which rows begin

    def read(self, ignore: Collection[str], on_header: OnHeader | None) -> Iterator[SourceRow]:
        """Yield the rows below the header."""
        filled = self._filled()
        number, header = next(filled, (0, []))
        names = self._names(header, number)
        if on_header is not None:
            on_header({name: None for name in names if name})
        merged = self._merged(number)
        named = [(place, name) for place, name in enumerate(names) if name]
        is_whole = len(named) == len(names)
        above: dict[int, Any] = {}
        for number, cells in filled:
            for place in merged.get(number, ()):
                cells[place] = above[place]
            if merged:
                above = dict(enumerate(cells))
            if not is_whole:
                self._refuse_nameless(names, cells, number)
            if number in self._unread:
                self._refuse_uncomputed(names, cells, number, ignore)
            if not _TIMES.isdisjoint(map(type, cells)):
                self._refuse_impossible(names, cells, number, ignore)
            yield SourceRow(number, {name: _value(cells[place]) for place, name in named})

    def _filled(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows that are not empty, with their numbers and with the errors in them."""
        number = 0
        for number, cells in enumerate(self._sheet.iter_rows(), start=1):
            unread = self._unread.get(number, {})
            for column, error in unread.items():
                place = column - 1 - self._first
                if 0 <= place < len(cells):
                    cells[place] = _UNCOMPUTED if error is None else error
            if unread or any(cell != "" for cell in cells):
                yield number, cells
        self._refuse_lost(number)

    def _refuse_lost(self, last: int) -> None:
        """Refuse rows below the last one that the library sees."""
        for row, cells in self._unread.items():
            if row > last:
                place = min(cells) - 1 - self._first
                raise self._never_computed(place, row)

    def _refuse_uncomputed(
        self, names: Sequence[str], cells: Sequence[Any], number: int, ignore: Collection[str]
    ) -> None:
        for place, name in enumerate(names):
            if name and name not in ignore and cells[place] is _UNCOMPUTED:
                raise self._never_computed(place, number)

    def _refuse_impossible(
        self, names: Sequence[str], cells: Sequence[Any], number: int, ignore: Collection[str]
    ) -> None:
        for place, (name, cell) in enumerate(zip(names, cells, strict=True)):
            if not name or name in ignore or not _is_doubtful(cell):
                continue
            if (number, place + 1 + self._first) in self._impossible:
                raise FileFormatError(
                    f"the number in the cell {self._address(place, number)} is no date or time of "
                    "Excel; give a duration below zero the format [h]:mm:ss",
                    source=self._source,
                    line=number,
                )

    @cached_property
    def _impossible(self) -> Collection[tuple[int, int]]:
        return self._find_impossible()

    def _never_computed(self, place: int, number: int) -> FileFormatError:
        return FileFormatError(
            f"the cell {self._address(place, number)} has a formula that was never computed; open "
            "the workbook in Excel and save it, or write values in place of formulas",
            source=self._source,
            line=number,
        )

    def _names(self, header: Sequence[Any], number: int) -> list[str]:
        names = [str(_value(cell)).strip() and str(_value(cell)) for cell in header]
        if not any(names):
            raise FileFormatError("the sheet is empty; expected a header", source=self._source)
        twice = [name for name, count in Counter(names).items() if count > 1 and name]
        if twice:
            raise FileFormatError(
                f"the header has {', '.join(map(repr, twice[:_NAMES_SHOWN]))} more than once; "
                "rename the columns",
                source=self._source,
                line=number,
            )
        return names

    def _refuse_nameless(self, names: Sequence[str], cells: Sequence[Any], number: int) -> None:
        for place, (name, cell) in enumerate(zip(names, cells, strict=True)):
            if not name and cell != "":
                raise FileFormatError(
                    f"the cell {self._address(place, number)} contains {str(cell)[:40]!r}, but its "
                    "column has no name; the header must be the first row that is not empty, and "
                    "name every column",
                    source=self._source,
                    line=number,
                )

    def _merged(self, header: int) -> dict[int, list[int]]:
        """The places of cells that have the value of the cell above them, by row."""
        found: dict[int, list[int]] = {}
        for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or ():
            first, last = top + 1, bottom + 1
            if last < header or (last == first == header):
                continue
            where = f"{self._address(left - self._first, first)}:"
            where += self._address(right - self._first, last)
            if first <= header or left != right:
                reason = "of several columns" if left != right else "of the header and of rows"
                raise FileFormatError(
                    f"the cells {where} {reason} are merged; unmerge them",
                    source=self._source,
                    line=first,
                )
            for row in range(first + 1, last + 1):
                found.setdefault(row, []).append(left - self._first)
        return found

    def _address(self, place: int, row: int) -> str:
        """The address of a cell, such as ``AB12``."""
        letters, rest = "", place + self._first + 1
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{row}"


def _is_doubtful(cell: Any) -> bool:
    """Whether the library may have made a time of a number that is none."""
    is_day = isinstance(cell, date) and (cell.year, cell.month, cell.day) == (1900, 2, 28)
    return is_day or isinstance(cell, time)


def _value(cell: Any) -> Any:
    match cell:
        case bool():
            return cell
        case float() if cell.is_integer():
            return as_printed(cell)
        case datetime():
            return _rounded(cell)
        case timedelta():
            seconds = cell / timedelta(milliseconds=1)
            return timedelta(milliseconds=round(seconds))
        case _:
            return cell


def _rounded(moment: datetime) -> datetime:
    rest = moment.microsecond % _MILLISECOND
    away = -rest if rest < _MILLISECOND / 2 else _MILLISECOND - rest
    return moment + timedelta(microseconds=away)
