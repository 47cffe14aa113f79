"""Rows that are unchanged at first sight: all their values are the stored cells, as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from airhaul.bulk.plans.stored_table import StoredTable
from airhaul.bulk.rows.diff import is_empty
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.values.plain_values import plain_columns
from airhaul.bulk.values.row_keys import RowKeys
from airhaul.model.base import RecordBase
from airhaul.model.columns import Columns

_NUMBERS: Final = (int, float)

_Plain = tuple[list[Any], frozenset[type], Mapping[type, Callable[[Any], Any]]]


class PlainRows:
    """Finds the record of a row that is unchanged, without validating the row.

    It does so only where validation could neither refuse nor change a value; for all other rows it
    finds nothing, and they are validated and compared as usual.

    Args:
        model: The model.
        columns: Its columns by the names that rows may use.
        key: The key.
        table: The table.
    """

    def __init__(
        self, model: type[RecordBase], columns: Columns, key: Key, table: StoredTable
    ) -> None:
        plain = plain_columns(model, columns)
        self._table = table
        self._keys = RowKeys(model, columns)
        self._columns: dict[str, _Plain] = {
            name: (table.records.cells.kept(one.column.column), one.same, one.encoders)
            for name, one in plain.items()
        }
        self._key_names = [
            [name for name, one in plain.items() if one.column.name == column.name]
            for column in key.columns
        ]
        self._key_forms = [column.card.canonical for column in key.columns]

    def find(self, row: dict[str, Any]) -> int | None:
        """Return the place of the record that a row leaves unchanged.

        Args:
            row: The row.

        Returns:
            The place; None if the row has to be looked at, or another row has its key.
        """
        if not all(self._key_names):
            return None
        try:
            place = self._table.find(self._key_of(row))
            is_same = place is not None and self._is_same(row, place)
        except (KeyError, TypeError, ValueError):
            return None  # a value of another type, or one that is not valid
        return place if is_same else None

    def _key_of(self, row: dict[str, Any]) -> tuple[Any, ...]:
        parts: list[Any] = []
        for names, form in zip(self._key_names, self._key_forms, strict=True):
            for name in names:
                if name in row:
                    _, same, encoders = self._columns[name]
                    value = row[name]
                    kind = type(value)
                    cell = value if kind in same else encoders[kind](value)
                    parts.append(None if is_empty(cell) else form(cell))
                    break
        return tuple(parts)

    def _is_same(self, row: dict[str, Any], place: int) -> bool:
        columns = self._columns
        for name, value in row.items():
            if name not in columns:
                if self._keys.is_ignored(name, row):
                    continue
                return False
            cells, same, encoders = columns[name]
            kind = type(value)
            if kind in same:
                stored = cells[place]
                # An empty text, list or checkbox is an empty cell; 0 is not.
                if value != stored and (value or stored is not None or kind in _NUMBERS):
                    return False
            elif encoders[kind](value) != cells[place]:
                return False
        return True
