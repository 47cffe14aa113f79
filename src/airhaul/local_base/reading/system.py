"""Fields that tell how a record came about: numbers, times and people.

Not published, and decided: a record that was not written to since it was created was modified then,
by whoever created it; of fields that are watched, and of which none has a cell, it was never.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airhaul.formula.cell import to_cell
from airhaul.formula.values import Value
from airhaul.local_base.reading.reader import Reader
from airhaul.local_base.reading.references import result_of
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.wire.shapes import WRITABLE_TYPES

if TYPE_CHECKING:
    from airhaul.local_base.reading.reading import Reading

Touch = tuple[str, str | None]
"""When something was done, ISO 8601 in UTC, and the id of who did it, if that is known."""


def auto_number(_reading: Reading, _table: Table, _field: Field) -> Reader:
    """Read a record's number."""
    return Reader(lambda record: record.number, lambda record: record.number)


def created_time(_reading: Reading, _table: Table, field: Field) -> Reader:
    """Read when a record was created."""
    return _of_time(field, lambda record: record.created)


def created_by(reading: Reading, _table: Table, _field: Field) -> Reader:
    """Read who created a record."""
    return reading.of_person(lambda record: record.created_by)


def last_modified_time(_reading: Reading, table: Table, field: Field) -> Reader:
    """Read when a record was last written to, or some of its cells."""
    last = last_touch(table, (field.options or {}).get("referencedFieldIds"))
    return _of_time(field, lambda record: (last(record) or (None, None))[0])


def last_modified_by(reading: Reading, table: Table, field: Field) -> Reader:
    """Read who wrote to a record last, or to some of its cells."""
    last = last_touch(table, (field.options or {}).get("referencedFieldIds"))
    return reading.of_person(lambda record: (last(record) or (None, None))[1])


def last_touch(table: Table, field_ids: Any) -> Callable[[StoredRecord], Touch | None]:
    """Make a function that tells when cells of a record were last written, and by whom.

    Args:
        table: The table.
        field_ids: The fields that are watched; all that can be written if there are none.
    """
    writable = {field.id for field in table.fields if field.type in WRITABLE_TYPES}
    watched = writable & set(field_ids) if field_ids else writable

    def last(record: StoredRecord) -> Touch | None:
        touches = [touch for key, touch in record.touched.items() if key in watched]
        if touches:
            return max(touches, key=lambda touch: touch[0])
        if field_ids and not any(key in watched for key in record.cells):
            return None
        return (record.created, record.created_by)

    return last


def _of_time(field: Field, text_of: Callable[[StoredRecord], str | None]) -> Reader:
    result = result_of(field)

    def value(record: StoredRecord) -> Value:
        text = text_of(record)
        return None if text is None else datetime.fromisoformat(text)

    return Reader(lambda record: to_cell(value(record), result), value)
