"""Fields whose cells are stored: how each is shown, and what it yields inside a formula.

Source: https://airtable.com/developers/web/api/field-model. What formulas make of collaborators,
attachments and barcodes is not published; decided: names, ``filename (url)`` and the text. Nothing
generates text for ``aiText``: without a cell of its own it is shown as empty.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from airhaul.formula.values import Value
from airhaul.local_base.reading.reader import Reader
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table

if TYPE_CHECKING:
    from airhaul.local_base.reading.reading import Reading

_NO_AI_TEXT: Final = {"state": "empty", "isStale": False, "value": None}


def plain(_reading: Reading, _table: Table, field: Field) -> Reader:
    """Read a cell as it is stored."""
    field_id = field.id

    def cell(record: StoredRecord) -> Any:
        return record.cells.get(field_id)

    return Reader(cell, cell)


def checkbox(_reading: Reading, _table: Table, field: Field) -> Reader:
    """Read a check box, which is false when it is empty."""
    field_id = field.id
    return Reader(
        lambda record: record.cells.get(field_id), lambda record: record.cells.get(field_id, False)
    )


def moment(_reading: Reading, _table: Table, field: Field) -> Reader:
    """Read a date, or a point in time; a date is its midnight in UTC."""
    field_id = field.id

    def value(record: StoredRecord) -> Value:
        cell = record.cells.get(field_id)
        if cell is None:
            return None
        found = datetime.fromisoformat(cell)
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    return Reader(lambda record: record.cells.get(field_id), value)


def rich_text(_reading: Reading, _table: Table, field: Field) -> Reader:
    """Read a rich text; in a formula without the line break at its end."""

    def value(record: StoredRecord) -> Value:
        return record.cells.get(field.id, "").removesuffix("\n") or None

    return Reader(lambda record: record.cells.get(field.id), value)


def barcode(_reading: Reading, _table: Table, field: Field) -> Reader:
    """Read a barcode; in a formula its text."""
    return Reader(
        lambda record: record.cells.get(field.id),
        lambda record: record.cells.get(field.id, {}).get("text"),
    )


def ai_text(_reading: Reading, _table: Table, field: Field) -> Reader:
    """Read generated text, with its state."""
    return Reader(
        lambda record: record.cells.get(field.id, _NO_AI_TEXT),
        lambda record: record.cells.get(field.id, _NO_AI_TEXT).get("value"),
    )


def collaborator(reading: Reading, _table: Table, field: Field) -> Reader:
    """Read a person; in a formula the name."""
    return reading.of_person(lambda record: record.cells.get(field.id))


def collaborators(reading: Reading, _table: Table, field: Field) -> Reader:
    """Read people; in a formula their names."""

    def cell(record: StoredRecord) -> Any:
        return [reading.person(one) for one in record.cells.get(field.id, ())] or None

    def value(record: StoredRecord) -> Value:
        return [person.get("name", "") for person in cell(record) or ()] or None

    return Reader(cell, value)


def attachments(reading: Reading, _table: Table, field: Field) -> Reader:
    """Read files, with URLs that expire; in a formula their names and URLs."""

    def cell(record: StoredRecord) -> Any:
        return reading.files(record, field.id) or None

    def value(record: StoredRecord) -> Value:
        return [f"{file['filename']} ({file['url']})" for file in cell(record) or ()] or None

    return Reader(cell, value)
