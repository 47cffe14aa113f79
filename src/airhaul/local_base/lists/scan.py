"""Going through a table: what filters and sorting read of its records, and no more.

If all the fields that are asked for are stored, only their cells are read; a computed field needs
the whole record.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final

from airhaul.formula.values import Value
from airhaul.local_base.lists.by_id import Ids
from airhaul.local_base.store import Scanned
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context


def _moment(cell: Any) -> Value:
    if cell is None:
        return None
    moment = datetime.fromisoformat(cell)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# Tables have many records and few days.
_day: Final = functools.lru_cache(maxsize=4_096)(_moment)


def _as_it_is(cell: Any) -> Value:
    return cell


_STORED: Final[dict[str, Callable[[Any], Value]]] = {
    "singleLineText": _as_it_is,
    "multilineText": _as_it_is,
    "email": _as_it_is,
    "url": _as_it_is,
    "phoneNumber": _as_it_is,
    "number": _as_it_is,
    "percent": _as_it_is,
    "currency": _as_it_is,
    "duration": _as_it_is,
    "rating": _as_it_is,
    "checkbox": lambda cell: cell is True,
    "date": _day,
    "dateTime": _moment,
    "singleSelect": _as_it_is,
    "multipleSelects": _as_it_is,
}
"""The types whose cells are read as they are stored, and what they yield inside a formula."""


class Scan:
    """The records of a table, one after the other.

    Args:
        context: The request.
        table: The table.
        fields: The fields that will be asked for.
        whole: Whether more than cells will be asked for.
        ids: The records to go through; None for all of the table.
    """

    def __init__(
        self,
        context: Context,
        table: Table,
        fields: Iterable[Field],
        *,
        whole: bool = False,
        ids: Ids | None = None,
    ) -> None:
        self.reading = context.reading
        self.table = table
        self._scans = context.session.scans
        self._ids = ids
        named = {field.id: field for field in fields}
        self.is_whole = whole or any(field.type not in _STORED for field in named.values())
        self._columns = {field_id: column for column, field_id in enumerate(named)}

    def __iter__(self) -> Iterator[Scanned]:
        """The records, in the order they were made."""
        if self.is_whole:
            for block in self._scans.whole(self.table.id, self._ids):
                ahead = self.reading.ahead(scanned[3] for scanned in block)
                yield from (scanned for scanned, _ in zip(block, ahead, strict=True))
        else:
            for block in self._scans.cells(self.table.id, list(self._columns), self._ids):
                yield from block

    def cell(self, field: Field) -> Callable[[Scanned], Any]:
        """What reads the JSON of a cell; None if it is empty."""
        if self.is_whole:
            cell = self.reading.reader(self.table.id, field).cell
            return lambda scanned: cell(scanned[3])
        column = self._columns[field.id]
        return lambda scanned: scanned[3][column]

    def value(self, field: Field) -> Callable[[Scanned], Value]:
        """What reads a field as a formula sees it; None if it is empty."""
        if self.is_whole:
            value = self.reading.reader(self.table.id, field).value
            return lambda scanned: value(scanned[3])
        column, convert = self._columns[field.id], _STORED[field.type]
        return lambda scanned: convert(scanned[3][column])

    def in_view(self, field: Field) -> Callable[[Any], Value]:
        """What reads a stored field as a formula sees it, from something that has ``scanned``."""
        column, convert = self._columns[field.id], _STORED[field.type]
        if convert is _as_it_is:
            return lambda view: view.scanned[3][column]
        return lambda view: convert(view.scanned[3][column])


place_of: Final[Callable[[Scanned], int]] = itemgetter(0)
