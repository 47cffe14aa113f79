"""Reading CSV and TSV."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from airhaul.errors import FileFormatError
from airhaul.tabular.rows import SourceRow
from airhaul.tabular.text import read_lines

# Longer than any cell of Airtable; the library's own limit would refuse long texts.
_LONGEST_CELL: Final = 10_000_000


class _Lines:
    """Lines for the CSV reader, counted, so that a quoted line break is counted too."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.read += 1
        return line


def read_csv(path: str | Path, delimiter: str | None = None) -> Iterator[SourceRow]:
    """Read the rows below a header.

    Blank lines are skipped; a row may be shorter than the header, and never longer.

    Args:
        path: A UTF-8 file.
        delimiter: What parts cells; None for a comma, or a semicolon where the header has no comma.

    Yields:
        The rows, each cell as text.

    Raises:
        FileFormatError: The file is not CSV, with the line.
    """
    source = Path(path).name
    csv.field_size_limit(_LONGEST_CELL)
    lines = _Lines(read_lines(path))
    first = next(lines, None)
    if first is None:
        raise FileFormatError("the file is empty; a header was expected", source=source)
    if delimiter is None:
        delimiter = ";" if ";" in first and "," not in first else ","
    lines = _Lines(_with_first(first, lines))
    rows = _rows(lines, delimiter, source)
    _, header = next(rows, (1, []))
    _check_header(header, source)
    for line, cells in rows:
        if len(cells) > len(header):
            raise FileFormatError(
                f"{len(cells)} cells below a header of {len(header)}; a cell that holds "
                f"{delimiter!r} needs quotes",
                source=source,
                line=line,
            )
        yield SourceRow(line, dict(zip(header, cells, strict=False)))


def _with_first(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _rows(lines: _Lines, delimiter: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each begins on."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = lines.read + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileFormatError(_plainly(error), source=source, line=line) from None
        if cells:
            yield line, cells


def _plainly(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end of data" in said:
        return "a quote is opened here and never closed"
    if "expected after" in said:
        return "text follows a closing quote; a quote inside a quoted cell is doubled"
    return said


def _check_header(header: list[str], source: str) -> None:
    empty = [str(place) for place, name in enumerate(header, start=1) if not name.strip()]
    if empty:
        raise FileFormatError(
            f"the header has no name for column {', '.join(empty)}", source=source, line=1
        )
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise FileFormatError(
            f"the header names {', '.join(map(repr, twice))} more than once", source=source, line=1
        )
