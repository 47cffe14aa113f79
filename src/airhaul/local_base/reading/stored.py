"""Fields whose cells are stored: how the API shows each one, and its value inside a formula.

Source: https://airtable.com/developers/web/api/field-model. How formulas see collaborators,
attachments and barcodes is not published; decided: names, ``filename (url)`` and the text. Nothing
generates text for ``aiText``: without a cell of its own it is shown as empty.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from airhaul.formula.values import Value
from airhaul.local_base.reading.field_reader import FieldReader, ReadContext, person_reader
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table

_NO_AI_TEXT: Final = {"state": "empty", "isStale": False, "value": None}


def unchanged(cell: Any) -> Value:
    """Return a cell whose value inside a formula is the cell itself."""
    return cell


def _ticked(cell: Any) -> Value:
    return cell is True


def _moment(cell: Any) -> Value:
    if cell is None:
        return None
    moment = datetime.fromisoformat(cell)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# Tables have many records and few days. A day is its midnight in UTC.
_day: Final = functools.lru_cache(maxsize=4_096)(_moment)

VALUE_OF: Final[dict[str, Callable[[Any], Value]]] = {
    "singleLineText": unchanged,
    "multilineText": unchanged,
    "email": unchanged,
    "url": unchanged,
    "phoneNumber": unchanged,
    "number": unchanged,
    "percent": unchanged,
    "currency": unchanged,
    "duration": unchanged,
    "rating": unchanged,
    "checkbox": _ticked,
    "date": _day,
    "dateTime": _moment,
    "singleSelect": unchanged,
    "multipleSelects": unchanged,
}
"""The types whose cell alone decides the value inside a formula, and the conversion of each."""


def as_stored(_context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Read a cell as it is stored; a formula sees what ``VALUE_OF`` makes of it."""
    field_id, convert = field.id, VALUE_OF.get(field.type, unchanged)

    def cell(record: StoredRecord) -> Any:
        return record.cells.get(field_id)

    if convert is unchanged:
        return FieldReader(cell, cell)
    return FieldReader(cell, lambda record: convert(record.cells.get(field_id)))


def rich_text(_context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Read rich text; a formula sees it without the line break at its end."""

    def value(record: StoredRecord) -> Value:
        return record.cells.get(field.id, "").removesuffix("\n") or None

    return FieldReader(lambda record: record.cells.get(field.id), value)


def barcode(_context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Read a barcode; a formula sees its text."""
    return FieldReader(
        lambda record: record.cells.get(field.id),
        lambda record: record.cells.get(field.id, {}).get("text"),
    )


def ai_text(_context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Read generated text with its state."""
    return FieldReader(
        lambda record: record.cells.get(field.id, _NO_AI_TEXT),
        lambda record: record.cells.get(field.id, _NO_AI_TEXT).get("value"),
    )


def collaborator(context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Read a person; a formula sees the name."""
    return person_reader(context, lambda record: record.cells.get(field.id))


def collaborators(context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Read people; a formula sees their names."""

    def cell(record: StoredRecord) -> Any:
        return [context.person(one) for one in record.cells.get(field.id, ())] or None

    def value(record: StoredRecord) -> Value:
        return [person.get("name", "") for person in cell(record) or ()] or None

    return FieldReader(cell, value)


def attachments(context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Read files, with URLs that expire; a formula sees their names and URLs."""

    def cell(record: StoredRecord) -> Any:
        return context.files(record, field.id) or None

    def value(record: StoredRecord) -> Value:
        return [f"{file['filename']} ({file['url']})" for file in cell(record) or ()] or None

    return FieldReader(cell, value)
