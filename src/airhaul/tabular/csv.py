"""Reading CSV and TSV."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from airhaul.errors import FileFormatError
from airhaul.tabular.rows import SourceRow
from airhaul.tabular.text import read_lines

# Longer than any cell of Airtable; the library's own limit would refuse long texts.
_LONGEST_CELL: Final = 10_000_000
_QUOTED: Final = re.compile('"[^"]*"?')


class _Lines:
    """Lines for the CSV reader, counted, so that a quoted line break is counted too."""

    def __init__(self, lines: Iterable[str], read: int) -> None:
        self._lines = iter(lines)
        self.read = read

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.read += 1
        return line


def read_csv(path: str | Path, delimiter: str | None = None) -> Iterator[SourceRow]:
    """Read the rows below a header.

    Blank lines are skipped; a row may be shorter than the header, and never longer. Names and cells
    stay as they are, with the spaces around them.

    Args:
        path: A UTF-8 file.
        delimiter: What parts cells; None for a comma, or a semicolon where the header has no comma
            (outside quotes).

    Yields:
        The rows, each cell as text.

    Raises:
        FileFormatError: The file is not CSV, with the line.
    """
    source = Path(path).name
    # One setting for the whole process: somebody else's higher limit is left alone.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    text = read_lines(path)
    numbered = ((number, line) for number, line in enumerate(text, start=1) if line.strip())
    first, names = next(numbered, (0, ""))
    if not names:
        raise FileFormatError("the file is empty; a header was expected", source=source)
    lines = _Lines(chain([names], text), read=first - 1)
    rows = _rows(lines, delimiter or _delimiter_of(names), source)
    header_line, header = next(rows)
    _check_header(header, source, header_line)
    for number, cells in rows:
        if len(cells) > len(header):
            raise FileFormatError(
                f"{len(cells)} cells below a header of {len(header)}; a cell that holds the "
                "delimiter needs quotes",
                source=source,
                line=number,
            )
        yield SourceRow(number, dict(zip(header, cells, strict=False)))


def _delimiter_of(header: str) -> str:
    bare = _QUOTED.sub("", header)
    return ";" if ";" in bare and "," not in bare else ","


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
        return "a quote is opened in the row that begins here, and never closed"
    if "field larger than" in said:
        return (
            f"a cell of the row that begins here is longer than {_LONGEST_CELL:,} characters; "
            "perhaps its quote is never closed"
        )
    if "new-line character" in said:
        return (
            "a carriage return stands outside quotes; "
            r"save the file with \n or \r\n at the end of its lines"
        )
    if "expected after" in said:
        return "text follows a closing quote; a quote inside a quoted cell is doubled"
    return said


def _check_header(header: list[str], source: str, line: int) -> None:
    empty = [str(place) for place, name in enumerate(header, start=1) if not name.strip()]
    if empty:
        raise FileFormatError(
            f"the header has no name for column {', '.join(empty)}", source=source, line=line
        )
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise FileFormatError(
            f"the header names {', '.join(map(repr, twice))} more than once",
            source=source,
            line=line,
        )
