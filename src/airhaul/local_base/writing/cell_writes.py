"""Cells of a record that is there already: written, stored and noted."""

from __future__ import annotations

from typing import Any

from airhaul.local_base.store import StoredRecord
from airhaul.local_base.transaction.changes import RecordChanged
from airhaul.local_base.transaction.context import Context


def write_cells(
    context: Context, record: StoredRecord, cells: dict[str, Any]
) -> RecordChanged | None:
    """Write cells; those that are the same already are left alone.

    Args:
        context: The request, which notes the change.
        record: The record, which holds the cells afterwards.
        cells: Cells by field id; None clears one.

    Returns:
        The change, or None if there was nothing to change.
    """
    before = {key: record.cells.get(key) for key in cells}
    written = {key: cell for key, cell in cells.items() if cell != before[key]}
    if not written:
        return None
    for field_id, cell in written.items():
        record.touched[field_id] = (context.moment, context.person_id)
        if cell is None:
            del record.cells[field_id]
        else:
            record.cells[field_id] = cell
    context.session.records.change(record)
    context.cells.forget()
    change = RecordChanged(record.table_id, record, {key: before[key] for key in written}, written)
    context.changes.append(change)
    return change
