"""The records of a whole table, kept small: the cells column by column, and equal texts once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final, cast

from airhaul.bulk.results.packed_ids import PackedIds
from airhaul.wire.shapes import Cells, RecordJson

_NUMBERS: Final = frozenset({int, float, bool, type(None)})
_TEXT: Final = frozenset({str})
_TEXTS: Final = frozenset({str, type(None)})
_LISTS: Final = frozenset({list, type(None)})
_OBJECTS: Final = frozenset({list, dict})

# Of a column with more different cells, equal ones are looked for only if most are equal to others.
_MOST_DIFFERENT: Final = 16_384


class StoredRecords:
    """Records in the order in which they were added, each at its place, from 0.

    A record as it is parsed takes some 1,100 bytes for nine cells: its dictionary alone takes 350.
    Here its cells are items of lists, one for each column, and texts and lists of texts that occur
    often are kept once. What a record was is never guessed from this: its cells are all here.

    Args:
        columns: The columns that are sure to be asked for; others are added as they come.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        self.ids = PackedIds()
        self._created = _Column(0)
        self._columns = {name: _Column(0) for name in columns}
        self._cells = {name: column.cells for name, column in self._columns.items()}

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, records: Sequence[RecordJson]) -> None:
        """Add records."""
        rows = [record["fields"] for record in records]
        for row in rows:
            if not row.keys() <= self._columns.keys():
                self._add_columns(row)
        for name, column in self._columns.items():
            column.extend([row.get(name) for row in rows])
        self._created.extend([record.get("createdTime") for record in records])
        self.ids.extend([record["id"] for record in records])

    def _add_columns(self, row: Cells) -> None:
        for name in row:
            if name not in self._columns:
                column = self._columns[name] = _Column(len(self))
                self._cells[name] = column.cells

    def cells(self, column: str) -> list[Any]:
        """Return the cells of a column by place, as they are kept: objects are not themselves."""
        return self._cells[column]

    def cell(self, place: int, column: str) -> Any:
        """Return a cell of a record; None if it is empty."""
        return _unpacked(self._cells[column][place])

    def differing(self, place: int, cells: Cells) -> list[str]:
        """Return the columns in which a record does not have exactly these cells."""
        stored = self._cells
        return [name for name, cell in cells.items() if stored[name][place] != cell]

    def record(self, place: int) -> RecordJson:
        """Return a record as it was added."""
        fields = {
            name: _unpacked(cells[place])
            for name, cells in self._cells.items()
            if cells[place] is not None
        }
        made = {"id": self.ids[place], "fields": fields}
        if self._created.cells[place] is not None:
            made["createdTime"] = self._created.cells[place]
        return cast("RecordJson", made)


class _Column:
    """The cells of one column; None for an empty one."""

    __slots__ = ("_shared", "cells")

    def __init__(self, empty: int) -> None:
        self.cells: list[Any] = [None] * empty
        # What occurs often, by itself or by what it consists of.
        self._shared: dict[Any, Any] | None = {}

    def extend(self, cells: list[Any]) -> None:
        kinds = set(map(type, cells))
        if kinds <= _NUMBERS:
            self.cells += cells
            return
        if kinds <= _LISTS and set(map(type, chain.from_iterable(filter(None, cells)))) <= _TEXT:
            self.cells += [cell and self._once(tuple(cell), cell) for cell in cells]
        elif not kinds <= _TEXTS:
            self.cells += map(self._packed, cells)
        elif self._shared is None:
            self.cells += cells
        else:
            self.cells += map(self._shared.setdefault, cells, cells)
        shared = self._shared
        if shared is not None and len(shared) > max(_MOST_DIFFERENT, len(self.cells) // 2):
            self._shared = None

    def _packed(self, cell: Any) -> Any:
        kind = type(cell)
        if kind is list:
            kinds = set(map(type, cell))
            if kinds == _TEXT:
                return self._once(tuple(cell), cell)
            if not kinds & _OBJECTS:
                return cell
        elif kind is str:
            return self._once(cell, cell)
        elif kind is not dict:
            return cell
        # Attachments, users and barcodes: four times as large as objects.
        packed = json.dumps(cell, separators=(",", ":")).encode()
        return self._once(packed, packed)

    def _once(self, key: Any, cell: Any) -> Any:
        return cell if self._shared is None else self._shared.setdefault(key, cell)


def _unpacked(cell: Any) -> Any:
    if type(cell) is bytes:  # never in JSON
        return json.loads(cell)
    return list(cell) if type(cell) is list else cell  # others may have the same list
