"""Writing records: the one way by which they are created, changed and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from airhaul.server import refusal
from airhaul.server.cells import Writing, check_cell
from airhaul.server.changes import Change, FieldChanged, RecordChanged, RecordCreated, RecordDeleted
from airhaul.server.context import Context
from airhaul.server.schema import Table
from airhaul.server.store import StoredRecord


class Writer:
    """Writes records of one table, for one request.

    Args:
        context: The request, and the transaction it is done in.
        table: The table.
        typecast: Whether text may be converted, and choices added.
    """

    def __init__(self, context: Context, table: Table, *, typecast: bool = False) -> None:
        self._context = context
        self._table = table
        self._writing = Writing(typecast)

    @property
    def _changes(self) -> list[Change]:
        return self._context.changes

    def check(self, row: Any) -> dict[str, Any]:
        """Turn a row that was sent into cells by field id; None where a cell is cleared.

        Args:
            row: ``{"fields": {...}}``, by names or ids of fields.

        Raises:
            Refusal: A field is not there, or does not hold its value.
        """
        fields = row.get("fields") if isinstance(row, dict) else None
        if not isinstance(fields, dict):
            raise refusal.missing_fields()
        cells: dict[str, Any] = {}
        for name, value in fields.items():
            field = self._table.find(name)
            cells[field.id] = check_cell(field, value, self._writing)
        self._keep_choices()
        return cells

    def create(self, rows: Sequence[dict[str, Any]]) -> list[StoredRecord]:
        """Create records.

        Args:
            rows: For each the cells that ``check`` made of it.
        """
        full = [{key: cell for key, cell in row.items() if cell is not None} for row in rows]
        context = self._context
        records = context.session.records.add(self._table.id, full, context.now, context.person_id)
        self._changes.extend(RecordCreated(self._table.id, record) for record in records)
        return records

    def change(self, record: StoredRecord, cells: dict[str, Any], *, replace: bool = False) -> None:
        """Write cells of a record.

        Args:
            record: The record, which holds them afterwards.
            cells: The cells that ``check`` made; None clears one.
            replace: Whether all other cells are cleared.
        """
        wanted = {**dict.fromkeys(record.cells), **cells} if replace else cells
        before = {key: record.cells.get(key) for key in wanted}
        written = {key: cell for key, cell in wanted.items() if cell != before[key]}
        at = self._context.moment
        for field_id, cell in written.items():
            record.touched[field_id] = (at, self._context.person_id)
            if cell is None:
                del record.cells[field_id]
            else:
                record.cells[field_id] = cell
        if not written:
            return
        self._context.session.records.change(record)
        self._changes.append(
            RecordChanged(self._table.id, record, {key: before[key] for key in written}, written)
        )

    def delete(self, records: Iterable[StoredRecord]) -> None:
        """Delete records."""
        gone = list(records)
        self._context.session.records.delete(record.id for record in gone)
        self._changes.extend(RecordDeleted(self._table.id, record) for record in gone)

    def _keep_choices(self) -> None:
        schema = self._context.session.schema
        for field in self._writing.grown.values():
            schema.change_field(self._table, field)
            self._changes.append(FieldChanged(self._table.id, self._table.by_id[field.id], field))
        if self._writing.grown:
            self._table = schema.tables(self._table.base_id)[self._table.id]
            self._writing.grown.clear()
