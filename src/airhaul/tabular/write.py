"""Writing files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import tempfile
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import IO, Any, Protocol, cast

from airhaul.tabular.choose import Format, format_of


class Writer(Protocol):
    """Takes rows, one after the other."""

    def write(self, row: Mapping[str, object]) -> None:
        """Write a row, column name to value."""
        ...


@contextlib.contextmanager
def open_writer(
    path: str | Path, columns: Sequence[str], format: Format | None = None
) -> Generator[Writer]:
    """Open a file for rows; it takes its place only when the block ends well.

    Args:
        path: The file; one that is there stays as it is until the new one is whole.
        columns: The columns, in order.
        format: What to write; None to tell by the suffix.

    Yields:
        What takes the rows.

    Raises:
        FileFormatError: The suffix tells no format.
        OSError: The file cannot be written, the disk is full, ...
    """
    target = Path(path)
    kind = format_of(target, format)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = _writer(kind, file, columns)
            yield writer
            writer.end()
            file.flush()
            os.fsync(file.fileno())
        part.chmod(_mode_of(target))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _mode_of(target: Path) -> int:
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _writer(kind: Format, file: IO[str], columns: Sequence[str]) -> _Csv | _JsonArray | _JsonLines:
    match kind:
        case "csv":
            return _Csv(file, columns, ",")
        case "tsv":
            return _Csv(file, columns, "\t")
        case "json":
            return _JsonArray(file, columns)
        case "jsonl":
            return _JsonLines(file, columns)


class _Csv:
    def __init__(self, file: IO[str], columns: Sequence[str], delimiter: str) -> None:
        self._columns = columns
        self._writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        self._writer.writerow(columns)

    def write(self, row: Mapping[str, object]) -> None:
        texts = [as_text(row.get(column)) for column in self._columns]
        self._writer.writerow(texts)

    def end(self) -> None:
        pass


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
    """Turn a value into JSON: dates as ISO text, points in time in UTC with Z, durations in s."""
    match value:
        case Enum():
            return as_json(value.value)
        case datetime():
            moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            items = cast("Mapping[object, object]", value).items()
            return {str(key): as_json(item) for key, item in items}
        case list() | tuple() | set() | frozenset():
            return [as_json(item) for item in cast("Sequence[object]", value)]
        case _:
            return str(value)


def as_text(value: object) -> str:
    """Turn a value into a cell of CSV: None is blank, plain lists are joined by commas."""
    plain = as_json(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list) and all(isinstance(item, str | int | float) for item in plain):
        return ", ".join(map(str, plain))
    if isinstance(plain, list | dict):
        return json.dumps(plain, ensure_ascii=False)
    return str(plain)
