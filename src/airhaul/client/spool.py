"""The records of a long result, kept in a temporary file.

A million records do not fit into memory together with a program's own data. So the records after
the first few thousand are written to a file without a name, which is deleted with the result, and
are read back when they are used. If the disk is full, the others stay in memory.
"""

from __future__ import annotations

import json
import tempfile
import weakref
from array import array
from typing import IO, Any, Final, Generic, TypeVar

from pydantic_core import to_json

from airhaul.bulk.results.outcomes import InMemory
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_IN_MEMORY: Final = 5_000
_IN_MEMORY_IF_KEPT: Final = 1_000
_READ_AT_ONCE: Final = 4_096
_WRITTEN_AT_ONCE: Final = 65_536


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
