# Generated from client/aio/query_writes.py by tools/sync_face.py: change that one instead.
"""``QueryWrites``: the verbs of a query that write: update and delete, and their plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar, Unpack

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.plans.planner import Select
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.links_by_name import CreateMissing, LinkBy
from airhaul.client.linked_lookups import LinkedLookups
from airhaul.client.options import OnEvent, Progress, WriteOptions, WriteSettings
from airhaul.client.selection import Selection
from airhaul.client.sync.bulk import Bulk, planner_of
from airhaul.client.sync.plan import Plan
from airhaul.client.sync.session import Bound, reader_of
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)


class QueryWrites(Generic[M]):
    """The verbs of a query that write.

    Args:
        table: The table.
        selection: Which records to write.
    """

    def __init__(self, table: Bound[M], selection: Selection) -> None:
        self._table = table
        self._selection = selection

    def update(
        self,
        *,
        on_error: OnError = "stop",
        progress: Progress = False,
        on_event: OnEvent | None = None,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        concurrency: int | None = None,
        max_requests: int | None = None,
        rejects: str | Path | None = None,
        journal: str | Path | bool | None = None,
        keep_rows: bool = False,
        **changes: Any,
    ) -> BulkResult[M]:
        """Update all records of the query in the same way.

        The records are read first, and only what differs is sent. ``keep_rows`` has no effect here:
        the journal always keeps the records of the query.

        Args:
            on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more and
                raises; ``"continue"`` writes every other row and reports the failures in the
                result; ``"rollback"`` undoes what this call has written and raises.
            progress: ``True`` for a progress bar, or a callable for (done, total, record) of each
                row written; total is None while it is not known.
            on_event: Called with each event of the call, in the caller's thread.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.
            concurrency: The most requests in flight; as configured for the connection if None.
            max_requests: The most requests to send; the rows that remain are not written. No limit
                if None.
            rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the reasons;
                it can be corrected and imported.
            journal: Whether to record the call in a journal, so that it can be resumed after a
                crash, or undone: True, False, or the journal's file; as configured for the
                connection if None.
            keep_rows: Whether to copy the rows of an iterable to the journal before the first
                request, so that the call can be resumed without them.
            **changes: Values by field name that every record gets.

        Returns:
            The records, in the order of the query, with the outcome of each.

        Raises:
            UnknownFieldError: ``changes`` names a field that the model does not have.
            RowError: A value of ``changes`` does not fit its field.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
        """
        writing = WriteSettings(
            on_error,
            progress,
            on_event,
            typecast,
            link_by,
            create_missing,
            concurrency,
            max_requests,
            rejects,
            journal,
            keep_rows,
        )
        planner = planner_of(
            self._table,
            typecast=typecast,
            link_by=link_by,
            create_missing=create_missing,
            max_requests=max_requests,
            on_event=on_event,
        )
        bulk = Bulk(self._table, writing, "update")
        return bulk.write_planned(planner.update_where(self._select(), changes))

    def delete(self, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Delete all records of the query.

        The records are read first. ``keep_rows`` has no effect here: the journal always keeps the
        records of the query.

        Args:
            **options: ``WriteOptions``, all optional:
                on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more
                    and raises; ``"continue"`` writes every other row and reports the failures in
                    the result; ``"rollback"`` undoes what this call has written and raises.
                progress: ``True`` for a progress bar, or a callable for (done, total, record) of
                    each row written; total is None while it is not known.
                on_event: Called with each event of the call, in the caller's thread.
                typecast: Let Airtable convert text, add missing choices, and link records by name.
                link_by: The field of the linked table by which to look up linked records, by field
                    of links, as in ``{"company": "Name"}``: cells of these may then hold names in
                    place of ids.
                create_missing: Whether to create the linked records for names that ``link_by`` does
                    not find; or the fields of links for which to do so.
                concurrency: The most requests in flight; as configured for the connection if None.
                max_requests: The most requests to send; the rows that remain are not written. No
                    limit if None.
                rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the
                    reasons; it can be corrected and imported.
                journal: Whether to record the call in a journal, so that it can be resumed after a
                    crash, or undone: True, False, or the journal's file; as configured for the
                    connection if None.
                keep_rows: Whether to copy the rows of an iterable to the journal before the first
                    request, so that the call can be resumed without them.

        Returns:
            The outcome of each record; ``deleted`` has the ids.

        Raises:
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
        """
        writing = WriteSettings.of(options)
        planner = planner_of(
            self._table, max_requests=writing.max_requests, on_event=writing.on_event
        )
        bulk = Bulk(self._table, writing, "delete")
        return bulk.write_planned(planner.delete_where(self._select(every_cell=True)))

    def plan_update(
        self,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        **changes: Any,
    ) -> Plan[M]:
        """Plan what ``update`` would write; the records are read.

        Args:
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.
            **changes: Values by field name that every record gets.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            UnknownFieldError: ``changes`` names a field that the model does not have.
            RowError: A value of ``changes`` does not fit its field.
        """
        planner = planner_of(
            self._table, typecast=typecast, link_by=link_by, create_missing=create_missing
        )
        return self._plan(planner.update_where(self._select(), changes))

    def plan_delete(self) -> Plan[M]:
        """Plan what ``delete`` would delete; the records are read.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.
        """
        planner = planner_of(self._table)
        return self._plan(planner.delete_where(self._select(every_cell=True)))

    def _plan(self, flow: Flow[Planned[M]]) -> Plan[M]:
        return Plan.of(self._table.airtable.follow(flow), self._table)

    def _select(self, *, every_cell: bool = False) -> Select:
        """Make what reads the records to write: all that may have to be restored.

        Args:
            every_cell: Whether also the cells of columns that the model does not have.
        """
        chosen = replace(self._selection, fields=None)

        def select(reader: TableReader) -> Flow[list[RecordJson]]:
            whole = yield from LinkedLookups(reader).answer(chosen)
            if whole.finds_nothing:
                return []
            asked = whole.parameters() if every_cell else whole.listed()
            return whole.arrange((yield from reader.all(asked)))

        return select

    def _answered(self) -> Selection:
        """Read which linked records meet the conditions on them; mostly there are none."""
        if not self._selection.through():
            return self._selection
        lookups = LinkedLookups(reader_of(self._table))
        return self._table.airtable.follow(lookups.answer(self._selection))
