"""Reading CSV and TSV."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final

from airhaul.errors import FileFormatError
from airhaul.messages import Message, Option
from airhaul.tabular.formats.delimiter import (
    LINES,
    even_delimiters,
    has_spaced_quotes,
    possible_delimiters,
)
from airhaul.tabular.formats.text import read_lines
from airhaul.tabular.open_files import shown_name
from airhaul.tabular.rows import OnHeader, SourceRow

# Longer than any cell of Airtable; the default limit of the csv module refuses long texts.
_LONGEST_CELL: Final = 10_000_000
# Spreadsheet programs write and read this line; to other programs it is a header.
_SEPARATOR_LINE: Final = re.compile(r"sep=([,;\t|])(?:\r?\n|\r)", re.IGNORECASE)
_NOT_UTF_8: Final = Message(
    "if the file comes from Windows, set ",
    Option("encoding", "cp1252"),
    ', or save it as UTF-8 (spreadsheets call this "CSV UTF-8")',
)
_NAMES_SHOWN: Final = 5
_WORDS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


class _Lines:
    """Counts the lines that the CSV reader takes, line breaks in quotes included.

    It sets aside those that may have a quote after a space, which the CSV reader takes for text.
    """

    def __init__(self, lines: Iterable[str], read: int) -> None:
        self._lines = iter(lines)
        self.read = read
        self.suspect: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.read += 1
        if ' "' in line:
            self.suspect.append(line)
        return line


def read_csv(
    path: str | Path,
    delimiter: str | None = None,
    encoding: str | None = None,
    on_header: OnHeader | None = None,
) -> Iterator[SourceRow]:
    """Read the rows below a header.

    Blank lines, rows of blank cells, and columns without a name and without content are skipped:
    spreadsheet programs write them. So is a first column without a name that numbers the rows, as
    pandas writes it. A row may be shorter than the header. Names and cells keep the spaces around
    them.

    Args:
        path: The file.
        delimiter: The delimiter; None for the one in a line ``sep=;`` before the header, or else
            the one of comma, semicolon, tab and bar in the header outside quotes. If there are
            several, the one that divides the first thousand lines evenly.
        encoding: The encoding; see ``read_lines``.
        on_header: Called with the names in the header, as of ``read_rows``.

    Yields:
        The rows; each cell is text.

    Raises:
        FileFormatError: The file is not CSV, or may have several delimiters; the error has the
            line.
    """
    source = shown_name(path)
    allow_long_cells()
    text = read_lines(path, encoding, _NOT_UTF_8)
    numbered = ((number, line) for number, line in enumerate(text, start=1) if line.strip())
    first, names = next(numbered, (0, ""))
    if not names:
        raise FileFormatError("the file is empty; expected a header", source=source)
    separator = _SEPARATOR_LINE.fullmatch(names)
    if separator is not None:
        delimiter = delimiter or separator[1]
        first, names = next(numbered, (first, ""))
    start = [names, *islice(text, LINES - 1)]
    delimiter = delimiter or _delimiter_of(start, source, first)
    lines = _Lines(chain(start, text), read=first - 1)
    rows = _rows(lines, delimiter, source, skips_spaces=has_spaced_quotes(start, delimiter))
    header_line, header = next(rows, (first, []))
    _check_header(header, source, header_line)
    names_at = [(place, name) for place, name in enumerate(header) if name.strip()]
    is_whole = len(names_at) == len(header)
    nameless = _Nameless(header, source)
    if on_header is not None:
        on_header({name: None for _, name in names_at})
    filled = ((number, cells) for number, cells in rows if "".join(cells).strip())
    for count, (number, cells) in enumerate(filled):
        if is_whole and len(cells) <= len(header):
            yield SourceRow(number, dict(zip(header, cells, strict=False)))
            continue
        nameless.check(cells, number, count)
        yield SourceRow(
            number, {name: cells[place] for place, name in names_at if place < len(cells)}
        )


def allow_long_cells(length: int = _LONGEST_CELL) -> None:
    """Raise the limit of the csv module, for the whole process; a higher one stays.

    Args:
        length: The length of the longest cell, in characters.
    """
    csv.field_size_limit(max(csv.field_size_limit(), length))


def _delimiter_of(lines: list[str], source: str, line: int) -> str:
    possible = possible_delimiters(lines)
    if len(possible) <= 1:
        return possible[0] if possible else ","
    even = even_delimiters(lines, possible)
    if len(even) == 1:
        return even[0]
    words = " and ".join(_WORDS[delimiter] for delimiter in possible)
    raise FileFormatError(
        Message(
            f"the header has {words}, and either may separate the columns; put quotes around the "
            "names that contain one, or set ",
            Option("delimiter", possible[0]),
        ),
        source=source,
        line=line,
    )


def _rows(
    lines: _Lines, delimiter: str, source: str, *, skips_spaces: bool
) -> Iterator[tuple[int, list[str]]]:
    """Read rows, each with the line on which it begins."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=skips_spaces)
    while True:
        line = lines.read + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileFormatError(_reason(error), source=source, line=line) from None
        if lines.suspect:
            if not skips_spaces:
                _check_quotes(lines.suspect, cells, delimiter, source, line)
            lines.suspect.clear()
        if cells:
            yield line, cells


