"""Scanning a table: reads the cells that filters and sorting need, and no more.

If all these fields are stored, only their cells are read; a computed field needs whole records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any, Final

from airhaul.formula.values import Value
from airhaul.local_base.lists.record_ids import Ids
from airhaul.local_base.reading.stored import VALUE_OF, unchanged
from airhaul.local_base.store import Scanned
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context


class Scan:
    """The records of a table in the order of their creation, with the cells that are needed.

    Args:
        context: The request.
        table: The table.
        fields: The fields that will be read.
        whole: Whether more than cells will be read.
        ids: The records to scan; None for all of the table.
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
        self.cells = context.cells
        self.table = table
        self._scans = context.session.scans
        self._ids = ids
        named = {field.id: field for field in fields}
        self.is_whole = whole or any(field.type not in VALUE_OF for field in named.values())
        self._columns = {field_id: column for column, field_id in enumerate(named)}

    def __iter__(self) -> Iterator[Scanned]:
        """Iterate over the records in the order of their creation."""
        if self.is_whole:
            for block in self._scans.whole(self.table.id, self._ids):
                records = self.cells.in_batches(scanned[3] for scanned in block)
                yield from (scanned for scanned, _ in zip(block, records, strict=True))
        else:
            for block in self._scans.cells(self.table.id, list(self._columns), self._ids):
                yield from block

    def cell(self, field: Field) -> Callable[[Scanned], Any]:
        """Return a function that reads the JSON of a cell; None if it is empty."""
        if self.is_whole:
            cell = self.cells.of_field(self.table.id, field).cell
            return lambda scanned: cell(scanned[3])
        column = self._columns[field.id]
        return lambda scanned: scanned[3][column]

    def value(self, field: Field) -> Callable[[Scanned], Value]:
        """Return a function that reads a field's value inside a formula; None if it is empty."""
        if self.is_whole:
            value = self.cells.of_field(self.table.id, field).value
            return lambda scanned: value(scanned[3])
        column, convert = self._columns[field.id], VALUE_OF[field.type]
        return lambda scanned: convert(scanned[3][column])

    def in_view(self, field: Field) -> Callable[[Any], Value]:
        """Return a function that reads a stored field's value from an object with ``scanned``."""
        column, convert = self._columns[field.id], VALUE_OF[field.type]
        if convert is unchanged:
            return lambda view: view.scanned[3][column]
        return lambda view: convert(view.scanned[3][column])


place_of: Final[Callable[[Scanned], int]] = itemgetter(0)
id_of: Final[Callable[[Scanned], str]] = itemgetter(1)
