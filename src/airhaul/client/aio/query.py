"""``AsyncQuery``: a selection of records, lazy until a verb is called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar, Unpack

from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.events import PageRead
from airhaul.bulk.reads.pages import ReadPages
from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult
from airhaul.client.aio.bound import AsyncBound
from airhaul.client.aio.plan import AsyncPlan
from airhaul.client.aio.planning import AsyncPlanning
from airhaul.client.aio.scan import AsyncScan
from airhaul.client.inputs import Condition, OnEvent, Progress, SortKey
from airhaul.client.options import WriteOptions, Writing
from airhaul.client.selection import Selection
from airhaul.drive import aio as drive
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.read import Reader, values_as_stored
from airhaul.tabular import Format, open_writer
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)


class AsyncQuery(Generic[M]):
    """A selection of a table's records; each method returns a new one, and verbs send requests.

    Args:
        table: The table.
        selection: What to read.
    """

    def __init__(self, table: AsyncBound[M], selection: Selection) -> None:
        self._table = table
        self._selection = selection

    def __repr__(self) -> str:
        """What is selected, in Airtable's words; nothing is sent for it."""
        return f"<{type(self).__name__} of {self._table.name}: {self._selection}>"

    def where(self, *conditions: Condition, **lookups: Any) -> AsyncQuery[M]:
        """Add conditions; all of them hold.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
        """
        return AsyncQuery(self._table, self._selection.where(conditions, lookups))

    def order_by(self, *keys: SortKey) -> AsyncQuery[M]:
        """Sort by fields, the first the most significant; ``"-age"`` is descending."""
        return self._with(sort=keys)

    def limit(self, count: int) -> AsyncQuery[M]:
        """Read at most so many records."""
        return self._with(max_records=count)

    def only(self, *fields: str) -> AsyncQuery[M]:
        """Read these fields only; the others count as not fetched and are never written."""
        return self._with(fields=fields)

    def view(self, name: str) -> AsyncQuery[M]:
        """Read a view's records only, in the view's order."""
        return self._with(view=name)

    async def all(self, *, parallel: int = 1) -> list[M]:
        """Read them all.

        Args:
            parallel: How many page chains read at once, for links over which one cannot fill five
                requests a second; with more than one the records come in no order.

        Raises:
            ConfigurationError: An order or a limit is asked for, which several chains cannot keep.
        """
        records: list[M] = []
        await self._read(records.extend, parallel)
        return records

    async def iterate(self) -> AsyncIterator[M]:
        """Read them page by page, 100 a request, without holding more than a page."""
        reader = self._reader()
        async for page in self._pages():
            for record in reader.read_page(page):
                yield record

    async def first(self) -> M | None:
        """Read the first, or None; one request for one record."""
        query = self._with(max_records=1, page_size=1)
        found = [record async for record in query.iterate()]
        return found[0] if found else None

    async def exists(self) -> bool:
        """Whether there is any; one request."""
        query = self._counting()._with(max_records=1, page_size=1)
        return sum([len(page) async for page in query._pages()]) > 0

    async def count(self) -> int:
        """How many there are; reads them all, with one field each."""
        return sum([len(page) async for page in self._counting()._pages()])

    async def update(
        self,
        *,
        on_error: OnError = "stop",
        progress: Progress = False,
        on_event: OnEvent | None = None,
        typecast: bool = False,
        concurrency: int | None = None,
        max_requests: int | None = None,
        rejects: str | Path | None = None,
        journal: str | Path | bool | None = None,
        keep_rows: bool = False,
        **changes: Any,
    ) -> BulkResult[M]:
        """Change them all in the same way; reads them, and sends only what differs.

        Args:
            on_error: As ``WriteOptions`` says, like the options that follow.
            progress: A bar, or a callable.
            on_event: Called with each event.
            typecast: Let Airtable convert text.
            concurrency: How many requests may be in flight.
            max_requests: Send at most so many requests.
            rejects: A file for the records that are refused.
            journal: Whether the call is written down.
            keep_rows: Of no effect: the journal always keeps what was selected.
            **changes: Values by field name.

        Returns:
            The records, in the order of the selection, and the outcome of each.

        Raises:
            BulkError: A record was not changed; its ``result`` says what became of each.
        """
        writing = Writing(
            on_error,
            progress,
            on_event,
            typecast,
            concurrency,
            max_requests,
            rejects,
            journal,
            keep_rows,
        )
        planning = AsyncPlanning(
            self._table, typecast=typecast, max_requests=max_requests, on_event=on_event
        )
        plan = await planning.update_where(self._selection, changes)
        return await plan.write(writing, spent=plan.spent)

    async def delete(self, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Delete them all; reads them first.

        Args:
            **options: As in ``Table.bulk_create``.

        Returns:
            The outcome of each; ``deleted`` has the ids.

        Raises:
            BulkError: A record was not deleted; its ``result`` says what became of each.
        """
        writing = Writing.of(options)
        planning = AsyncPlanning(
            self._table, max_requests=writing.max_requests, on_event=writing.on_event
        )
        plan = await planning.delete_where(self._selection)
        return await plan.write(writing, spent=plan.spent)

    async def plan_update(self, *, typecast: bool = False, **changes: Any) -> AsyncPlan[M]:
        """Say what ``update`` would write; the records are read."""
        planning = AsyncPlanning(self._table, typecast=typecast)
        return await planning.update_where(self._selection, changes)

    async def plan_delete(self) -> AsyncPlan[M]:
        """Say what ``delete`` would delete; the records are read."""
        return await AsyncPlanning(self._table).delete_where(self._selection)

    async def export_file(
        self, path: str | Path, format: Format | None = None, *, parallel: int = 1
    ) -> int:
        """Write them to a file; it appears whole, or not at all.

        Columns are in the order of the model, or after ``only`` in the order that it names.

        Args:
            path: The file.
            format: ``"csv"``, ``"tsv"``, ``"json"`` or ``"jsonl"``; told from the suffix if None.
            parallel: As in ``all``.

        Returns:
            How many records it holds.

        Raises:
            FileFormatError: The suffix tells no format.
        """
        fetched = self._selection.fetched()
        known = columns_of(self._table.model)
        columns = (
            list(known.by_name.values())
            if fetched is None
            else [known.by_column[name] for name in dict.fromkeys(fetched)]
        )
        count = 0
        with open_writer(path, [column.column for column in columns], format) as writer:

            def write(records: list[M]) -> None:
                nonlocal count
                for record in records:
                    values = values_as_stored(record)
                    writer.write({column.column: values.get(column.name) for column in columns})
                count += len(records)

            await self._read(write, parallel)
        return count

    async def _read(self, take: Callable[[list[M]], object], parallel: int) -> None:
        """Hand over the records of each page, of one chain or several at once."""
        reader = self._reader()
        if parallel == 1:
            async for page in self._pages():
                take(reader.read_page(page))
            return
        self._selection.refuse_order()

        def take_page(page: Sequence[RecordJson]) -> None:
            take(reader.read_page(page))

        scan = AsyncScan(self._table)
        await scan.read(self._selection.parameters(), take_page, parallel=parallel)

    def _reader(self) -> Reader[M]:
        return Reader(
            self._table.model,
            self._selection.fetched(),
            self._selection.on_invalid,
            origin=self._table.airtable.origin,
        )

    async def _pages(self) -> AsyncIterator[Sequence[RecordJson]]:
        airtable = self._table.airtable
        lane = airtable.lane()
        work = ReadPages(airtable.base_id, self._table.name, self._selection.parameters())
        job = Engine(
            work,
            lane.pace,
            concurrency=1,
            retries=airtable.config.retries,
            known_base=lane.known_base,
            budget=lane.budget,
        )
        async for event in drive.stream(job, lane):
            if isinstance(event, PageRead):
                yield event.records
        _ = job.result  # raises what ended the list early

    def _counting(self) -> AsyncQuery[M]:
        """The same records with as little as possible of each."""
        columns = columns_of(self._table.model).by_column
        return self._with(fields=tuple(columns)[:1] or None)

    def _with(self, **changes: Any) -> AsyncQuery[M]:
        return AsyncQuery(self._table, replace(self._selection, **changes))
