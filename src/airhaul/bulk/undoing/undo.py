"""Planning an undo: the inverse of each change, unless somebody has changed the record since.

created    is deleted, unless its cells have changed since
updated    gets its previous cells, except those that have changed since
deleted    is recreated with its previous cells, under a new id

A record that was deleted and recreated by another undo is known by its new id: what one undo has
recreated no other recreates.

Links between recreated records name ids that no longer exist: they are left out at first, and set
when the new ids are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from airhaul.bulk.journal.effects import WrittenRecord
from airhaul.bulk.journal.recreated import Recreated
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.diff import is_empty, same_cell, same_stored
from airhaul.bulk.rows.inverse import Effect, inverse, relink
from airhaul.bulk.rows.target import Target
from airhaul.errors import RowError
from airhaul.wire.shapes import Cells, RecordJson


@dataclass
class UndoPlanner:
    """A planner of the changes that undo a run.

    Args:
        target: The table, with the types of all its columns.
        typecast: Whether the run let Airtable convert text.
        force: Whether to overwrite what was changed since.
        recreated: What undos have recreated before.
        changes: The inverse changes, the latest first.
        conflicts: The records that are not changed, and why.
    """

    target: Target
    typecast: bool = False
    force: bool = False
    recreated: Recreated = field(default_factory=Recreated)
    changes: list[Change[Any]] = field(default_factory=list[Change[Any]])
    conflicts: list[InvalidRow] = field(default_factory=list[InvalidRow])
    _next: int = 0

    def add(self, written: Sequence[WrittenRecord], current: Mapping[str, RecordJson]) -> None:
        """Add records that a run has written.

        Args:
            written: The records, the latest first.
            current: The records as they are now, by id, and those that were recreated in their
                place; deleted ones are missing.
        """
        living = {row.record_id: self.recreated.living(row.record_id, current) for row in written}
        gone = {row.record_id for row in written if row.state == "deleted"}
        gone = {id_ for id_ in gone if living[id_] is None}
        new_ids = {id_: record["id"] for id_, record in living.items() if record is not None}
        for row in written:
            record = living[row.record_id]
            now = row if record is None else replace(row, record_id=record["id"])
            match row.state:
                case "created":
                    self._delete(now, record)
                case "updated":
                    self._restore(now, record, gone, new_ids)
                case _ if record is not None:
                    self._keep(now, record)
                case _:
                    self._recreate(now, gone, new_ids)

    def _keep(self, row: WrittenRecord, record: RecordJson | None) -> None:
        """Leave a record that is already as it was before the run."""
        keep = Change[Any]("keep", self._take(), record_id=row.record_id, before={}, found=record)
        self.changes.append(keep)

    def _delete(self, row: WrittenRecord, record: RecordJson | None) -> None:
        if record is None:
            self._keep(row, None)
            return
        changed = [column for column in self._columns(record) if self._differs(row, column, record)]
        if changed and not self.force:
            self._refuse(
                row,
                f"{self._named(changed)} changed since it was created, so it is not deleted",
                changed,
            )
            return
        change = self._inverse("created", row, {}, ())
        change.before, change.found = record["fields"], record
        self.changes.append(change)

    def _restore(
        self,
        row: WrittenRecord,
        record: RecordJson | None,
        gone: set[str],
        new_ids: Mapping[str, str],
    ) -> None:
        if record is None:
            self._refuse(row, "it was deleted since, so its previous cells cannot be restored")
            return
        if row.before is None:
            self._refuse(row, "its previous cells are not known")
            return
        stored = record["fields"]
        columns: list[str] = []
        changed: list[str] = []
        missing = self._missing(row.cells)
        for column in row.cells:
            if not self.target.can_write(column):
                continue
            before = row.before.get(column)
            if same_stored(before, stored.get(column)) or self._same(column, before, stored):
                continue
            if self._differs(row, column, record) and not self.force:
                changed.append(column)
                continue
            columns.append(column)
        if changed:
            self._refuse(
                row,
                f"{self._named(changed)} changed since, so the previous cells are not restored",
                changed,
            )
        if missing:
            self._refuse(row, f"{self._no_more(missing)}, so it is not restored", missing)
        if columns or not (changed or missing):
            change = self._inverse("updated", row, row.before, columns)
            relink(change, new_ids, gone)
            change.kind = "update" if change.cells else "keep"
            change.before, change.found = stored, record
            self.changes.append(change)

    def _recreate(self, row: WrittenRecord, gone: set[str], new_ids: Mapping[str, str]) -> None:
        if row.before is None:
            self._refuse(row, "its cells are not known, so it cannot be recreated")
            return
        undo = self.recreated.may_be_there(row.record_id)
        if undo is not None and not self.force:
            self._refuse(row, f"whether run {undo} has recreated it is not known; check the table")
            return
        missing = self._missing(row.before)
        if missing:
            self._refuse(row, f"{self._no_more(missing)}, so its cells would be lost", missing)
            return
        change = self._inverse("deleted", row, row.before, ())
        relink(change, new_ids, gone)
        self.changes.append(change)

    def _inverse(
        self, effect: Effect, row: WrittenRecord, before: Cells, columns: Iterable[str]
    ) -> Change[Any]:
        return inverse(
            effect, row.record_id, before, columns, index=self._take(), target=self.target
        )

    def _missing(self, cells: Cells) -> list[str]:
        """Return the columns that the table no longer has; none if they are to be ignored."""
        return [] if self.force else [name for name in cells if name not in self._types]

    def _columns(self, record: RecordJson) -> Iterable[str]:
        return (column for column in record["fields"] if self.target.can_write(column))

    def _differs(self, row: WrittenRecord, column: str, record: RecordJson) -> bool:
        """Return whether a cell differs from what the run has written."""
        sent = row.cells.get(column)
        stored = record["fields"].get(column)
        if is_empty(sent) and is_empty(stored):
            return False
        return not self._same(column, sent, record["fields"])

    def _same(self, column: str, cell: Any, stored: Cells) -> bool:
        return same_cell(
            self.target.type_of(column), cell, stored.get(column), loosely=self.typecast
        )

    @property
    def _types(self) -> Mapping[str, str]:
        assert self.target.types is not None, "an undo reads them"
        return self.target.types

    def _take(self) -> int:
        self._next += 1
        return self._next - 1

    def _refuse(self, row: WrittenRecord, why: str, columns: Sequence[str] = ()) -> None:
        index = self._take()
        field_name = self.target.title_of(columns[0]) if columns else None
        error = RowError(f"{row.record_id}: {why}", index=index, field=field_name)
        self.conflicts.append(InvalidRow(index, error, {"id": row.record_id}))

    def _titles(self, columns: Iterable[str]) -> str:
        return ", ".join(repr(self.target.title_of(column)) for column in columns)

    def _named(self, columns: Sequence[str]) -> str:
        return f"{self._titles(columns)} {'was' if len(columns) == 1 else 'were'}"

    def _no_more(self, columns: Sequence[str]) -> str:
        why = "deleted" if self.target.by_field_id else "renamed or deleted"
        return f"the table no longer has {self._titles(columns)} ({why})"
