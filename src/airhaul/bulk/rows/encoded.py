"""The rows of a list, validated as a whole, and kept small until they are pulled one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.compact.cell_columns import CellColumns
from airhaul.bulk.rows.changes import Change, ColumnsWritten, InvalidRow, Kind
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.precheck import encode_each
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import Cells

M = TypeVar("M", bound=RecordBase)

_Parts = tuple[Kind, str | None, tuple[str, ...], tuple[Any, ...]]
"""The kind of a change, the id of its record, the fields that it lacks, and its key."""

_TOGETHER: Final = 100
_NEW: Final[_Parts] = ("create", None, (), ())
_KEPT_WHOLE: Final[_Parts] = ("keep", None, (), ())


class EncodedRows(Generic[M]):
    """The changes of the rows of a list.

    A change takes as much memory as its row. So only its parts are kept, and most of these are the
    objects of the row itself; the change is made again each time that the rows are iterated.

    Args:
        encoder: Makes changes of the rows.
        rows: The rows.

    Attributes:
        written: The columns that they write.
        invalid: The rows that are not valid.
    """

    def __init__(self, encoder: Encoder[M], rows: Sequence[object]) -> None:
        self.written = ColumnsWritten()
        self.invalid: list[InvalidRow] = []
        self._rows = list(rows)
        self._cells = CellColumns((), has_nulls=True)
        self._for_new = CellColumns((), has_nulls=True)
        self._parts: list[_Parts] = []
        self._whole: dict[int, Change[M] | InvalidRow] = {}
        encoded = encode_each(encoder, self._rows)
        while some := list(islice(encoded, _TOGETHER)):
            self._take(some)

    def _take(self, some: Sequence[Change[M] | InvalidRow]) -> None:
        cells: list[Cells] = []
        for_new: list[Cells] = []
        for row in some:
            if isinstance(row, InvalidRow):
                self.invalid.append(row)
                is_small = False
            else:
                self.written.add(row)
                is_small = row.record is None and row.line is None
            if isinstance(row, Change) and is_small:
                cells.append(row.cells)
                for_new.append(row.for_new)
                parts: _Parts = (row.kind, row.record_id, row.missing, row.key)
                self._parts.append(_NEW if parts == _NEW else parts)
            else:
                self._whole[row.index] = row
                cells.append({})
                for_new.append({})
                self._parts.append(_KEPT_WHOLE)
        self._cells.add(cells)
        self._for_new.add(for_new)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Change[M] | InvalidRow]:
        for index, (row, parts) in enumerate(zip(self._rows, self._parts, strict=True)):
            yield self._whole.get(index) or self._change(index, row, *parts)

    def _change(
        self,
        index: int,
        row: object,
        kind: Kind,
        record_id: str | None,
        missing: tuple[str, ...],
        key: tuple[Any, ...],
    ) -> Change[M]:
        return Change(
            kind,
            index,
            self._cells.row(index),
            record_id,
            source=row,
            for_new=self._for_new.row(index),
            missing=missing,
            key=key,
        )
