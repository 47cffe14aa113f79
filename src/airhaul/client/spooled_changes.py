"""The changes of a long file, kept in a temporary file until all of its rows are validated.

No row is sent before all are known to be valid, and to read and validate the rows again takes far
more time than to keep their changes.
"""

from __future__ import annotations

import contextlib
import pickle
import tempfile
import weakref
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.model.base import RecordBase
from airhaul.tabular import SourceRow

M = TypeVar("M", bound=RecordBase)

_CHANGES_PER_BLOCK: Final = 100  # more cost more: the garbage collector looks at each
_BYTES_OF_A_SIZE: Final = 4
_MOST_BYTES_IN_MEMORY: Final = 1_000_000
_FAST: Final = 1


class SpooledChanges(Generic[M]):
    """Keeps the changes of the rows of a file in their order, to be iterated once.

    They are written in compressed blocks. None is kept once a row is not valid, or the disk is
    full: then the file has to be read again.
    """

    def __init__(self) -> None:
        self._count = 0
        self._are_kept = True
        self._block: list[tuple[Any, ...]] = []
        self._values: list[_Values] = []
        self._row: SourceRow | None = None  # all rows of a file are read in the same way
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            _MOST_BYTES_IN_MEMORY, prefix="airhaul-"
        )
        weakref.finalize(self, self._file.close)

    def add(self, row: Change[M] | InvalidRow) -> None:
        """Keep the change of a row."""
        if not self._are_kept:
            return
        source = row.source
        if isinstance(row, InvalidRow) or not isinstance(source, SourceRow):
            self._drop()
            return
        self._row = self._row or source
        change = (row.kind, self._count, row.cells, source.line)
        self._block.append((*change, row.for_new, row.missing, row.key))
        self._values.append((source.cells, source.in_file))
        self._count += 1
        if len(self._block) == _CHANGES_PER_BLOCK:
            self._write()

    def _write(self) -> None:
        try:
            for part in (self._block, self._values):
                packed = zlib.compress(pickle.dumps(part, pickle.HIGHEST_PROTOCOL), _FAST)
                self._file.write(len(packed).to_bytes(_BYTES_OF_A_SIZE) + packed)
        except (OSError, pickle.PicklingError, TypeError, AttributeError):
            self._drop()  # the disk is full, or a value of the file cannot be copied
        self._block, self._values = [], []

    def _drop(self) -> None:
        self._are_kept = False
        self._block, self._values = [], []
        with contextlib.suppress(OSError):  # of what could not be written before
            self._file.close()

    def are_complete(self) -> bool:
        """Return whether all changes were kept; to be asked after the last one."""
        if self._block:
            self._write()
        try:
            if self._are_kept:
                self._file.seek(0)
        except OSError:
            self._drop()
        return self._are_kept

    def __iter__(self) -> Iterator[Change[M]]:
        first = self._row
        while packed := self._read():
            assert first is not None, "a block has a row"
            values = _KeptValues(self._read())
            block = enumerate(_unpacked(packed))
            for place, (kind, index, cells, line, for_new, missing, key) in block:
                yield Change(
                    kind,
                    index,
                    cells,
                    line=line,
                    source=_KeptRow(line, values, place, like=first),
                    for_new=for_new,
                    missing=missing,
                    key=key,
                )
        self._file.close()

    def _read(self) -> bytes:
        return self._file.read(int.from_bytes(self._file.read(_BYTES_OF_A_SIZE)))


_Values = tuple[dict[str, object], Mapping[str, object] | None]
"""The values of a row by column, and those in the file if these are others."""


class _KeptValues:
    """The values of the rows of a block, which few need: those of rows that are refused.

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
        like: A row that was read in the same way.
    """

    __slots__ = ("_place", "_values")

    def __init__(self, line: int, values: _KeptValues, place: int, *, like: SourceRow) -> None:
        self.line = line
        self.style = like.style
        self.is_typed = like.is_typed
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
