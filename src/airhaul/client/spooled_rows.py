"""The rows of a file, or their changes, kept in a temporary file: a file is read once.

No row is sent before all are known to be valid, and no table is read for a file that is damaged. To
read and validate the rows again takes more time than to keep them, and they may be others by then.
"""

from __future__ import annotations

import contextlib
import pickle
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.model.base import RecordBase
from airhaul.tabular import InputFile, SourceRow

M = TypeVar("M", bound=RecordBase)
T = TypeVar("T")

_ROWS_PER_BLOCK: Final = 100  # more cost more: the garbage collector looks at each
_BYTES_OF_A_SIZE: Final = 4
_MOST_BYTES_IN_MEMORY: Final = 1_000_000
_FAST: Final = 1


class SpooledRows(Generic[T]):
    """Keeps what was made of the rows of a file, in their order.

    It is written in compressed blocks. None is kept once the disk is full, or a value cannot be
    copied: then the file is read again.

    Args:
        again: Makes all of it again.
        split: Divides what was made of a row into the row and the rest.
        join: Makes it of the rest and the row.
    """

    def __init__(
        self,
        again: Callable[[], Iterable[T]],
        split: Callable[[T], tuple[SourceRow, object]],
        join: Callable[[SourceRow, Any], T],
    ) -> None:
        self._again = again
        self._split = split
        self._join = join
        self._are_kept = True
        self._block: list[T] = []
        self._row: SourceRow | None = None  # all rows of a file are read in the same way
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            _MOST_BYTES_IN_MEMORY, prefix="airhaul-"
        )
        weakref.finalize(self, self._file.close)

    def keeping(self, items: Iterable[T]) -> Iterator[T]:
        """Yield what is made of the rows, and keep it."""
        for item in items:
            if self._are_kept:
                self._block.append(item)
                if len(self._block) == _ROWS_PER_BLOCK:
                    self._write()
            yield item

    def _write(self) -> None:
        parts = [self._split(item) for item in self._block]
        self._block = []
        self._row = parts[0][0]
        try:
            self._write_part([(row.line, row.has_lists, rest) for row, rest in parts])
            self._write_part([(row.cells, row.in_file) for row, _ in parts])
        except (OSError, pickle.PicklingError, TypeError, AttributeError, RecursionError):
            self._drop()  # the disk is full, or a value of the file cannot be copied

    def _write_part(self, part: object) -> None:
        packed = zlib.compress(pickle.dumps(part, pickle.HIGHEST_PROTOCOL), _FAST)
        self._file.write(len(packed).to_bytes(_BYTES_OF_A_SIZE) + packed)

    def _drop(self) -> None:
        self._are_kept = False
        with contextlib.suppress(OSError):  # of what could not be written before
            self._file.close()

    def __iter__(self) -> Iterator[T]:
        if self._block:
            self._write()
        try:
            if self._are_kept:
                self._file.seek(0)
        except OSError:
            self._drop()
        return self._each_kept() if self._are_kept else iter(self._again())

    def _each_kept(self) -> Iterator[T]:
        while packed := self._read():
            values = _KeptValues(self._read())
            for place, (line, has_lists, rest) in enumerate(_unpacked(packed)):
                assert self._row is not None, "a block has a row"
                row = _KeptRow(line, values, place, has_lists=has_lists, like=self._row)
                yield self._join(row, rest)

    def _read(self) -> bytes:
        return self._file.read(int.from_bytes(self._file.read(_BYTES_OF_A_SIZE)))


def spooled_changes(
    again: Callable[[], Iterable[Change[M] | InvalidRow]],
) -> SpooledRows[Change[M] | InvalidRow]:
    """Keep the changes of the rows of a file, and the rows that are not valid.

    Args:
        again: Reads the file again, and makes the changes of its rows.
    """
    return SpooledRows(again, _without_row, _with_row)


def read_whole(file: InputFile) -> SpooledRows[SourceRow]:
    """Read a whole file, so that its errors come first, and return its rows.

    Args:
        file: The file.

    Raises:
        FileFormatError: As of ``read_rows``.
        OSError: The file cannot be read.
    """
    rows = SpooledRows[SourceRow](file.rows, lambda row: (row, None), lambda row, _: row)
    for _ in rows.keeping(file.rows()):
        pass
    return rows


def _without_row(made: Change[Any] | InvalidRow) -> tuple[SourceRow, object]:
    row = made.source
    assert isinstance(row, SourceRow), "it is the row of a file"
    if isinstance(made, InvalidRow):
        return row, replace(made, source=None)
    return row, (made.kind, made.index, made.cells, made.for_new, made.missing, made.key)


def _with_row(row: SourceRow, rest: Any) -> Change[Any] | InvalidRow:
    if isinstance(rest, InvalidRow):
        return replace(rest, source=row)
    kind, index, cells, for_new, missing, key = rest
    return Change(
        kind,
        index,
        cells,
        line=row.line,
        source=row,
        for_new=for_new,
        missing=missing,
        key=key,
    )


_Values = tuple[dict[str, object], Mapping[str, object] | None]
"""The values of a row by column, and those in the file if these are others."""


class _KeptValues:
    """The values of the rows of a block, which are read back only if they are needed.

    Args:
        packed: The values, compressed.
    """

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    @cached_property
    def of_rows(self) -> list[_Values]:
        """The values of each row."""
        of_rows: list[_Values] = _unpacked(self._packed)
        return of_rows


class _KeptRow(SourceRow):
    """A row of a file whose values are read as soon as one asks for them.

    Args:
        line: The line on which it begins.
        values: The values of its block.
        place: Its place in the block.
        has_lists: As of ``SourceRow``.
        like: A row that was read in the same way.
    """

    __slots__ = ("_place", "_values")

    def __init__(
        self, line: int, values: _KeptValues, place: int, *, has_lists: bool, like: SourceRow
    ) -> None:
        self.line = line
        self.style = like.style
        self.is_typed = like.is_typed
        self.has_lists = has_lists
        self._values = values
        self._place = place

    def __getattr__(self, name: str) -> Any:
        # Called only for what is not set yet.
        if name not in ("cells", "in_file"):
            raise AttributeError(name)
        self.cells, self.in_file = self._values.of_rows[self._place]
        return getattr(self, name)


def _unpacked(packed: bytes) -> Any:
    return pickle.loads(zlib.decompress(packed))  # noqa: S301 - our own