def _check_quotes(
    lines: list[str], cells: list[str], delimiter: str, source: str, line: int
) -> None:
    """Refuse a quote after a space: the quotes would be part of the cell, and divide nothing."""
    for place, cell in enumerate(cells, start=1):
        start = cell.partition("\n")[0]
        if not (cell.startswith(" ") and cell.lstrip(" ").startswith('"')):
            continue
        # A quoted cell that really starts like that has each of its quotes twice in the file.
        if any(delimiter + start in raw or raw.startswith(start) for raw in lines):
            raise FileFormatError(
                f"column {place} has a space before its quote; remove the space, or put the whole "
                "cell in quotes and write the quotes in it twice",
                source=source,
                line=line,
            )


def _reason(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "the row that begins here has a quote that is never closed"
    if "field larger than" in text:
        return (
            f"the row that begins here has a cell of more than {_LONGEST_CELL:,} characters; "
            "check whether its quote is closed"
        )
    if "new-line character" in text:
        return (
            "there is a carriage return outside quotes; "
            r"save the file with \n or \r\n as line ends"
        )
    if "expected after" in text:
        return "there is text after a closing quote; write a quote inside a quoted cell twice"
    return text


def _check_header(header: list[str], source: str, line: int) -> None:
    if not any(name.strip() for name in header):
        raise FileFormatError("the header has no names", source=source, line=line)
    twice = [name for name, count in Counter(header).items() if count > 1 and name.strip()]
    if twice:
        names = ", ".join(map(repr, twice[:_NAMES_SHOWN]))
        more = f" and {len(twice) - _NAMES_SHOWN} others" if len(twice) > _NAMES_SHOWN else ""
        raise FileFormatError(
            f"the header has {names}{more} more than once; rename the columns",
            source=source,
            line=line,
        )


class _Nameless:
    """The columns without a name: they may be blank, or the first may number the rows.

    pandas and R write such numbers, which say nothing that the order of the rows does not.
    """

    def __init__(self, header: list[str], source: str) -> None:
        self._header = header
        self._source = source
        self._first: int | None = None

    def check(self, cells: list[str], line: int, count: int) -> None:
        """Refuse a row with other content in a column without a name.

        Args:
            cells: The cells of the row.
            line: The line on which it begins.
            count: How many rows came before it.
        """
        if count == 0 and cells[0].strip() in ("0", "1"):
            self._first = int(cells[0])
        for place, cell in enumerate(cells):
            has_name = place < len(self._header) and self._header[place].strip()
            if has_name or not cell.strip() or (place == 0 and self._numbers(cell, count)):
                continue
            raise FileFormatError(self._reason(cells, place, count), source=self._source, line=line)

    def _numbers(self, cell: str, count: int) -> bool:
        return self._first is not None and cell.strip() == str(self._first + count)

    def _reason(self, cells: list[str], place: int, count: int) -> str:
        if place < len(self._header):
            return (
                f"column {place + 1} contains {cells[place][:40]!r}, but has no name; add one to "
                "the header"
            )
        advice = (
            "put quotes around a cell that contains the delimiter"
            if count
            else "the header must be the first line, and name every column"
        )
        return f"the row has {len(cells)} cells, but the header has {len(self._header)}; {advice}"
