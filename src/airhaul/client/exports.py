"""Exporting records to a file, page by page, in the format of the file."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Protocol

from airhaul.bulk.values.frame_columns import FrameBuilder, arrow_type_of
from airhaul.errors import FileFormatError
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column
from airhaul.model.read import Reader, values_as_stored
from airhaul.tabular import (
    Format,
    WritableFile,
    Writer,
    format_of,
    open_writer,
    refuse_to_escape,
    replacing,
    sending_to,
    shown_name,
)
from airhaul.tabular.arrow.files import ArrowFile
from airhaul.tabular.excel.write import ExcelColumn, ExcelFile
from airhaul.wire.shapes import RecordJson


class Export(Protocol):
    """Takes the records of a table."""

    def leave_out(self, missing: AbstractSet[str]) -> None:
        """Leave out columns that the table does not have."""
        ...

    def add(self, page: Sequence[RecordJson]) -> int:
        """Write the records of a page, and return how many."""
        ...


@contextlib.contextmanager
def open_export(
    path: str | Path | WritableFile,
    format: Format | None,
    reader: Reader[Any],
    columns: Sequence[Column],
    *,
    escape_formulas: bool = False,
) -> Generator[Export]:
    """Open a file for records; it appears only when the block ends without an error.

    Args:
        path: The file; an existing one is replaced when the new one is complete, and an open one
            is written then.
        format: The format; None to infer it from the suffix.
        reader: Makes records of pages.
        columns: The columns to write, in order; their titles are the names.
        escape_formulas: Whether to escape texts that a spreadsheet would run as formulas; only for
            CSV and TSV.

    Yields:
        What takes the pages.

    Raises:
        FileFormatError: No format has this suffix, or it cannot be written.
        ConfigurationError: It is a file opened as text.
        MissingExtraError: The library for the format is not installed.
        OSError: The file cannot be written.
    """
    if not isinstance(path, str | Path):
        with (
            sending_to(path) as part,
            open_export(part, format, reader, columns, escape_formulas=escape_formulas) as export,
        ):
            yield export
        return
    kind = format_of(path, format)
    refuse_to_escape(kind, path, escape_formulas=escape_formulas)
    match kind:
        case "parquet" | "arrow":
            names = [column.title for column in columns]
            builder = FrameBuilder(reader.model, columns, names)
            with replacing(path) as part, ArrowFile(part, builder.schema, kind) as arrow:
                yield _ArrowExport(arrow, builder)
                arrow.write(builder.batch())
            builder.warn()
        case "excel":
            _refuse_to_write(path, format)
            of_excel = [_excel_column(column) for column in columns]
            sheet = str(reader.model.__airhaul_table__)
            with replacing(path) as part, ExcelFile(part, sheet, of_excel) as workbook:
                yield _ExcelExport(workbook, reader)
        case _:
            choices = {column.title: column.known_choices for column in columns}
            with open_writer(
                path, [*choices], kind, choices, escape_formulas=escape_formulas
            ) as writer:
                yield _TextExport(writer, reader, columns)


def _refuse_to_write(path: str | Path, format: Format | None) -> None:
    suffix = Path(path).suffix.lower()
    if format is None and suffix != ".xlsx":
        raise FileFormatError(
            f"files with the suffix {suffix} are only read; write one with .xlsx",
            source=shown_name(path),
        )


def _excel_column(column: Column) -> ExcelColumn:
    return ExcelColumn(
        column.title,
        column.column,
        arrow_type_of(column),
        column.info.options or {},
        column.known_choices,
        column.card.decode,
    )


class _ArrowExport:
    def __init__(self, file: ArrowFile, builder: FrameBuilder) -> None:
        self._file = file
        self._builder = builder

    def leave_out(self, missing: AbstractSet[str]) -> None:
        self._builder.leave_out(missing)

    def add(self, page: Sequence[RecordJson]) -> int:
        self._builder.add(page)
        if self._builder.is_full:
            self._file.write(self._builder.batch())
        return len(page)


class _ExcelExport:
    def __init__(self, file: ExcelFile, reader: Reader[Any]) -> None:
        self._file = file
        self._reader = reader

    def leave_out(self, missing: AbstractSet[str]) -> None:
        self._reader.leave_out(missing)

    def add(self, page: Sequence[RecordJson]) -> int:
        for record in page:
            self._file.write(record["fields"])
        return len(page)


class _TextExport:
    def __init__(self, writer: Writer, reader: Reader[Any], columns: Sequence[Column]) -> None:
        self._writer = writer
        self._reader = reader
        self._columns = columns

    def leave_out(self, missing: AbstractSet[str]) -> None:
        self._reader.leave_out(missing)

    def add(self, page: Sequence[RecordJson]) -> int:
        records: list[RecordBase] = self._reader.read_page(page)
        for record in records:
            values = values_as_stored(record)
            row = {column.title: values.get(column.name) for column in self._columns}
            self._writer.write(row)
        return len(records)
