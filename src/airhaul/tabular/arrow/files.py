"""Parquet and Arrow files, read and written in batches, so that few rows are in memory."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, Self

from airhaul.errors import FileFormatError
from airhaul.tabular.arrow.library import arrow_library
from airhaul.tabular.open_files import shown_name
from airhaul.tabular.rows import OnHeader, SourceRow

ArrowFormat = Literal["parquet", "arrow"]

_ROWS_AT_ONCE: Final = 2_000
_BYTES_AT_ONCE: Final = 65_536
_ROWS_OF_A_GROUP: Final = 32_768
_EPOCH_IN_UTC: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH: Final = _EPOCH_IN_UTC.replace(tzinfo=None)
_EPOCH_DAY: Final = _EPOCH.toordinal()


def read_arrow(
    path: str | Path, kind: ArrowFormat, on_header: OnHeader | None = None
) -> Iterator[SourceRow]:
    """Read the rows of a file; a batch of them is in memory.

    Args:
        path: The file.
        kind: Its format: Parquet, or Arrow's own, also as a stream.
        on_header: Called with the columns of the schema, as of ``read_rows``.

    Yields:
        The rows, numbered from 1; each value is one of Python's, None for a null or NaN.

    Raises:
        FileFormatError: The file is damaged, or has several columns of a name.
        MissingExtraError: pyarrow is not installed.
    """
    source = shown_name(path)
    arrow = arrow_library(f"To read {Path(source).name}, airhaul")
    line = 0
    try:
        with Path(path).open("rb") as file:
            schema, batches = _opened(file, kind, arrow)
            names = schema.names
            _check_names(names, source)
            if on_header is not None:
                on_header({column.name: _example(column.type, arrow) for column in schema})
            for batch in batches:
                for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
                    part = batch.slice(start, _ROWS_AT_ONCE)
                    columns = [_values(part.column(name), arrow) for name in names]
                    for row in zip(*columns, strict=True):
                        line += 1
                        cells = dict(zip(names, row, strict=True))
                        yield SourceRow(line, cells, is_typed=True, has_lists=True)
    except OverflowError:
        raise FileFormatError(
            "a date or time is outside the years 1 to 9999", source=source, line=line + 1
        ) from None
    except (arrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's own error; the library's have no number
        reason = str(error).splitlines()[0]
        raise FileFormatError(f"this is no {kind} file: {reason}", source=source) from None
    finally:
        arrow.default_memory_pool().release_unused()  # which it would keep to itself


def rows_in_parquet(path: str | Path) -> int | None:
    """Return how many rows a Parquet file says it has; None if it says nothing."""
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
        count: int = parquet.read_metadata(path).num_rows
    except (ImportError, ValueError, OSError):  # reading the rows tells why
        return None
    return count


def _opened(file: Any, kind: ArrowFormat, arrow: Any) -> tuple[Any, Iterator[Any]]:
    if kind == "parquet":
        parquet: Any = importlib.import_module("pyarrow.parquet")
        # Without a buffer, it holds the columns of a whole row group.
        opened = parquet.ParquetFile(file, pre_buffer=False, buffer_size=_BYTES_AT_ONCE)
        batches = opened.iter_batches(batch_size=_ROWS_AT_ONCE, use_threads=False)
        return opened.schema_arrow, batches
    try:
        reader = arrow.ipc.open_file(file)
    except arrow.ArrowInvalid:
        file.seek(0)
        stream = arrow.ipc.open_stream(file)
        return stream.schema, iter(stream)
    places = range(reader.num_record_batches)
    return reader.schema, (reader.get_batch(place) for place in places)


def _example(type_: Any, arrow: Any) -> object:
    """Make a value of a type; None for one that may be text as well.

    pandas makes floats of a column that has no values.
    """
    types = arrow.types
    if types.is_decimal(type_):
        return Decimal(1).scaleb(-max(type_.scale, 0))
    of_type: tuple[tuple[Callable[[Any], bool], object], ...] = (
        (types.is_boolean, False),
        (types.is_integer, 0),
        (types.is_date, date.min),
        (types.is_timestamp, _EPOCH),
        (types.is_duration, timedelta()),
    )
    return next((example for is_this, example in of_type if is_this(type_)), None)


def _values(column: Any, arrow: Any) -> list[Any]:
    if arrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if arrow.types.is_floating(column.type):
        return [None if value != value else value for value in column.to_pylist()]  # noqa: PLR0124
    # The library makes dates and times in four times as long.
    if arrow.types.is_date32(column.type):
        days = column.cast(arrow.int32()).to_pylist()
        return [None if day is None else date.fromordinal(_EPOCH_DAY + day) for day in days]
    if arrow.types.is_timestamp(column.type):
        micros = column.cast(arrow.timestamp("us", column.type.tz), safe=False)
        start = _EPOCH if column.type.tz is None else _EPOCH_IN_UTC
        return [
            None if count is None else start + timedelta(0, 0, count)
            for count in micros.cast(arrow.int64()).to_pylist()
        ]
    if arrow.types.is_duration(column.type) and column.type.unit == "ns":
        column = column.cast(arrow.duration("us"), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _check_names(names: Sequence[str], source: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise FileFormatError(
            f"there are several columns {twice[0]!r}; rename all but one", source=source
        )


class ArrowFile:
    """Writes batches to a file.

    Args:
        path: The file.
        schema: The types of the columns by name, as pyarrow has them.
        kind: The format.
    """

    def __init__(self, path: Path, schema: Any, kind: ArrowFormat) -> None:
        self._arrow = arrow_library("To write such a file, airhaul")
        self._schema = schema
        self._batches: list[Any] = []
        self._rows = 0
        self._writer: Any
        if kind == "parquet":
            parquet: Any = importlib.import_module("pyarrow.parquet")
            self._writer = parquet.ParquetWriter(path, schema, compression="zstd")
        else:
            # The choices of a column become more while records are read.
            options = self._arrow.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
            self._writer = self._arrow.ipc.new_file(str(path), schema, options=options)

    def write(self, batch: Any) -> None:
        """Write a batch, perhaps together with later ones: large groups are read faster."""
        self._batches.append(batch)
        self._rows += batch.num_rows
        if self._rows >= _ROWS_OF_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        batches, self._batches, self._rows = self._batches, [], 0
        if batches:
            self._writer.write_table(self._arrow.Table.from_batches(batches, self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
