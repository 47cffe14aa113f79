"""The records of a whole table, kept small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from airhaul.bulk.compact.cell_columns import CellColumn, CellColumns
from airhaul.bulk.compact.packed_ids import PackedIds
from airhaul.wire.shapes import RecordJson


class StoredRecords:
    """Records in the order in which they were added, each at its place, from 0.

    Args:
        columns: The columns that are sure to be asked for.

    Attributes:
        ids: Their IDs.
        cells: Their cells.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        self.ids = PackedIds()
        self.cells = CellColumns(columns)
        self._created = CellColumn()

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.ids)

    def add(self, records: Sequence[RecordJson]) -> None:
        """Add records."""
        self.ids.extend([record["id"] for record in records])
        self.cells.add([record["fields"] for record in records])
        self._created.extend([record.get("createdTime") for record in records])

    def record(self, place: int) -> RecordJson:
        """Return a record as it was added."""
        made: dict[str, Any] = {"id": self.ids[place], "fields": self.cells.row(place)}
        created = self._created.cells[place]
        if created is not None:
            made["createdTime"] = created
        return cast("RecordJson", made)
