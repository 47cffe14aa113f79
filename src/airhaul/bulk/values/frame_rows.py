"""The rows of data frames: of pandas, polars and pyarrow, and of all that stream Arrow data.

None of these libraries is imported, unless the caller has a frame of it, or a stream that only one
of them can read.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, overload

from airhaul.errors import ConfigurationError

_ROWS_AT_ONCE: Final = 10_000

_Part = Callable[[int, int], list[dict[str, Any]]]


class FrameRow(dict[str, Any]):
    """A row of a data frame: its times without a zone are in the zone of their field."""

    __slots__ = ()


class ArrowStream(Protocol):
    """Whatever streams Arrow data: a frame of polars, a table of pyarrow, a relation of DuckDB.

    Source: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
    """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the stream in a capsule."""
        ...


class FrameRows(Sequence[dict[str, Any]]):
    """The rows of a data frame, made when they are needed.

    Args:
        count: How many there are.
        part: Makes the rows from one place to another.
    """

    def __init__(self, count: int, part: _Part) -> None:
        self._count = count
        self._part = part

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for start in range(0, self._count, _ROWS_AT_ONCE):
            yield from map(FrameRow, self._part(start, min(start + _ROWS_AT_ONCE, self._count)))

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | Sequence[dict[str, Any]]:
        chosen = range(self._count)[place]
        if isinstance(chosen, int):
            return FrameRow(self._part(chosen, chosen + 1)[0])
        return [FrameRow(self._part(index, index + 1)[0]) for index in chosen]


def rows_in(frame: Any) -> Iterable[Any] | None:
    """Return the rows of a data frame, each a ``FrameRow``.

    Args:
        frame: The frame, or anything else.

    Returns:
        The rows: ``FrameRows``, or an iterator for a stream, which can be read once. None for what
        is no data frame.

    Raises:
        ConfigurationError: Its columns have no names, or equal ones; or it has to be collected
            first, or needs a library to be read, or is of an unknown kind.
    """
    kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
    if kind == "pandas.DataFrame":
        _check_names(list(frame.columns))
        return FrameRows(len(frame), lambda start, end: frame.iloc[start:end].to_dict("records"))
    if kind == "polars.DataFrame":
        return _rows_of_polars(frame)
    if kind in ("pyarrow.Table", "pyarrow.RecordBatch"):
        _check_names(frame.schema.names)
        return FrameRows(len(frame), lambda start, end: frame.slice(start, end - start).to_pylist())
    if kind == "polars.LazyFrame":
        raise ConfigurationError("A LazyFrame has no rows yet; pass frame.collect().")
    if kind == "airhaul.Query":
        return None  # its rows are records
    if hasattr(frame, "__arrow_c_stream__") and not kind.endswith(".Series"):
        return _rows_of_stream(frame)
    if kind.endswith(".DataFrame"):
        raise ConfigurationError(
            f"The rows of a {kind} cannot be read; pass them as dicts, or as a frame of pandas."
        )
    return None


def _rows_of_polars(frame: Any) -> FrameRows:
    return FrameRows(len(frame), lambda start, end: frame[start:end].to_dicts())


def _rows_of_stream(stream: Any) -> Iterable[Any]:
    try:
        pyarrow: Any = importlib.import_module("pyarrow")
    except ImportError:
        pass
    else:
        reader = pyarrow.RecordBatchReader.from_stream(stream)
        _check_names(reader.schema.names)
        return _rows_of_batches(reader)
    try:
        polars: Any = importlib.import_module("polars")
    except ImportError:
        raise ConfigurationError(
            f"To read the rows of a {type(stream).__name__}, install pyarrow or polars: "
            "pip install pyarrow."
        ) from None
    return _rows_of_polars(polars.DataFrame(stream))


def _rows_of_batches(reader: Iterable[Any]) -> Iterator[Any]:
    for batch in reader:
        for start in range(0, len(batch), _ROWS_AT_ONCE):
            yield from map(FrameRow, batch.slice(start, _ROWS_AT_ONCE).to_pylist())


def _check_names(names: Sequence[Any]) -> None:
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise ConfigurationError(
            f"The columns of a data frame must have names that are text, and one is {odd[0]!r}; "
            "rename it."
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ConfigurationError(
            f"The data frame has several columns {twice[0]!r}; rename or drop all but one."
        )
