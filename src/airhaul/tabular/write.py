"""Writing files that are complete or not there at all."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import uuid
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import IO, Any, Final, NoReturn, Protocol, cast

from pydantic import BaseModel

from airhaul.errors import FileFormatError, shown
from airhaul.messages import Message, Option
from airhaul.tabular.choose import TEXT_FORMATS, format_of
from airhaul.tabular.formats.compression import compressing
from airhaul.tabular.lists import join_items
from airhaul.tabular.numbers import JsonNumber
from airhaul.tabular.open_files import shown_name
from airhaul.tabular.settings import Format
from airhaul.tabular.texts.formulas import escaped

_MOST_DIGITS: Final = 400  # more than any double has

# More than CSV requires: every delimiter, so that no reader infers the wrong one from the header,
# and a carriage return, which some readers treat as the end of a line.
_NEEDS_QUOTES: Final = re.compile('[,;\t|"\r\n]')


class Writer(Protocol):
    """Writes rows one by one."""

    def write(self, row: Mapping[str, object]) -> None:
        """Write a row: the values by column name."""
        ...


@contextlib.contextmanager
def open_writer(
    path: str | Path,
    columns: Sequence[str],
    format: Format | None = None,
    choices: Mapping[str, Collection[str]] | None = None,
    *,
    escape_formulas: bool = False,
) -> Generator[Writer]:
    """Open a file for rows; it appears only when the block ends without an error.

    Args:
        path: The file; an existing one is replaced when the new one is complete.
        columns: The columns, in order.
        format: The format; None to infer it from the suffix.
        choices: The choices of the columns that hold lists of choices, where they are known.
        escape_formulas: Whether to escape texts that a spreadsheet would run as formulas; only for
            CSV and TSV.

    Yields:
        The writer.

    Raises:
        FileFormatError: No format has this suffix, the path is a folder or a device, or
            ``escape_formulas`` is set for JSON.
        OSError: The file cannot be written, for example because the disk is full.
    """
    kind = format_of(path, format)
    assert kind in TEXT_FORMATS, "other formats are not written row by row"
    refuse_to_escape(kind, path, escape_formulas=escape_formulas)
    with (
        replacing(path) as part,
        part.open("wb") as raw,
        io.TextIOWrapper(compressing(raw, path), encoding="utf-8", newline="") as file,
    ):
        writer = _writer(kind, file, columns, choices or {}, escape_formulas)
        yield writer
        writer.end()


def refuse_to_escape(kind: Format, path: str | Path, *, escape_formulas: bool) -> None:
    """Refuse ``escape_formulas`` for a format that has no formulas.

    Raises:
        FileFormatError: It is set, and the format is neither CSV nor TSV.
    """
    if escape_formulas and kind not in ("csv", "tsv"):
        raise FileFormatError(
            Message(Option("escape_formulas"), " is for CSV and TSV only"), source=shown_name(path)
        )


@contextlib.contextmanager
def replacing(path: str | Path) -> Generator[Path]:
    """Give a file to write next to another one, which it replaces if the block ends without error.

    Args:
        path: The other file, which need not exist.

    Yields:
        The new file, which is empty.

    Raises:
        FileFormatError: The path is a folder or a device.
        OSError: The file cannot be written, for example because the disk is full.
    """
    target = Path(path).resolve()  # replaces the target of a link, not the link
    is_there = target.exists()
    if is_there and not target.is_file():
        raise FileFormatError(
            "this is not a regular file, so it cannot be replaced", source=str(path)
        )
    part = target.with_name(f".airhaul-{uuid.uuid4().hex}.part")
    try:
        with part.open("xb"):
            pass
        if is_there:
            part.chmod(target.stat().st_mode & 0o777)
        yield part
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        # What fails while a file is written, such as on a full disk, does not name the file.
        if error.errno is None or error.filename not in (None, str(part)):
            raise
        name = shown_name(path)  # as the caller knows it
        raise OSError(error.errno, os.strerror(error.errno), name) from None
    finally:
        part.unlink(missing_ok=True)


def _writer(
    kind: Format,
    file: IO[str],
    columns: Sequence[str],
    choices: Mapping[str, Collection[str]],
    escapes: bool,
) -> _Csv | _JsonArray | _JsonLines:
    match kind:
        case "tsv":
            return _Csv(file, columns, "\t", choices, escapes=escapes)
        case "json":
            return _JsonArray(file, columns)
        case "jsonl":
            return _JsonLines(file, columns)
        case _:
            return _Csv(file, columns, ",", choices, escapes=escapes)


class _Csv:
    def __init__(
        self,
        file: IO[str],
        columns: Sequence[str],
        delimiter: str,
        choices: Mapping[str, Collection[str]],
        *,
        escapes: bool,
    ) -> None:
        self._file = file
        self._escapes = escapes
        self._columns = [(column, choices.get(column, ())) for column in columns]
        self._delimiter = delimiter
        self._write_line([escaped(column) for column in columns] if escapes else columns)

    def write(self, row: Mapping[str, object]) -> None:
        if self._escapes:
            texts = [_harmless(row.get(column), known) for column, known in self._columns]
        else:
            texts = [as_text(row.get(column), known) for column, known in self._columns]
        if any("\0" in text for text in texts):
            self._refuse_nul(texts)
        self._write_line(texts)

    def end(self) -> None:
        pass

    def _refuse_nul(self, texts: Sequence[str]) -> NoReturn:
        cells = zip((name for name, _ in self._columns), texts, strict=True)
        name, text = next((name, text) for name, text in cells if "\0" in text)
        raise FileFormatError(
            f"the cell {shown(text)} of {name!r} has a NUL character, so no program would read the "
            "file; write it as JSON"
        )

    def _write_line(self, texts: Sequence[str]) -> None:
        self._file.write(csv_line(texts, self._delimiter))


def _harmless(value: object, choices: Collection[str]) -> str:
    """Turn a value into a cell that no spreadsheet runs; to it, -5 is only a number."""
    text = as_text(value, choices)
    return text if isinstance(value, int | float | Decimal | timedelta) else escaped(text)


def csv_line(texts: Iterable[str], delimiter: str) -> str:
    """Make a line of CSV, with its end.

    Args:
        texts: The cells.
        delimiter: The delimiter.
    """
    # Before Python 3.13, csv.writer does not quote a single carriage return.
    line = delimiter.join(map(_quoted, texts))
    return (line or '""') + "\n"  # a row of one blank cell must not be a blank line


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


class _JsonLines:
    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        self._file = file
        self._columns = columns

    def write(self, row: Mapping[str, object]) -> None:
        self._file.write(self._object(row) + "\n")

    def end(self) -> None:
        pass

    def _object(self, row: Mapping[str, object]) -> str:
        values = {column: as_json(row.get(column)) for column in self._columns}
        return json.dumps(values, ensure_ascii=False, allow_nan=False)


class _JsonArray(_JsonLines):
    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        super().__init__(file, columns)
        self._before = "[\n"

    def write(self, row: Mapping[str, object]) -> None:
        self._file.write(self._before + self._object(row))
        self._before = ",\n"

    def end(self) -> None:
        self._file.write("[]\n" if self._before == "[\n" else "\n]\n")


def as_json(value: object) -> Any:
    """Turn a value into JSON.

    Args:
        value: A value of a record.

    Returns:
        Dates as ISO text, datetimes in UTC with milliseconds and Z (a naive one is UTC), durations
        in seconds, enums by value, sets as sorted lists, models by alias, and everything else as
        text.
    """
    match value:
        case Enum():
            return as_json(value.value)
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            is_whole = value.is_finite() and value == value.to_integral_value()
            if is_whole and value.adjusted() >= _MOST_DIGITS:
                return str(value)  # no cell can hold it, but a rejected row can
            return int(value) if is_whole else float(value)
        case JsonNumber() if value.text != repr(value):
            return value.text  # JSON written by Python would not have it so
        case None | bool() | int() | float() | str():
            return value
        case bytes() | bytearray():
            return value.decode(errors="backslashreplace")  # as a text field has it
        case BaseModel():
            return as_json(value.model_dump(mode="json", by_alias=True, exclude_none=True))
        case Mapping():
            items = cast("Mapping[object, object]", value).items()
            return {str(key): as_json(item) for key, item in items}
        case list() | tuple():
            return [as_json(item) for item in cast("Sequence[object]", value)]
        case set() | frozenset():
            # Sorted, so that the same records always make the same file.
            return sorted(map(as_json, cast("frozenset[object]", value)), key=str)
        case _:
            return str(value)


def finite(value: Any) -> Any:
    """Make JSON of what ``as_json`` returns for rows that no cell can hold: JSON has no NaN."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case list():
            return [finite(item) for item in value]
        case dict():
            return {name: finite(item) for name, item in cast("dict[str, Any]", value).items()}
        case _:
            return value


def _moment(value: datetime) -> str:
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return value.isoformat()  # no cell can hold it, but a rejected row can
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def as_text(value: object, choices: Collection[str] = ()) -> str:
    """Turn a value into a cell of CSV.

    Args:
        value: A value of a record.
        choices: The choices that the items of a list are taken from, where they are known.

    Returns:
        None as a blank cell, like an empty text; a list of plain values joined by
        ``join_items``; nested values as JSON; a Decimal with all its digits; else as in JSON.
    """
    if isinstance(value, Enum):
        return as_text(value.value)
    if isinstance(value, Decimal):
        return f"{value:f}" if abs(value.adjusted()) < _MOST_DIGITS else str(value)
    plain = as_json(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list) and all(isinstance(item, str | int | float) for item in plain):
        return join_items(list(map(as_text, plain)), choices)
    if isinstance(plain, list | dict):
        return json.dumps(plain, ensure_ascii=False)
    return str(plain)
