"""The net changes of a request, by table.

A record that was created and then changed counts as created; one that was changed back does not
count as changed.
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
    """The net changes of one table.

    Args:
        created: New records by id, in their current state.
        changed: Changed records by id, in their current state.
        before: The previous values of the changed cells of ``changed``; None where one was empty.
        deleted: Deleted records by id, in their last state.
        new_fields: New fields.
        changed_fields: Changed fields by id: their first state and their current state.
        renamed: The previous and the current table, if its name or description was changed.
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

    def add(self, change: Change) -> None:
        """Add a change to the earlier ones."""
        match change:
            case RecordCreated(_, record):
                self.created[record.id] = record
            case RecordChanged(_, record, before, _) if record.id not in self.created:
                self.changed[record.id] = record
                # The value before the first of several changes counts.
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
                pass  # a change of a new record

    def finish(self, session: Session) -> None:
        """Read the final state of records, and drop cells and records that did not change."""
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
    """Return the id of the table of a change."""
    match change:
        case TableCreated(table) | TableChanged(_, table):
            return table.id
        case _:
            return change.table_id


def record_before(record: StoredRecord, before: dict[str, Any]) -> StoredRecord:
    """Return the previous state of a record, given its changed cells; None where one was empty."""
    cells = record.cells | before
    return replace(record, cells={id_: cell for id_, cell in cells.items() if cell is not None})


def deltas_of(changes: Iterable[Change], session: Session) -> dict[str, Delta]:
    """Compute net changes, by the ids of tables.

    Args:
        changes: The changes, in the order they were made.
        session: The transaction in which they were made.
    """
    found: dict[str, Delta] = {}
    for change in changes:
        found.setdefault(table_of(change), Delta()).add(change)
    for delta in found.values():
        delta.finish(session)
    return found
