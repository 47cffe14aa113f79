"""The changes that a request makes, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table


@dataclass(frozen=True, slots=True)
class RecordCreated:
    """A record was created."""

    table_id: str
    record: StoredRecord


@dataclass(frozen=True, slots=True)
class RecordChanged:
    """Cells of a record were written; their values before and after (None if empty)."""

    table_id: str
    record: StoredRecord
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordDeleted:
    """A record was deleted; ``record`` is its last state."""

    table_id: str
    record: StoredRecord


@dataclass(frozen=True, slots=True)
class TableCreated:
    """A table was created."""

    table: Table


@dataclass(frozen=True, slots=True)
class TableChanged:
    """The name or description of a table was changed."""

    before: Table
    after: Table


@dataclass(frozen=True, slots=True)
class FieldCreated:
    """A field was added to a table."""

    table_id: str
    field: Field


@dataclass(frozen=True, slots=True)
class FieldChanged:
    """The name, description or options of a field were changed."""

    table_id: str
    before: Field
    after: Field


Change = (
    RecordCreated
    | RecordChanged
    | RecordDeleted
    | TableCreated
    | TableChanged
    | FieldCreated
    | FieldChanged
)
