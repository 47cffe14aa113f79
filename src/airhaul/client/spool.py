"""The records of a long result, kept in a temporary file.

A million records do not fit into memory together with a program's own data. So the records after
the first few thousand are written to a file without a name, which is deleted with the result, and
are read back when they are used.
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
        if raw is None or self._kept <= _IN_MEMORY:
            self._first.put(index, record, raw)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="airhaul-")  # noqa: SIM115 - see below
            weakref.finalize(self, self._file.close)  # with the result that it belongs to
        if len(self._places) <= index:
            self._places.frombytes(bytes(8 * (index + 1 - len(self._places))))
        self._places[index] = self._file.seek(0, 2) + 1
        self._file.write(json.dumps(raw, separators=(",", ":")).encode() + b"\n")

    def get(self, index: int) -> M | None:
        """Get the record of a row, or None if it has none."""
        place = self._places[index] if index < len(self._places) else 0
        if not place or self._file is None:
            return self._first.get(index)
        self._file.seek(place - 1)
        return self._reader.read(json.loads(self._file.readline()))

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


def _from_memory(records: InMemory[M]) -> InMemory[M]:
    return records
