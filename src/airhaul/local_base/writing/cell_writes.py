"""Writing cells of an existing record."""

from __future__ import annotations

from typing import Any

from airhaul.local_base.store import StoredRecord
from airhaul.local_base.transaction.changes import RecordChanged
from airhaul.local_base.transaction.context import Context


def write_cells(
    context: Context, record: StoredRecord, cells: dict[str, Any]
) -> RecordChanged | None:
    """Write the cells that differ, store the record, and record the change.

    Args:
        context: The request, to which the change is added.
        record: The record, which is updated.
        cells: Cells by field id; None clears one.

    Returns:
        The change, or None if no cell differs.
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
