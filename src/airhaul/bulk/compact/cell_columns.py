"""Cells column by column, and equal texts once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

from airhaul.wire.shapes import Cells

# Takes the place of a cell that a row does not have, where None is a cell; it is never in JSON.
_ABSENT: Final = ...
_NUMBERS: Final = frozenset({int, float, bool, type(None), type(_ABSENT)})
_TEXT: Final = frozenset({str})
_TEXTS: Final = frozenset({str, type(None), type(_ABSENT)})
_LISTS: Final = frozenset({list, type(None)})
_OBJECTS: Final = frozenset({list, dict})

# Of a column with more different cells, equal ones are looked for only if most are equal to others.
_MOST_DIFFERENT: Final = 16_384


class CellColumns:
    """The cells of many rows, each row at its place, from 0.

    A dictionary of nine cells takes 350 bytes by itself. Here cells are items of lists, one for
    each column, and texts and lists of texts that occur often are kept once. Nothing is rounded or
    guessed: all cells are here.

    Args:
        columns: The columns that are sure to be asked for; others are added as they come.
        has_nulls: Whether None is a cell that a row has, and not one that it lacks.
    """

    def __init__(self, columns: Iterable[str], *, has_nulls: bool = False) -> None:
        self._absent: Any = _ABSENT if has_nulls else None
        self._count = 0
        self._columns = {name: CellColumn() for name in columns}
        self._cells = {name: column.cells for name, column in self._columns.items()}

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self._count

    def add(self, rows: Sequence[Cells]) -> None:
        """Add rows."""
        for row in rows:
            if not row.keys() <= self._columns.keys():
                self._add_columns(row)
        absent = self._absent
        for name, column in self._columns.items():
            column.extend([row.get(name, absent) for row in rows])
        self._count += len(rows)

    def _add_columns(self, row: Cells) -> None:
        for name in row:
            if name not in self._columns:
                column = self._columns[name] = CellColumn([self._absent] * self._count)
                self._cells[name] = column.cells

    def kept(self, column: str) -> list[Any]:
        """Return the cells of a column by place, as they are kept: objects are not themselves."""
        return self._cells[column]

    def cell(self, place: int, column: str) -> Any:
        """Return a cell; None if it is empty."""
        return _unpacked(self._cells[column][place])

    def differing(self, place: int, cells: Cells) -> list[str]:
        """Return the columns in which a row does not have exactly these cells."""
        kept = self._cells
        return [name for name, cell in cells.items() if kept[name][place] != cell]

    def row(self, place: int) -> Cells:
        """Return a row as it was added."""
        absent = self._absent
        row: Cells = {}
        for name, column in self._columns.items():
            cell = column.cells[place]
            if cell is not absent:
                row[name] = _unpacked(cell) if column.has_objects else cell
        return row


class CellColumn:
    """The cells of one column.

    Args:
        cells: The first of them.
    """

    __slots__ = ("_shared", "cells", "has_objects")

    def __init__(self, cells: Iterable[Any] = ()) -> None:
        self.cells: list[Any] = [*cells]
        self.has_objects = False
        # What occurs often, by itself or by what it consists of.
        self._shared: dict[Any, Any] | None = {}

    def extend(self, cells: list[Any]) -> None:
        """Add cells."""
        kinds = set(map(type, cells))
        if kinds <= _NUMBERS:
            self.cells += cells
            return
        self.has_objects = self.has_objects or not kinds.isdisjoint(_OBJECTS)
        if kinds <= _LISTS and set(map(type, chain.from_iterable(filter(None, cells)))) <= _TEXT:
            once = self._shared
            self.cells += (
                cells
                if once is None
                else [cell and once.setdefault(tuple(cell), cell) for cell in cells]
            )
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
