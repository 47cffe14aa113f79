# Generated from client/aio/planning.py by tools/sync_face.py: change that one instead.
"""``Planning``: reads what has to be known, and makes a plan of each verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from airhaul.bulk.plans.sync import DeleteGuard, by_key, compare, missing_from
from airhaul.bulk.results.explain import counted
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.changes import Change, Refused
from airhaul.bulk.rows.diff import changed_cells
from airhaul.bulk.rows.encoders import (
    DeleteEncoder,
    Encoder,
    RowEncoder,
    SaveEncoder,
    UpdateEncoder,
    UpsertEncoder,
    upsert_encoder,
)
from airhaul.bulk.rows.keys import Key, KeyNames
from airhaul.bulk.rows.precheck import sort_out
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.prefetch import PrefetchById, PrefetchByKey
from airhaul.client.inputs import OnEvent, Rows, refuse_a_single_row
from airhaul.client.options import Writing
from airhaul.client.selection import Selection
from airhaul.client.sync.bound import Bound
from airhaul.client.sync.plan import Plan
from airhaul.client.sync.scan import Scan
from airhaul.drive import blocking as drive
from airhaul.errors import RowError
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.wire.endpoints import ListParameters

M = TypeVar("M", bound=RecordBase)


class Planning(Generic[M]):
    """Makes plans for a table.

    Args:
        table: The table.
        typecast: Whether Airtable may convert text, which is then compared as text.
        source: The file that the rows come from, if they come from one.
        keeps_all: Whether records that may be deleted are read with all their columns, so that
            they can be made again.
        max_requests: Send at most so many requests; None for any number.
        on_event: Called with each event of what is read.
    """

    def __init__(
        self,
        table: Bound[M],
        *,
        typecast: bool = False,
        source: Path | None = None,
        keeps_all: bool = False,
        max_requests: int | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self._table = table
        self._typecast = typecast
        self._path = source
        self._source = None if source is None else source.name
        self._keeps_all = keeps_all
        self._scan = Scan(table, max_requests, on_event)
        self._columns = tuple(columns_of(table.model).by_column)
        self._target = Target(table.airtable.base_id, table.name, table.model, typecast)

    def create(self, rows: Rows) -> Plan[M]:
        """Plan new records; nothing is read."""
        encoder = RowEncoder(self._table.model, self._source)
        changes, refused = sort_out(encoder, self._collect(rows))
        return self._plan("bulk_create", changes, refused)

    def _collect(self, rows: Rows) -> list[object]:
        refuse_a_single_row(rows)
        return drive.collect(rows)

    def update(self, rows: Rows, same: Mapping[str, Any]) -> Plan[M]:
        """Plan changes by id."""
        encoder = UpdateEncoder(self._table.model, same, self._source)
        return self._by_id("bulk_update", encoder, rows)

    def save(self, records: Rows) -> Plan[M]:
        """Plan what saving records would write."""
        return self._by_id("bulk_save", SaveEncoder(self._table.model), records)

    def delete(self, records: Rows) -> Plan[M]:
        """Plan deletions by id."""
        encoder = DeleteEncoder(self._table.model, self._source)
        return self._by_id("bulk_delete", encoder, records)

    def _by_id(self, verb: str, encoder: Encoder[M], rows: Rows) -> Plan[M]:
        changes, refused = sort_out(encoder, self._collect(rows))
        there = [change for change in changes if change.record_id is not None]
        found = self._scan.find(there, PrefetchById().formula)
        for change in there:
            record = found.get(change.record_id or "")
            if record is None:
                reason = f"there is no record {change.record_id} in the table"
                refused.append(self._refused(change, reason))
                continue
            change.before, change.found = record["fields"], record
            if change.kind == "update":
                change.cells = changed_cells(
                    change.cells, change.before, self._target.type_of, loosely=self._typecast
                )
                change.kind = "update" if change.cells else "keep"
        missing = {row.index for row in refused}
        left = [change for change in changes if change.index not in missing]
        return self._plan(verb, left, refused)

    def upsert(self, rows: Rows, names: KeyNames) -> Plan[M]:
        """Plan changes by key: reads the records that have the keys of the rows."""
        key = Key.of(self._table.model, names)
        encoder = upsert_encoder(self._table.model, key, self._source)
        changes, refused = sort_out(encoder, self._collect(rows))
        look = PrefetchByKey(self._target, key, always=True)
        records = list((self._scan.find(changes, look.formula)).values())
        unclear = look.take(changes, records)
        for change in changes:
            if change.index in unclear:
                refused.append(self._refused(change, unclear[change.index].reason))
            elif change.kind == "upsert" and change.record_id is not None:
                change.kind = "update"
        clear = [change for change in changes if change.index not in unclear]
        return self._plan("bulk_upsert", clear, refused, key)

    def sync(
        self, rows: Rows, names: KeyNames, deleting: DeleteGuard, *, parallel: int = 1
    ) -> Plan[M]:
        """Plan what makes the table like the rows: reads the table once.

        Raises:
            DuplicateKeyError: Several records of the table have one key.
        """
        key = Key.of(self._table.model, names)
        encoder = UpsertEncoder(self._table.model, key, by_letter=True, source=self._source)
        changes, refused = sort_out(encoder, self._collect(rows))
        fields = None if self._keeps_all else self._columns
        records = self._scan.all(ListParameters(fields=fields), parallel=parallel)
        known, blank = by_key(key, records)
        compared = compare(self._target, changes, known)
        notes: list[str] = []
        refusal: str | None = None
        if deleting.missing:
            taken = len(changes) + len(refused)
            gone = missing_from(compared, known, taken)
            refusal = deleting.refusal(len(gone), len(records), taken)
            compared += gone
            if blank:
                notes.append(
                    f"{counted(blank, 'record has', 'records have')} no key, and nothing tells "
                    "whether they are among the rows: they are left alone."
                )
            if refused and gone:
                refusal = refusal or (
                    f"{counted(len(refused), 'row is', 'rows are')} not valid, so it is not known "
                    "which records are missing."
                )
        plan = self._plan("sync", compared, refused, key)
        return replace(plan, refusal=refusal, notes=tuple(notes))

    def update_where(self, selection: Selection, same: Mapping[str, Any]) -> Plan[M]:
        """Plan one change of all records that fit."""
        cells = UpdateEncoder(self._table.model, same).same
        records = self._scan.all(replace(selection, fields=None).parameters())
        changes: list[Change[M]] = []
        for index, record in enumerate(records):
            changed = changed_cells(
                cells, record["fields"], self._target.type_of, loosely=self._typecast
            )
            changes.append(
                Change(
                    "update" if changed else "keep",
                    index,
                    changed,
                    record_id=record["id"],
                    before=record["fields"],
                    found=record,
                )
            )
        return self._plan("update", changes, [])

    def delete_where(self, selection: Selection) -> Plan[M]:
        """Plan the deletion of all records that fit."""
        records = self._scan.all(replace(selection, fields=None).parameters())
        changes: list[Change[M]] = [
            Change("delete", index, record_id=record["id"], before=record["fields"])
            for index, record in enumerate(records)
        ]
        return self._plan("delete", changes, [])

    def _refused(self, change: Change[M], reason: str) -> Refused:
        error = RowError(reason, index=change.index, source=self._source, line=change.line)
        return Refused(change.index, error, change.source)

    def _plan(
        self,
        verb: str,
        changes: list[Change[M]],
        refused: list[Refused],
        key: Key | None = None,
    ) -> Plan[M]:
        return Plan(
            self._table.name,
            changes,
            label_columns=key.names if key is not None else self._columns[:1],
            refused=refused,
            spent=self._scan.spent,
            goal=self._table,
            verb=verb,
            key=key,
            typecast=self._typecast,
            source=self._path,
        )


def sync_rows(
    table: Bound[M],
    rows: Rows,
    key: KeyNames,
    deleting: DeleteGuard,
    writing: Writing,
    *,
    parallel: int = 1,
    source: Path | None = None,
) -> BulkResult[M]:
    """Make a table like some rows: plan it, and apply the plan at once.

    Args:
        table: The table.
        rows: The rows.
        key: What they are told by.
        deleting: What may be deleted.
        writing: The options of the call.
        parallel: How many page chains read the table at once.
        source: The file that the rows come from, if they come from one.

    Raises:
        DuplicateKeyError: Several records of the table have one key.
        DeletionRefusedError: More would be deleted than may be.
        BulkError: Rows are not valid, or not every row was written.
    """
    has_journal = table.airtable.connection.journal(writing.journal) is not None
    planning = Planning(
        table,
        typecast=writing.typecast,
        source=source,
        keeps_all=deleting.missing and (has_journal or writing.on_error == "rollback"),
        max_requests=writing.max_requests,
        on_event=writing.on_event,
    )
    plan = planning.sync(rows, key, deleting, parallel=parallel)
    plan.refuse_if_it_must_not_be(writing)
    return plan.write(writing, spent=plan.spent)
