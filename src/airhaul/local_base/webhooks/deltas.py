"""What a request has changed in the end, table by table.

A record that was created and then changed was created; one that was changed back was not changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from airhaul.local_base.store import Session, StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.changes import (
    Change,
    FieldChanged,
    FieldCreated,
    RecordChanged,
    RecordCreated,
    RecordDeleted,
    TableChanged,
    TableCreated,
)


@dataclass(slots=True)
class Delta:
    """What has changed in one table.

    Args:
        created: Records that are new, by id, as they are now.
        changed: Records that were changed, by id, as they are now.
        before: For those, the cells that have changed, as they were; None where it was empty.
        deleted: Records that are gone, by id, as they were.
        new_fields: Fields that are new.
        changed_fields: Fields that were changed, by id: as they were first, and are now.
        renamed: The table as it was, if its name or description was changed, and as it is.
        new: The table, if it is new.
    """

    created: dict[str, StoredRecord] = field(default_factory=dict[str, StoredRecord])
    changed: dict[str, StoredRecord] = field(default_factory=dict[str, StoredRecord])
    before: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    deleted: dict[str, StoredRecord] = field(default_factory=dict[str, StoredRecord])
    new_fields: list[Field] = field(default_factory=list[Field])
    changed_fields: dict[str, tuple[Field, Field]] = field(
        default_factory=dict[str, tuple[Field, Field]]
    )
    renamed: tuple[Table, Table] | None = None
    new: Table | None = None

    def take(self, change: Change) -> None:
        """Add a change to those before it."""
        match change:
            case RecordCreated(_, record):
                self.created[record.id] = record
            case RecordChanged(_, record, before, _) if record.id not in self.created:
                self.changed[record.id] = record
                # What was there before the first of several changes counts.
                self.before[record.id] = before | self.before.get(record.id, {})
            case RecordDeleted(_, record):
                before = self.before.pop(record.id, {})
                self.changed.pop(record.id, None)
                if self.created.pop(record.id, None) is None:
                    self.deleted[record.id] = record_before(record, before)
            case FieldCreated(_, new):
                self.new_fields.append(new)
            case FieldChanged(_, before, after):
                first, _ = self.changed_fields.get(after.id, (before, after))
                self.changed_fields[after.id] = (first, after)
            case TableChanged(before, after):
                self.renamed = (before if self.renamed is None else self.renamed[0], after)
            case TableCreated(table):
                self.new = table
            case _:
                pass  # a change of a record that is new

    def settle(self, session: Session) -> None:
        """Read records as they are at the end, and leave out what is as it was."""
        ids = [*self.created, *self.changed]
        now = {record.id: record for record in session.records.some(ids)}
        self.created = {id_: now[id_] for id_ in self.created}
        for record_id in list(self.changed):
            cells = now[record_id].cells
            before = {
                field_id: cell
                for field_id, cell in self.before[record_id].items()
                if cells.get(field_id) != cell
            }
            if before:
                self.changed[record_id], self.before[record_id] = now[record_id], before
            else:
                del self.changed[record_id]


def table_of(change: Change) -> str:
    """The id of the table that has changed, or that something in it has."""
    match change:
        case TableCreated(table) | TableChanged(_, table):
            return table.id
        case _:
            return change.table_id


def record_before(record: StoredRecord, before: dict[str, Any]) -> StoredRecord:
    """A record as it was, by what its changed cells held; None where one was empty."""
    cells = record.cells | before
    return replace(record, cells={id_: cell for id_, cell in cells.items() if cell is not None})


def deltas_of(changes: Iterable[Change], session: Session) -> dict[str, Delta]:
    """What changes come to, by the ids of tables.

    Args:
        changes: The changes, in the order they were made.
        session: The transaction in which they were made.
    """
    found: dict[str, Delta] = {}
    for change in changes:
        found.setdefault(table_of(change), Delta()).take(change)
    for delta in found.values():
        delta.settle(session)
    return found
