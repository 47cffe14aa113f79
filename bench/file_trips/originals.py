"""The content of a data file, read without airhaul: what an import has to hold."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from file_trips.sources import Source

MOST_ROWS: Final = 20_000
_DELIMITERS: Final = ",;\t|"
_LINES: Final = 1_000
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Digits(str):
    """A number of a JSON file, as it is written there."""

    __slots__ = ()


class NotATableError(Exception):
    """The file holds something else than rows."""


@dataclass
class Original:
    """The first rows of a file.

    Args:
        content: The part of the file that holds them.
        rows: Their cells by column: text, or JSON values with numbers as ``Digits``.
        encoding: The encoding that has to be set to import it; None for none.
        nulls: The words that mean an empty cell.
        delimiter: The delimiter of CSV.
        columns: The names of the columns, in order.
    """

    content: bytes
    rows: list[dict[str, Any]]
    encoding: str | None = None
    delimiter: str | None = None
    nulls: Sequence[str] = ()
    columns: list[str] = field(default_factory=list[str])


def read_original(
    source: Source, most_rows: int = MOST_ROWS, nulls: Sequence[str] = ()
) -> Original:
    """Read the first rows of a file.

    Args:
        source: The file.
        most_rows: How many rows at most.
        nulls: The words that mean an empty cell.

    Raises:
        NotATableError: The file holds something else than rows.
    """
    content = source.content()
    if source.suffix == ".json":
        original = _json(content, most_rows)
    elif source.suffix in (".jsonl", ".ndjson"):
        original = _json_lines(content, most_rows)
    else:
        original = _csv(content, "\t" if source.suffix in (".tsv", ".tab") else None, most_rows)
    original.nulls = nulls
    for row in original.rows:
        row |= {name: "" for name, cell in row.items() if _is_null(cell, nulls)}
    original.columns = list({name: None for row in original.rows for name in row})
    return original


def _is_null(cell: Any, nulls: Sequence[str]) -> bool:
    return isinstance(cell, str) and cell.strip() in nulls


def _decoded(content: bytes) -> tuple[str, str | None]:
    """The text, and the encoding that a person would have to name."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding), None
    try:
        return content.decode(), None
    except UnicodeDecodeError:
        try:
            return content.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            return content.decode("latin-1"), "latin-1"


def _csv(content: bytes, delimiter: str | None, most_rows: int) -> Original:
    csv.field_size_limit(10_000_000)
    text, encoding = _decoded(content)
    lines = io.StringIO(text, newline="").readlines()
    delimiter = delimiter or _delimiter(lines)
    spaced = any(f'{delimiter} "' in line for line in lines[:1])
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced)
    try:
        header: list[str] = next((cells for cells in reader if "".join(cells).strip()), [])
        table = list(islice(reader, most_rows))
    except csv.Error as error:
        raise NotATableError(str(error)) from error
    rows = [
        {name: cell for name, cell in zip(header, cells, strict=False) if name.strip()}
        for cells in table
        if "".join(cells).strip()
    ]
    part = "".join(lines[: reader.line_num])
    as_it_was = encoding or ("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    return Original(part.encode(as_it_was), rows, encoding, delimiter)


def _delimiter(lines: list[str]) -> str:
    """The delimiter that divides the most of the first rows like the header, or else a comma."""

    def fit(delimiter: str) -> tuple[float, int]:
        counts = [len(cells) for cells in csv.reader(lines[:_LINES], delimiter=delimiter) if cells]
        cells = counts[0] if counts else 0
        return (counts.count(cells) / len(counts) if cells > 1 else 0.0, cells)

    return max(_DELIMITERS, key=fit)


_DECODER: Final = json.JSONDecoder(parse_int=Digits, parse_float=Digits, parse_constant=Digits)


def _json(content: bytes, most_rows: int) -> Original:
    text, encoding = _decoded(content)
    if text.lstrip()[:1] != "[":
        raise NotATableError("not an array")
    rows: list[Any] = []
    parts: list[str] = []
    at = text.index("[") + 1
    while True:
        start = at + len(text[at : at + 1000]) - len(text[at : at + 1000].lstrip(" \t\r\n,"))
        if text[start : start + 1] in ("]", "") or len(rows) == most_rows:
            break
        try:
            row, at = _DECODER.raw_decode(text, start)
        except ValueError as error:
            raise NotATableError(f"not JSON: {error}") from error
        rows.append(row)
        parts.append(text[start:at])
    _check(rows)
    return Original(("[" + ",\n".join(parts) + "]").encode(), rows, encoding)


def _json_lines(content: bytes, most_rows: int) -> Original:
    text, encoding = _decoded(content)
    lines = [line for line in text.split("\n") if line.strip()][:most_rows]
    try:
        rows = [_DECODER.decode(line) for line in lines]
    except ValueError as error:
        raise NotATableError(f"not JSON: {error}") from error
    _check(rows)
    return Original("\n".join(lines).encode(), rows, encoding)


def _check(rows: list[Any]) -> None:
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise NotATableError("not an array of objects")


def read_export(content: bytes, suffix: str) -> Iterator[dict[str, Any]]:
    """Read what airhaul has exported, with another library.

    Args:
        content: The exported file.
        suffix: ``.csv`` or ``.jsonl``.
    """
    text = content.decode()
    if suffix == ".csv":
        yield from csv.DictReader(io.StringIO(text, newline=""), strict=True)
    else:
        yield from (_DECODER.decode(line) for line in text.split("\n") if line)
