"""Rows that are unchanged at first sight: all their values are the stored cells, as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from airhaul.bulk.plans.stored_table import StoredTable
from airhaul.bulk.rows.keys import Key, comparable
from airhaul.bulk.values.frame_rows import FrameRow
from airhaul.bulk.values.plain_values import NO_CELL, plain_columns
from airhaul.bulk.values.row_keys import RowKeys
from airhaul.model.base import RecordBase
from airhaul.model.columns import Columns

_NUMBERS: Final = (int, float)

_Plain = tuple[list[Any], frozenset[type], Mapping[type, Callable[[Any], Any]]]


class PlainRows:
    """Finds the records of rows that are unchanged, without validating the rows.

    It does so only where validation could neither refuse nor change a value; for all other rows it
    finds nothing, and they are validated and compared as usual. Rows with the same names are
    compared column by column, because one by one takes twice as long.

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
        self._row_keys = RowKeys(model, columns)
        self._columns: dict[str, _Plain] = {
            name: (table.records.cells.kept(one.column.column), one.same, one.encoders)
            for name, one in plain.items()
        }
        self._key_names = [
            [name for name, one in plain.items() if one.column.name == column.name]
            for column in key.columns
        ]
        self._key_forms = [column.card.canonical for column in key.columns]

    def find(self, rows: Sequence[object]) -> list[int | None]:
        """Return the places of the records that rows leave unchanged.

        Args:
            rows: The rows.

        Returns:
            A place for each row; None if the row has to be looked at.
        """
        alike: defaultdict[tuple[str, ...], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        for number, row in enumerate(rows):
            if type(row) is dict or type(row) is FrameRow:
                alike[tuple(row)].append((number, row))
        places: list[int | None] = [None] * len(rows)
        for names, some in alike.items():
            numbers, dicts = zip(*some, strict=True)
            for number, place in zip(numbers, self._find_alike(names, dicts), strict=True):
                places[number] = place
        return places

    def _find_alike(
        self, names: Sequence[str], rows: Sequence[dict[str, Any]]
    ) -> Sequence[int | None]:
        """Return the places for rows that have the same names, in the same order."""
        values = dict(zip(names, zip(*map(dict.values, rows), strict=True), strict=True))
        cells = {
            name: _cells_of(some, *self._columns[name][1:])
            for name, some in values.items()
            if name in self._columns
        }
        places = self._places_of(cells, len(rows))
        found = [number for number, place in enumerate(places) if place is not None]
        stored_at = [place for place in places if place is not None]
        changed: set[int] = set()
        for name in names:
            if name in cells:
                there = self._columns[name][0]
                sent = cells[name]
                sent = sent if len(found) == len(sent) else tuple(map(sent.__getitem__, found))
                stored = tuple(map(there.__getitem__, stored_at))
                if sent != stored:
                    changed.update(_differing(found, sent, stored))
            else:
                is_ignored = self._row_keys.is_ignored
                changed.update(number for number in found if not is_ignored(name, rows[number]))
        for number in changed:
            places[number] = None
        return places

    def _places_of(self, cells: Mapping[str, Sequence[Any]], count: int) -> list[int | None]:
        """Return the places of the records that have the keys of rows."""
        parts: list[list[Any]] = []
        for names, form in zip(self._key_names, self._key_forms, strict=True):
            name = next(filter(cells.__contains__, names), None)
            if name is None:
                return [None] * count
            parts.append(comparable(cells[name], form))
        return self._table.find_all(parts)


def _cells_of(
    values: Sequence[Any], same: frozenset[type], encoders: Mapping[type, Callable[[Any], Any]]
) -> Sequence[Any]:
    """Return the cells of the values of a column; ``NO_CELL`` for those to be validated."""
    kinds = set(map(type, values))
    if kinds <= same:
        return values
    if len(kinds) == 1:
        encode = encoders.get(kinds.pop(), _to_validate)
        try:
            return tuple(map(encode, values))
        except (TypeError, ValueError):
            pass  # not all of them are valid
    return tuple(_cell_of(value, same, encoders) for value in values)


def _cell_of(
    value: Any, same: frozenset[type], encoders: Mapping[type, Callable[[Any], Any]]
) -> Any:
    if type(value) in same:
        return value
    encode: Callable[[Any], Any] = encoders.get(type(value), _to_validate)
    try:
        return encode(value)
    except (TypeError, ValueError):
        return NO_CELL


def _to_validate(value: object) -> Any:  # noqa: ARG001 - whatever it is
    return NO_CELL


def _differing(numbers: Sequence[int], sent: Sequence[Any], stored: Sequence[Any]) -> Iterator[int]:
    """Yield the numbers of the rows whose cells differ from the stored ones."""
    for number, cell, before in zip(numbers, sent, stored, strict=True):
        # An empty text, list or checkbox is an empty cell; 0 is not.
        if cell != before and (cell or before is not None or type(cell) in _NUMBERS):
            yield number
