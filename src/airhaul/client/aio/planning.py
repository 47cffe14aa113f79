"""``AsyncPlanning``: reads what has to be known, and makes a plan of each verb."""

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
from airhaul.client.aio.bound import AsyncBound
from airhaul.client.aio.plan import AsyncPlan
from airhaul.client.aio.scan import AsyncScan
from airhaul.client.inputs import AsyncRows, OnEvent, refuse_a_single_row
from airhaul.client.options import Writing
from airhaul.client.selection import Selection
from airhaul.drive import aio as drive
from airhaul.errors import RowError
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.wire.endpoints import ListParameters

M = TypeVar("M", bound=RecordBase)


class AsyncPlanning(Generic[M]):
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
        table: AsyncBound[M],
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
        self._scan = AsyncScan(table, max_requests, on_event)
        self._columns = tuple(columns_of(table.model).by_column)
        self._target = Target(table.airtable.base_id, table.name, table.model, typecast)

    async def create(self, rows: AsyncRows) -> AsyncPlan[M]:
        """Plan new records; nothing is read."""
        encoder = RowEncoder(self._table.model, self._source)
        changes, refused = sort_out(encoder, await self._collect(rows))
        return self._plan("bulk_create", changes, refused)

    async def _collect(self, rows: AsyncRows) -> list[object]:
        refuse_a_single_row(rows)
        return await drive.collect(rows)

    async def update(self, rows: AsyncRows, same: Mapping[str, Any]) -> AsyncPlan[M]:
        """Plan changes by id."""
        encoder = UpdateEncoder(self._table.model, same, self._source)
        return await self._by_id("bulk_update", encoder, rows)

    async def save(self, records: AsyncRows) -> AsyncPlan[M]:
        """Plan what saving records would write."""
        return await self._by_id("bulk_save", SaveEncoder(self._table.model), records)

    async def delete(self, records: AsyncRows) -> AsyncPlan[M]:
        """Plan deletions by id."""
        encoder = DeleteEncoder(self._table.model, self._source)
        return await self._by_id("bulk_delete", encoder, records)

    async def _by_id(self, verb: str, encoder: Encoder[M], rows: AsyncRows) -> AsyncPlan[M]:
        changes, refused = sort_out(encoder, await self._collect(rows))
        there = [change for change in changes if change.record_id is not None]
        found = await self._scan.find(there, PrefetchById().formula)
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

    async def upsert(self, rows: AsyncRows, names: KeyNames) -> AsyncPlan[M]:
        """Plan changes by key: reads the records that have the keys of the rows."""
        key = Key.of(self._table.model, names)
        encoder = upsert_encoder(self._table.model, key, self._source)
        changes, refused = sort_out(encoder, await self._collect(rows))
        look = PrefetchByKey(self._target, key, always=True)
        records = list((await self._scan.find(changes, look.formula)).values())
        unclear = look.take(changes, records)
        for change in changes:
            if change.index in unclear:
                refused.append(self._refused(change, unclear[change.index].reason))
            elif change.kind == "upsert" and change.record_id is not None:
                change.kind = "update"
        clear = [change for change in changes if change.index not in unclear]
        return self._plan("bulk_upsert", clear, refused, key)

    async def sync(
        self, rows: AsyncRows, names: KeyNames, deleting: DeleteGuard, *, parallel: int = 1
    ) -> AsyncPlan[M]:
        """Plan what makes the table like the rows: reads the table once.

        Raises:
            DuplicateKeyError: Several records of the table have one key.
        """
        key = Key.of(self._table.model, names)
        encoder = UpsertEncoder(self._table.model, key, by_letter=True, source=self._source)
        changes, refused = sort_out(encoder, await self._collect(rows))
        fields = None if self._keeps_all else self._columns
        records = await self._scan.all(ListParameters(fields=fields), parallel=parallel)
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

    async def update_where(self, selection: Selection, same: Mapping[str, Any]) -> AsyncPlan[M]:
        """Plan one change of all records that fit."""
        cells = UpdateEncoder(self._table.model, same).same
        records = await self._scan.all(replace(selection, fields=None).parameters())
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

    async def delete_where(self, selection: Selection) -> AsyncPlan[M]:
        """Plan the deletion of all records that fit."""
        records = await self._scan.all(replace(selection, fields=None).parameters())
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
    ) -> AsyncPlan[M]:
        return AsyncPlan(
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


async def sync_rows(
    table: AsyncBound[M],
    rows: AsyncRows,
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
    planning = AsyncPlanning(
        table,
        typecast=writing.typecast,
        source=source,
        keeps_all=deleting.missing and (has_journal or writing.on_error == "rollback"),
        max_requests=writing.max_requests,
        on_event=writing.on_event,
    )
    plan = await planning.sync(rows, key, deleting, parallel=parallel)
    plan.refuse_if_it_must_not_be(writing)
    return await plan.write(writing, spent=plan.spent)
