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

from airhaul.bulk.results.outcomes import InMemory
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_IN_MEMORY: Final = 5_000
_READ_AT_ONCE: Final = 4_096


class SpooledRecords(Generic[M]):
    """Keeps the first records in memory, and the others in a file.

    Args:
        reader: Makes records from what is in the file.
    """

    def __init__(self, reader: Reader[M]) -> None:
        self._reader = reader
        self._first = InMemory[M]()
        self._kept = 0
        self._file: IO[bytes] | None = None
        self._places = array("Q")  # by row: 0 for none, else the place in the file plus 1

    def put(self, index: int, record: M, raw: RecordJson | None) -> None:
        """Keep a record."""
        self._kept += 1
        if raw is None or self._kept <= _IN_MEMORY or not self._write(index, raw):
            self._first.put(index, record, raw)

    def _write(self, index: int, raw: RecordJson) -> bool:
        """Write a record to the file; False if the disk is full."""
        line = json.dumps(raw, separators=(",", ":")).encode() + b"\n"
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="airhaul-", buffering=0)  # noqa: SIM115
                weakref.finalize(self, self._file.close)  # with the result that it belongs to
            place = self._file.seek(0, 2)
            if self._file.write(line) < len(line):
                return False
        except OSError:
            return False
        if len(self._places) <= index:
            self._places.frombytes(bytes(8 * (index + 1 - len(self._places))))
        self._places[index] = place + 1
        return True

    def get(self, index: int) -> M | None:
        """Get the record of a row, or None if it has none."""
        place = self._places[index] if index < len(self._places) else 0
        if not place or self._file is None:
            return self._first.get(index)
        self._file.seek(place - 1)
        return self._reader.read(json.loads(_line_of(self._file)))

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


def _line_of(file: IO[bytes]) -> bytes:
    """Read a line of a file without a buffer, in a few large steps."""
    parts: list[bytes] = []
    while not parts or (b"\n" not in parts[-1] and parts[-1]):
        parts.append(file.read(_READ_AT_ONCE))
    return b"".join(parts).partition(b"\n")[0]


def _from_memory(records: InMemory[M]) -> InMemory[M]:
    return records
