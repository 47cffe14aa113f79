"""The records of a long result, and the changes of a long file, kept in temporary files.

A million records do not fit into memory together with a program's own data. So the records after
the first few thousand are written to a file without a name, which is deleted with the result, and
are read back when they are used. If the disk is full, the others stay in memory.

The rows of a file are validated before the first is sent. Their changes wait in such a file, since
to read and validate the rows again takes far more time.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import tempfile
import weakref
import zlib
from array import array
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import IO, Any, Final, Generic, TypeVar

from pydantic_core import to_json

from airhaul.bulk.results.outcomes import InMemory
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.tabular import SourceRow
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_IN_MEMORY: Final = 5_000
_IN_MEMORY_IF_KEPT: Final = 1_000
_READ_AT_ONCE: Final = 4_096
_WRITTEN_AT_ONCE: Final = 65_536
_CHANGES_PER_BLOCK: Final = 100  # more cost more: the garbage collector looks at each
_BYTES_OF_A_SIZE: Final = 4
_MOST_BYTES_IN_MEMORY: Final = 1_000_000
_FAST: Final = 1


class SpooledRecords(Generic[M]):
    """Keeps the first records in memory, and the others in a file.

    Args:
        reader: Makes records from what is in the file.
        keeps: Whether a record that was used is kept, so that it is the same object each time.
    """

    def __init__(self, reader: Reader[M], *, keeps: bool = False) -> None:
        self._reader = reader
        self._keeps = keeps
        self._most_in_memory = _IN_MEMORY_IF_KEPT if keeps else _IN_MEMORY
        self._first = InMemory[M]()
        self._kept = 0
        self._places = array("Q")  # by row: 0 for none, else the place in the file plus 1
        self._file: IO[bytes] | None = None
        self._size = 0
        self._unwritten = bytearray()  # the end of the file
        self._is_full = False

    def put(self, index: int, record: M, raw: RecordJson | None) -> None:
        """Keep a record."""
        self._kept += 1
        if raw is None or self._kept <= self._most_in_memory or self._is_full:
            self._first.put(index, record, raw)
            return
        if len(self._places) <= index:
            self._places.frombytes(bytes(8 * (index + 1 - len(self._places))))
        self._places[index] = self._size + len(self._unwritten) + 1
        self._unwritten += _line(raw)
        if len(self._unwritten) >= _WRITTEN_AT_ONCE:
            self._write()

    def _write(self) -> None:
        """Write what is not in the file yet; it stays in memory if the disk is full."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="airhaul-", buffering=0)  # noqa: SIM115
                weakref.finalize(self, self._file.close)  # with the result that it belongs to
            self._file.seek(self._size)
            written = self._file.write(self._unwritten)
        except OSError:
            written = 0
        self._is_full = written < len(self._unwritten)
        if not self._is_full:
            self._size += written
            self._unwritten.clear()

    def get(self, index: int) -> M | None:
        """Get the record of a row, or None if it has none."""
        place = self._places[index] if index < len(self._places) else 0
        if not place:
            return self._first.get(index)
        record = self._reader.read(json.loads(self._line_at(place - 1)))
        if self._keeps and record is not None:
            self._first.put(index, record, None)
            self._places[index] = 0
        return record

    def _line_at(self, place: int) -> bytes:
        if place >= self._size:
            start = place - self._size
            return bytes(self._unwritten[start : self._unwritten.index(b"\n", start)])
        assert self._file is not None, "it has a size"
        self._file.seek(place)
        return _line_of(self._file)

    def __contains__(self, index: int) -> bool:
        return index in self._first or (index < len(self._places) and self._places[index] != 0)

    def __reduce__(self) -> tuple[Any, ...]:
        # A file cannot be pickled: the copy holds all records in memory.
        whole = InMemory[M]()
        for index in range(len(self._places)):
            if self._places[index]:
                record = self.get(index)
                assert record is not None, "it has a place"
                whole.put(index, record, None)
        return _from_memory, (self._first.joined(whole),)


def _line(raw: RecordJson) -> bytes:
    try:
        return to_json(raw) + b"\n"
    except ValueError:  # half of a surrogate pair, which JSON can escape and UTF-8 cannot encode
        return json.dumps(raw, separators=(",", ":")).encode() + b"\n"


def _line_of(file: IO[bytes]) -> bytes:
    """Read a line of a file without a buffer, in a few large steps."""
    parts: list[bytes] = []
    while not parts or (b"\n" not in parts[-1] and parts[-1]):
        parts.append(file.read(_READ_AT_ONCE))
    return b"".join(parts).partition(b"\n")[0]


def _from_memory(records: InMemory[M]) -> InMemory[M]:
    return records


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
