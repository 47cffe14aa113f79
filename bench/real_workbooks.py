"""Real workbooks: each is read as a person would read it, or refused with sheet, row and reason.

    python bench/real_workbooks.py PLACE ...

A place is a folder or a file. Each sheet of each workbook is read, and compared cell by cell with
what openpyxl reads of it: the values under the same header, in the same rows. What is refused is
printed with its reason, for a person to judge. The exit code is 1 if a cell differs.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import openpyxl

from airhaul.errors import FileFormatError
from airhaul.tabular import FileSettings, read_rows

_SUFFIXES: Final = {".xlsx", ".xlsm"}
_SHOWN: Final = 3
_MILLISECOND: Final = timedelta(milliseconds=1)


def main(arguments: Sequence[str]) -> int:
    """Read all sheets, and print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("place", nargs="+", type=Path, help="a folder or a file")
    counts: Counter[str] = Counter()
    for path in _workbooks(parser.parse_args(arguments).place):
        for sheet, what, details in _read_each(path):
            counts[what] += 1
            print(f"{what:9} {path.name}, sheet {sheet!r} {details}".rstrip())
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 1 if counts["differs"] else 0


def _workbooks(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        yield from (file for file in files if file.suffix.lower() in _SUFFIXES)


def _read_each(path: Path) -> Iterator[tuple[str, str, str]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book: Any = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:  # noqa: BLE001 - it is the other program's
        yield "", "unread", f"openpyxl: {type(error).__name__}"
        return
    for sheet in book.worksheets:
        try:
            rows = list(read_rows(path, FileSettings(sheet=sheet.title)))
        except FileFormatError as error:
            reason = str(error).removeprefix(str(path))
            yield sheet.title, "refused", reason
            continue
        found = list(_differences(sheet, rows))
        kinds = Counter(type(value).__name__ for row in rows for value in row.cells.values())
        if found:
            yield sheet.title, "differs", "; ".join(found[:_SHOWN])
        else:
            yield sheet.title, "read", f"{len(rows)} rows {dict(kinds)}"


def _differences(sheet: Any, rows: Sequence[Any]) -> Iterator[str]:
    """Compare rows with those of openpyxl, by the places of the header."""
    by_line = {row.line: row.cells for row in rows}
    places: dict[str, int] = {}
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        filled = {cell.column: cell.value for cell in cells if not _is_empty(cell.value)}
        if not filled:
            continue
        if not places:
            places = {_as_text(value): column for column, value in filled.items()}
            continue
        ours = by_line.pop(number, {})
        merged = _merged_above(sheet, number)
        for name, column in places.items():
            wanted, got = filled.get(column), ours.get(name)
            if column not in merged and not _is_same(wanted, got):
                yield f"row {number}, {name!r}: {wanted!r} and {got!r}"
    yield from (
        f"row {line} is not there" for line, cells in by_line.items() if any(cells.values())
    )


def _merged_above(sheet: Any, row: int) -> set[int]:
    return {
        column
        for merged in sheet.merged_cells.ranges
        if merged.min_row < row <= merged.max_row
        for column in range(merged.min_col, merged.max_col + 1)
    }


def _is_empty(value: Any) -> bool:
    return value is None or value == ""


def _as_text(value: Any) -> str:
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value)


def _is_same(wanted: Any, got: Any) -> bool:
    if _is_empty(wanted):
        return got in (None, "")
    if isinstance(wanted, datetime | date) and isinstance(got, datetime | date):
        return abs(_moment(wanted) - _moment(got)) <= _MILLISECOND
    if isinstance(wanted, time | timedelta) and isinstance(got, time | timedelta | datetime):
        return True  # a duration, or a time of day, by the format of the cell
    if wanted == "#VALUE!" and isinstance(got, int | float):
        return True  # a number that is shown as a date, beyond the year 9999
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        return math.isclose(wanted, got, rel_tol=1e-15)
    return bool(wanted == got) or str(wanted).strip() == str(got).strip()


def _moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
