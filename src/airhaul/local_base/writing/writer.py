"""Writing records: all creations, changes and deletions go through ``Writer``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from airhaul.fields import card_of
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Table
from airhaul.local_base.transaction.changes import (
    Change,
    FieldChanged,
    RecordCreated,
    RecordDeleted,
)
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.writing.cell_writes import write_cells
from airhaul.local_base.writing.cells import WriteContext, check_cell
from airhaul.local_base.writing.cells.text import CLEARED_RICH_TEXT
from airhaul.local_base.writing.linking import link_back, unlink


class Writer:
    """Writes records of one table, for one request.

    Args:
        context: The request and its transaction.
        table: The table.
        typecast: Whether to convert text, and to add missing choices and linked records.
    """

    def __init__(self, context: Context, table: Table, *, typecast: bool = False) -> None:
        self._context = context
        self._table = table
        self._write = WriteContext(context, table, typecast, self._create_elsewhere)

    @property
    def _changes(self) -> list[Change]:
        return self._context.changes

    def check(self, row: Any, *, creates: bool = False) -> dict[str, Any]:
        """Convert a row of a request to cells by field id; None clears a cell.

        Args:
            row: ``{"fields": {...}}``, by names or ids of fields.
            creates: Whether the row creates a record, which has no attachments to keep.

        Raises:
            Refusal: A field does not exist, or a value does not fit its field.
        """
        fields = row.get("fields") if isinstance(row, dict) else None
        if not isinstance(fields, dict):
            raise refusal.missing_fields()
        cells: dict[str, Any] = {}
        write = replace(self._write, creates=True) if creates else self._write
        for name, value in fields.items():
            field = self._table.find(name)
            cells[field.id] = check_cell(field, value, write)
        self._keep_choices()
        return cells

    def create(self, rows: Sequence[dict[str, Any]]) -> list[StoredRecord]:
        """Create records.

        Args:
            rows: The cells of each record, as ``check`` returns them.
        """
        full = [{key: cell for key, cell in row.items() if cell is not None} for row in rows]
        context = self._context
        records = context.session.records.add(self._table.id, full, context.now, context.person_id)
        context.cells.forget()
        self._changes.extend(RecordCreated(self._table.id, record) for record in records)
        for record in records:
            link_back(context, self._table, record, {}, record.cells)
        return records

    def change(self, record: StoredRecord, cells: dict[str, Any], *, replace: bool = False) -> None:
        """Write cells of a record.

        Args:
            record: The record, which is updated.
            cells: The cells, as ``check`` returns them; None clears one.
            replace: Whether to clear all other writable cells.
        """
        fields = self._table.by_id
        wanted = dict(cells)
        if replace:
            writable = {
                field.id for field in fields.values() if not card_of(field.type).is_computed
            }
            wanted = {**dict.fromkeys(key for key in record.cells if key in writable), **cells}
        for field_id, cell in wanted.items():
            if cell is None and field_id in record.cells and fields[field_id].type == "richText":
                wanted[field_id] = CLEARED_RICH_TEXT
        change = write_cells(self._context, record, wanted)
        if change is not None:
            link_back(self._context, self._table, record, change.before, change.after)

    def delete(self, records: Iterable[StoredRecord]) -> None:
        """Delete records, and all links to them."""
        gone = list(records)
        unlink(self._context, self._table, gone)
        self._context.session.records.delete(record.id for record in gone)
        self._context.cells.forget()
        self._changes.extend(RecordDeleted(self._table.id, record) for record in gone)

    def _create_elsewhere(self, table: Table, fields: dict[str, Any]) -> StoredRecord:
        writer = Writer(self._context, table, typecast=True)
        (record,) = writer.create([writer.check({"fields": fields})])
        return record

    def _keep_choices(self) -> None:
        schema = self._context.session.schema
        for field in self._write.grown.values():
            schema.change_field(self._table, field)
            self._changes.append(FieldChanged(self._table.id, self._table.by_id[field.id], field))
        if self._write.grown:
            self._table = schema.tables(self._table.base_id)[self._table.id]
            self._write.grown.clear()
