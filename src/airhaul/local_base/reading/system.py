"""Fields about the record itself: its number, and when and by whom it was created and changed.

Not published, and decided: a record that was not written since its creation was last modified then,
by its creator; if the watched fields have no cell at all, it was never modified.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from airhaul.fields import card_of
from airhaul.formula.cell import to_cell
from airhaul.formula.values import Value
from airhaul.local_base.reading.field_reader import (
    FieldReader,
    ReadContext,
    Touch,
    person_reader,
)
from airhaul.local_base.reading.references import result_of
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table


def auto_number(_context: ReadContext, _table: Table, _field: Field) -> FieldReader:
    """Read a record's number."""
    return FieldReader(lambda record: record.number, lambda record: record.number)


def created_time(_context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Read when a record was created."""
    return _of_time(field, lambda record: record.created)


def created_by(context: ReadContext, _table: Table, _field: Field) -> FieldReader:
    """Read who created a record."""
    return person_reader(context, lambda record: record.created_by)


def last_modified_time(_context: ReadContext, table: Table, field: Field) -> FieldReader:
    """Read when a record, or one of some cells, was last written."""
    last = last_touch(table, (field.options or {}).get("referencedFieldIds"))
    return _of_time(field, lambda record: (last(record) or (None, None))[0])


def last_modified_by(context: ReadContext, table: Table, field: Field) -> FieldReader:
    """Read who last wrote a record, or one of some cells."""
    last = last_touch(table, (field.options or {}).get("referencedFieldIds"))
    return person_reader(context, lambda record: (last(record) or (None, None))[1])


def last_touch(table: Table, field_ids: Any) -> Callable[[StoredRecord], Touch | None]:
    """Make a function that finds when cells of a record were last written, and by whom.

    Args:
        table: The table.
        field_ids: The fields to watch; all writable ones if it is empty.

    Returns:
        A function of a record; it returns None if no watched cell was ever written.
    """
    writable = {field.id for field in table.fields if not card_of(field.type).is_computed}
    watched = writable & set(field_ids) if field_ids else writable

    def last(record: StoredRecord) -> Touch | None:
        touches = [touch for key, touch in record.touched.items() if key in watched]
        if touches:
            return max(touches, key=lambda touch: touch[0])
        if field_ids and not any(key in watched for key in record.cells):
            return None
        return (record.created, record.created_by)

    return last


def _of_time(field: Field, text_of: Callable[[StoredRecord], str | None]) -> FieldReader:
    result = result_of(field)

    def value(record: StoredRecord) -> Value:
        text = text_of(record)
        return None if text is None else datetime.fromisoformat(text)

    return FieldReader(lambda record: to_cell(value(record), result), value)
