"""Looking at records before they are changed: what they hold, and whether they are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

from airhaul.bulk.changes import Change
from airhaul.bulk.diff import changed_cells
from airhaul.bulk.keys import Key
from airhaul.bulk.target import Target, with_ids
from airhaul.errors import RowError
from airhaul.formula import Node
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)


class Look(Protocol):
    """What is to be known of the records that some changes are about."""

    def is_needed(self, change: Change[Any]) -> bool:
        """Whether a change has to wait for it."""
        ...

    def formula(self, changes: Sequence[Change[Any]]) -> Node:
        """The formula that holds for the records in question."""
        ...

    def fields(self, changes: Sequence[Change[Any]]) -> Iterable[str] | None:
        """The columns to read; None for all."""
        ...

    def take(
        self, changes: Sequence[Change[Any]], records: Sequence[RecordJson]
    ) -> dict[int, RowError]:
        """Put what was read into the changes.

        Returns:
            The rows that cannot be written, by index, with the reason.
        """
        ...


class LookById:
    """Keeps what records hold before they are changed or deleted, so that it can be put back."""

    def is_needed(self, change: Change[Any]) -> bool:
        """Whatever has an id is looked at."""
        return change.record_id is not None and change.before is None

    def formula(self, changes: Sequence[Change[Any]]) -> Node:
        """The records by their ids."""
        return with_ids(change.record_id for change in changes if change.record_id is not None)

    def fields(self, changes: Sequence[Change[Any]]) -> Iterable[str] | None:
        """The columns that are written; all, where a record is deleted."""
        if any(change.kind == "delete" for change in changes):
            return None
        return _columns_of(changes)

    def take(
        self, changes: Sequence[Change[Any]], records: Sequence[RecordJson]
    ) -> dict[int, RowError]:
        """Keep what the records hold; one that is not there is left for Airtable to refuse."""
        found = {record["id"]: record for record in records}
        for change in changes:
            record = found.get(change.record_id or "")
            if record is not None:
                change.before = dict(record["fields"])
        return {}


class LookByKey:
    """Finds the records that rows are by their keys, and what differs.

    Args:
        target: The table.
        key: The key.
        always: Whether every row is looked at, and not only those that need it.
    """

    def __init__(self, target: Target, key: Key, *, always: bool) -> None:
        self._target = target
        self._key = key
        self._always = always or not key.can_be_merged_on

    def is_needed(self, change: Change[Any]) -> bool:
        """Where a new record would get cells that one which is there must keep."""
        return change.kind == "upsert" and (self._always or bool(change.for_new))

    def formula(self, changes: Sequence[Change[Any]]) -> Node:
        """The records by their keys."""
        return self._key.formula_for(change.cells for change in changes)

    def fields(self, changes: Sequence[Change[Any]]) -> Iterable[str] | None:
        """All columns: a row that is unchanged is handed back as a whole record."""
        del changes
        return None

    def take(
        self, changes: Sequence[Change[Any]], records: Sequence[RecordJson]
    ) -> dict[int, RowError]:
        """Tell new records from those that are there, and keep only what differs."""
        found: defaultdict[Any, list[RecordJson]] = defaultdict(list)
        for record in records:
            found[self._key.value_in(record["fields"])].append(record)
        refused: dict[int, RowError] = {}
        for change in changes:
            there = found[change.key]
            if len(there) > 1:
                ids = ", ".join(record["id"] for record in there)
                refused[change.index] = RowError(
                    f"several records have its key, {self._key.shown(change.cells)}: {ids}"
                )
            elif there:
                self._change(change, there[0])
            else:
                self._create(change)
        return refused

    def _change(self, change: Change[Any], record: RecordJson) -> None:
        stored = record["fields"]
        change.record_id = record["id"]
        change.before = dict(stored)
        change.found = record
        change.cells = changed_cells(
            change.cells, stored, self._target.type_of, loosely=self._target.typecast
        )
        if not change.cells:
            change.kind = "keep"
        elif not self._key.can_be_merged_on:
            change.kind = "update"

    def _create(self, change: Change[Any]) -> None:
        change.cells = self._target.in_order({**change.for_new, **change.cells})
        change.before = {}
        if not self._key.can_be_merged_on:
            change.kind = "create"


def _columns_of(changes: Iterable[Change[Any]]) -> list[str] | None:
    return list(dict.fromkeys(column for change in changes for column in change.cells)) or None
