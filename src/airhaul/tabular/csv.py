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
from airhaul.messages import Message, Option
from airhaul.tabular.rows import SourceRow
from airhaul.tabular.text import read_lines

# Longer than any cell of Airtable; the library's own limit would refuse long texts.
_LONGEST_CELL: Final = 10_000_000
_QUOTED: Final = re.compile('"[^"]*"?')
# Spreadsheets write this line, and read it; no other program takes it for anything but a header.
_TOLD: Final = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
_NOT_UTF_8: Final = Message(
    "if the file comes from Windows, set ",
    Option("encoding", "cp1252"),
    ', or save it as UTF-8 (spreadsheets call this "CSV UTF-8")',
)
_DELIMITERS: Final = ",;\t|"


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


def read_csv(
    path: str | Path, delimiter: str | None = None, encoding: str | None = None
) -> Iterator[SourceRow]:
    """Read the rows below a header.

    Blank lines and rows of blank cells are skipped, and so are columns without a name, as long as
    nothing stands in them: spreadsheets leave both behind. A row may be shorter than the header.
    Names and cells stay as they are, with the spaces around them.

    Args:
        path: The file.
        delimiter: What parts cells; None for what the line ``sep=;`` before the header says, or
            else the first of comma, semicolon, tab and bar that the header has outside quotes.
        encoding: As ``read_lines`` takes it.

    Yields:
        The rows, each cell as text.

    Raises:
        FileFormatError: The file is not CSV, with the line.
    """
    source = Path(path).name
    # One setting for the whole process: somebody else's higher limit is left alone.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    text = read_lines(path, encoding, _NOT_UTF_8)
    numbered = ((number, line) for number, line in enumerate(text, start=1) if line.strip())
    first, names = next(numbered, (0, ""))
    if not names:
        raise FileFormatError("the file is empty; a header was expected", source=source)
    told = _TOLD.fullmatch(names)
    if told is not None:
        delimiter = delimiter or told[1]
        first, names = next(numbered, (first, ""))
    lines = _Lines(chain([names], text), read=first - 1)
    rows = _rows(lines, delimiter or _delimiter_of(names), source)
    header_line, header = next(rows, (first, []))
    _check_header(header, source, header_line)
    names_at = [(place, name) for place, name in enumerate(header) if name.strip()]
    is_whole = len(names_at) == len(header)
    for number, cells in rows:
        if not "".join(cells).strip():
            continue
        if is_whole and len(cells) <= len(header):
            yield SourceRow(number, dict(zip(header, cells, strict=False)))
            continue
        _check_nameless(header, cells, source, number)
        yield SourceRow(
            number, {name: cells[place] for place, name in names_at if place < len(cells)}
        )


def _delimiter_of(header: str) -> str:
    bare = _QUOTED.sub("", header)
    return next((delimiter for delimiter in _DELIMITERS if delimiter in bare), ",")


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
    if not any(name.strip() for name in header):
        raise FileFormatError("the header has no names", source=source, line=line)
    twice = [name for name, count in Counter(header).items() if count > 1 and name.strip()]
    if twice:
        raise FileFormatError(
            f"the header names {', '.join(map(repr, twice))} more than once; "
            "give each column a name of its own",
            source=source,
            line=line,
        )


def _check_nameless(header: list[str], cells: list[str], source: str, line: int) -> None:
    """Refuse a row with something in a column that has no name."""
    for place, cell in enumerate(cells):
        if not cell.strip():
            continue
        if place >= len(header):
            message = (
                f"{len(cells)} cells below a header of {len(header)}; a cell that holds the "
                "delimiter needs quotes"
            )
        elif not header[place].strip():
            message = (
                f"column {place + 1} holds {cell[:40]!r}, and has no name in the header; "
                "give it one"
            )
        else:
            continue
        raise FileFormatError(message, source=source, line=line)
