"""Choosing the format of a file, and reading files of any format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from airhaul.errors import ConfigurationError, FileFormatError
from airhaul.messages import Message, Option, OptionName
from airhaul.tabular.arrow.files import read_arrow, rows_in_parquet
from airhaul.tabular.excel.read import read_excel
from airhaul.tabular.formats.compression import compression_of, without_compression
from airhaul.tabular.formats.csv import read_csv
from airhaul.tabular.formats.json import read_json, read_json_lines
from airhaul.tabular.open_files import FileCopy, ReadableFile, is_pipe, shown_name
from airhaul.tabular.rows import OnHeader, RowChanges, SourceRow
from airhaul.tabular.settings import DEFAULTS, FileSettings, Format
from airhaul.tabular.texts.style import PLAIN, TextStyle

_BY_SUFFIX: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".arrows": "arrow",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
}

TEXT_FORMATS: Final = frozenset({"csv", "tsv", "json", "jsonl"})
"""The formats of text files, which may be compressed."""


def format_of(path: str | Path, format: Format | None = None) -> Format:
    """Choose the format of a file.

    Args:
        path: The file.
        format: The format; None to infer it from the suffix.

    Raises:
        FileFormatError: The format does not exist, or no format has this suffix.
    """
    if format is not None:
        if format not in get_args(Format):
            raise FileFormatError(
                f"{format!r} is not a file format; expected one of {', '.join(get_args(Format))}."
            )
        return format
    suffix = without_compression(path).suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise FileFormatError(
            Message(
                f"no file format has the suffix {suffix!r}; expected one of "
                f"{', '.join(_BY_SUFFIX)}, or set ",
                Option("format"),
                ".",
            ),
            source=shown_name(path),
        )
    kind = _BY_SUFFIX[suffix]
    if kind not in TEXT_FORMATS and compression_of(path) is not None:
        raise FileFormatError(
            "such a file is compressed already; leave the last suffix out", source=shown_name(path)
        )
    return kind


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of rows, with the settings with which it is read.

    Args:
        path: The file.
        settings: How it is read.
        fields: The options of the table's fields, by name and by ID, if they were read.
        copy: Keeps the file on disk, if it is a copy of an open one.
    """

    path: Path
    settings: FileSettings = DEFAULTS
    fields: Mapping[str, Mapping[str, Any]] | None = None
    copy: FileCopy | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, file: str | Path | ReadableFile, settings: FileSettings = DEFAULTS) -> InputFile:
        """Make the input of a file; an open one and a pipe are copied to disk first.

        Args:
            file: The file; it need not exist.
            settings: How it is read.

        Raises:
            ConfigurationError: It is opened as text, or a folder.
            OSError: It cannot be copied.
        """
        if isinstance(file, str | Path):
            path = Path(file)
            if path.is_dir():
                raise ConfigurationError(f"{path} is a folder. Name a file in it.")
            if not is_pipe(path):
                return cls(path, settings)
            with path.open("rb") as pipe:
                copy = FileCopy(pipe)
        else:
            copy = FileCopy(file)
        return cls(copy.path, settings, copy=copy)

    @property
    def name(self) -> str:
        """What the file is called in messages: its path, or the name of the open file."""
        return shown_name(self.path)

    def keep(self) -> None:
        """Leave the copy of an open file on disk, for a run that may be resumed."""
        if self.copy is not None:
            self.copy.keep()

    def rows(self, on_header: OnHeader | None = None) -> Iterator[SourceRow]:
        """Read the rows, as ``read_rows`` does."""
        return read_rows(self.path, self.settings, self.style, on_header)

    def count(self) -> int | None:
        """Return how many rows there are, if the file says so without being read to its end.

        Raises:
            FileFormatError: The format does not exist, or no format has this suffix.
            OSError: The file cannot be read.
        """
        kind = format_of(self.path, self.settings.format)
        return rows_in_parquet(self.path) if kind == "parquet" else None

    def names_in_rows(self, columns: Iterable[str]) -> dict[str, str]:
        """Return the columns of the file by the names that its rows have for them.

        Args:
            columns: The columns; those that are left out have no such name.
        """
        changes = RowChanges(self.settings, self.style, self.name, None)
        named = changes.header({column: column for column in columns})
        return {name: str(column) for name, column in named.items()}

    @property
    def style(self) -> TextStyle:
        """How the texts of the file write numbers and dates."""
        return self.settings.style(self.fields)


def read_rows(
    path: str | Path,
    settings: FileSettings = DEFAULTS,
    style: TextStyle = PLAIN,
    on_header: OnHeader | None = None,
) -> Iterator[SourceRow]:
    """Read the rows of a file one by one; only one row is in memory.

    Args:
        path: The file.
        settings: Its format and encoding, and what its columns are for.
        style: How its texts write numbers and dates; the rows have it with them.
        on_header: Called before the first row with the columns, by the names that rows have for
            them: with a value of the column's type, or None if the file has no types. Not called
            for JSON.

    Yields:
        The rows, in the order of the file.

    Raises:
        FileFormatError: The content does not have the format, with the line; or the settings name a
            column that the file does not have.
        OSError: The file cannot be read.
    """
    name = shown_name(path)
    kind = format_of(path, settings.format)
    is_text = kind in ("csv", "tsv")
    _refuse_for_others(settings, kind, name)
    changes = RowChanges(settings, style, name, "" if is_text or kind == "excel" else None)

    def check(columns: Mapping[str, object]) -> None:
        changes.check(columns)
        if on_header is not None:
            on_header(changes.header(columns))

    rows = _read(path, kind, settings, changes, check)
    yield from map(changes.apply, rows) if changes.are_needed else rows


def _refuse_for_others(settings: FileSettings, kind: Format, source: str) -> None:
    """Refuse settings that mean nothing for a format."""
    if settings.sheet is not None and kind != "excel":
        raise FileFormatError(Message(Option("sheet"), " is for Excel only"), source=source)
    if kind in ("csv", "tsv"):
        return
    if settings.encoding is not None:
        more = "; JSON is always UTF-8" if kind in TEXT_FORMATS else ""
        raise FileFormatError(
            Message(Option("encoding"), f" is for CSV and TSV only{more}"), source=source
        )
    names: tuple[OptionName, ...] = ("delimiter", "escape_formulas")
    for name in names:
        if getattr(settings, name):
            raise FileFormatError(Message(Option(name), " is for CSV and TSV only"), source=source)


def _read(
    path: str | Path,
    kind: Format,
    settings: FileSettings,
    changes: RowChanges,
    on_header: OnHeader,
) -> Iterator[SourceRow]:
    match kind:
        case "csv":
            return read_csv(path, settings.delimiter, settings.encoding, on_header)
        case "tsv":
            return read_csv(path, settings.delimiter or "\t", settings.encoding, on_header)
        case "json":
            return _checked(read_json(path), changes)
        case "jsonl":
            return _checked(read_json_lines(path), changes)
        case "parquet" | "arrow":
            return read_arrow(path, kind, on_header=on_header)
        case "excel":
            return read_excel(path, settings.sheet, settings.ignore, on_header)


def _checked(rows: Iterator[SourceRow], changes: RowChanges) -> Iterator[SourceRow]:
    """Yield rows of a format without a header, and check at the end which columns they had."""
    if not changes.are_needed:
        yield from rows
        return
    columns: dict[str, object] = {}
    for row in rows:
        columns |= row.cells
        yield row
    if columns:
        changes.check(columns)
